#include "api/cidr.h"

#include <arpa/inet.h>

#include <array>
#include <string>

namespace api {

bool is_network(std::string_view text) {
    const std::size_t slash = text.find('/');
    if (slash == std::string_view::npos || text.find('\0') != std::string_view::npos) return false;
    const std::string address(text.substr(0, slash));
    const std::string_view digits = text.substr(slash + 1);
    const bool is_number = !digits.empty() && digits.size() <= 3 &&
                           digits.find_first_not_of("0123456789") == std::string_view::npos &&
                           (digits.size() == 1 || digits.front() != '0');
    if (!is_number) return false;
    const std::size_t prefix = static_cast<std::size_t>(std::stoi(std::string(digits)));

    const int family = address.find(':') == std::string::npos ? AF_INET : AF_INET6;
    std::array<unsigned char, 16> bytes{};
    if (inet_pton(family, address.c_str(), bytes.data()) != 1) return false;
    if (family == AF_INET6 && address.find('.') != std::string::npos) return false;  // An IPv4 address in disguise.
    const std::size_t bits = family == AF_INET ? 32 : 128;
    if (prefix > bits) return false;
    for (std::size_t bit = prefix; bit < bits; ++bit) {
        if ((bytes.at(bit / 8) >> (7 - bit % 8)) & 1) return false;
    }
    return true;
}

}  // namespace api
