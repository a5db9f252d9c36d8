// Reads and writes addresses to listen on.
#include "common/http/address.h"

#include <arpa/inet.h>

#include <array>
#include <charconv>
#include <stdexcept>

namespace http {
namespace {

[[noreturn]] void refuse(std::string_view text, const std::string& why) {
    throw std::invalid_argument("listen address \"" + std::string(text) + "\": " + why);
}

bool is_ip(int family, const std::string& host) {
    std::array<unsigned char, sizeof(in6_addr)> bytes{};
    return inet_pton(family, host.c_str(), bytes.data()) == 1;
}

}  // namespace

std::string to_string(const Address& address) {
    const bool v6 = address.host.find(':') != std::string::npos;
    return (v6 ? "[" + address.host + "]" : address.host) + ":" + std::to_string(address.port);
}

Address address_from(std::string_view text) {
    const std::size_t colon = text.rfind(':');
    if (colon == text.npos || text.ends_with(']'))
        refuse(text, "has no port; expected HOST:PORT such as :8080 or 127.0.0.1:8080");

    Address address;
    const std::string_view port = text.substr(colon + 1);
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), address.port);
    if (port.empty() || error != std::errc{} || end != port.data() + port.size()) {
        refuse(text, "port \"" + std::string(port) + "\" is not a number from 0 to 65535");
    }

    std::string_view host = text.substr(0, colon);
    const bool bracketed = host.starts_with('[') && host.ends_with(']');
    if (bracketed) host = host.substr(1, host.size() - 2);
    address.host = host;
    if (!bracketed && host.find(':') != host.npos) refuse(text, "an IPv6 address needs brackets, as in [::1]:8080");
    if (bracketed ? !is_ip(AF_INET6, address.host) : !host.empty() && !is_ip(AF_INET, address.host)) {
        refuse(text, "host \"" + address.host + "\" is not an IP address; leave it empty to listen on all of them");
    }
    return address;
}

}  // namespace http
