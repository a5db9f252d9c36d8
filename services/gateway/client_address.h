// Who a request comes from, where proxies stand between that are trusted to say so.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gateway {

// Networks such as "10.0.0.0/8,::1"; of TRUSTED_PROXIES.
class Networks {
public:
    Networks() = default;
    static Networks from(std::string_view text);  // Throws std::invalid_argument that quotes what is wrong.
    bool contains(std::string_view address) const;

private:
    struct Network {
        std::array<unsigned char, 16> bytes;  // IPv4 as mapped into IPv6.
        unsigned bits;
    };
    std::vector<Network> networks_;
};

bool is_loopback(std::string_view address);

// The last address of X-Forwarded-For (read from the right) that is no trusted proxy's, if the peer is one; else the peer. What
// stands to the left of that was written by the client and is not believed. IPv4 in IPv6 is written as IPv4.
std::string client_address(std::string_view peer, std::string_view forwarded_for, const Networks& trusted);

}  // namespace gateway
