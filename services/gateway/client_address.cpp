// Addresses and networks.
#include "gateway/client_address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <stdexcept>

namespace gateway {

namespace {

using Bytes = std::array<unsigned char, 16>;
constexpr std::string_view kMapped = "::ffff:";

std::optional<Bytes> bytes_of(std::string_view text) {
    const std::string address(text);
    Bytes bytes{};
    if (inet_pton(AF_INET6, address.c_str(), bytes.data()) == 1) return bytes;
    bytes[10] = bytes[11] = 0xFF;
    if (inet_pton(AF_INET, address.c_str(), bytes.data() + 12) == 1) return bytes;
    return {};
}

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

std::string plain(std::string_view address) {
    if (address.starts_with(kMapped) && address.find('.') != address.npos) address.remove_prefix(kMapped.size());
    return std::string(address);
}

}  // namespace

Networks Networks::from(std::string_view text) {
    Networks result;
    for (std::string_view rest = text; !rest.empty();) {
        const std::size_t comma = rest.find(',');
        const std::string_view part = trimmed(rest.substr(0, comma));
        rest = comma == rest.npos ? std::string_view{} : rest.substr(comma + 1);
        const std::size_t slash = part.find('/');
        const std::optional<Bytes> bytes = bytes_of(part.substr(0, slash));
        const bool v4 = bytes && part.find(':') == part.npos;
        unsigned bits = v4 ? 32 : 128;
        bool good = bytes.has_value();
        if (good && slash != part.npos) {
            const std::string_view digits = part.substr(slash + 1);
            const unsigned most = bits;
            const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
            good = !digits.empty() && error == std::errc{} && end == digits.data() + digits.size() && bits <= most;
        }
        if (!good) throw std::invalid_argument("\"" + std::string(part) + "\" is no network such as 10.0.0.0/8");
        result.networks_.push_back({*bytes, v4 ? bits + 96 : bits});
    }
    return result;
}

bool Networks::contains(std::string_view address) const {
    if (networks_.empty()) return false;
    const std::optional<Bytes> bytes = bytes_of(address);
    return bytes && std::any_of(networks_.begin(), networks_.end(), [&](const Network& network) {
               const unsigned whole = network.bits / 8;
               const unsigned mask = 0xFF00U >> (network.bits % 8) & 0xFFU;  // Of the byte after those that count whole.
               if (!std::equal(bytes->begin(), bytes->begin() + whole, network.bytes.begin())) return false;
               return mask == 0 || (((*bytes)[whole] ^ network.bytes[whole]) & mask) == 0;
           });
}

bool is_loopback(std::string_view address) {
    static const Networks loopback = Networks::from("127.0.0.0/8,::1");
    return loopback.contains(address);
}

std::string client_address(std::string_view peer, std::string_view forwarded_for, const Networks& trusted) {
    std::string_view address = peer;
    std::string_view rest = forwarded_for;
    while (!rest.empty() && trusted.contains(address)) {
        const std::size_t comma = rest.rfind(',');
        const std::string_view before = trimmed(comma == rest.npos ? rest : rest.substr(comma + 1));
        if (!bytes_of(before)) break;
        address = before;
        rest = comma == rest.npos ? std::string_view{} : rest.substr(0, comma);
    }
    return plain(address);
}

}  // namespace gateway
