// Networks in CIDR notation.
#pragma once

#include <string_view>

namespace api {

// Whether the text is an IPv4 or IPv6 network without bits set behind its prefix: "203.0.113.0/24", "2001:db8::/32".
bool is_network(std::string_view text);

}  // namespace api
