// The parts of a URL that one connects to.
#pragma once

#include <string>

namespace resources {

struct Endpoint {
    bool tls = false;
    std::string host{};
    int port = 0;
    std::string path{};  // With its slash; empty: the URL has none.
};

// Of a URL in a valid spec, which has scheme, host, port and at most a path (is_endpoint() in api/rules.cpp).
Endpoint endpoint_of(const std::string& url);

}  // namespace resources
