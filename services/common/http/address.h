// Where a server listens: an IP address and a port.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace http {

struct Address {
    std::string host;        // IPv4 or IPv6 without brackets; empty: every address of the machine.
    std::uint16_t port = 0;  // 0: any free one.

    friend bool operator==(const Address&, const Address&) = default;
};

std::string to_string(const Address& address);  // "0.0.0.0:8080", "[::1]:8080", ":8080"

// Reads what to_string writes. Throws std::invalid_argument, which quotes the text and says what is wrong with it. Names are not
// looked up.
Address address_from(std::string_view text);

}  // namespace http
