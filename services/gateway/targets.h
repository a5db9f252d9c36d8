// Where the processes of an upstream service are: one address, or several with shares of the traffic (a canary).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gateway {

struct Target {
    std::string host;  // A name or an IP address, without brackets.
    std::uint16_t port = 80;
    unsigned weight = 1;  // 0: gets nothing, but is known.

    std::string authority() const;  // For the Host header: "shop-catalog", "[::1]:8080"
    friend bool operator==(const Target&, const Target&) = default;
};

// Of "http://shop-catalog" or "http://shop-catalog=90,http://shop-catalog-canary=10". Throws std::invalid_argument that quotes
// what is wrong: another scheme, a path, a weight over 10000, no weight above zero.
std::vector<Target> targets_from(std::string_view text);

// The index of a target, with a chance by its weight; `random` is in [0, 1). `avoid` is not chosen while there is another with a
// weight (the one that failed just now); its size or more avoids none.
std::size_t choose(const std::vector<Target>& targets, double random, std::size_t avoid);

}  // namespace gateway
