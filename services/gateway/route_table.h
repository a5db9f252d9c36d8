// What may be reached from outside, and who may: the only routes there are.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace gateway {

enum class Access {
    Public,  // A token is not looked at.
    Known,   // Without a token too; one that is there must be good, and says who asks.
    User,    // A good token.
};

struct PublicRoute {
    std::string_view method;
    std::string_view path;      // As http::Router takes it.
    std::string_view upstream;  // "catalog": of CATALOG_URL.
    Access access;
    bool guessing = false;  // Passwords and tokens can be tried here: the stricter limit by address holds.
};

const std::vector<PublicRoute>& public_routes();

// A path that fits the template, put together anew from its parameters: nothing of what the client wrote reaches the upstream but
// what a type of parameter allows.
std::string upstream_path(std::string_view path_template, const std::map<std::string, std::string, std::less<>>& parameters);

// Whether a request may be sent twice: its method says so (RFC 9110, 9.2.2), or it names itself by a key.
bool is_repeatable(std::string_view method, bool has_idempotency_key);

}  // namespace gateway
