// The parts of a URL that one connects to.
#pragma once

#include <string>

namespace resources {

struct Endpoint {
    bool tls = false;
    std::string host{};  // An IPv6 address in its brackets.
    int port = 0;        // The scheme's own where the URL has none.
    std::string path{};  // With its slash; empty: the URL has none.
};

Endpoint endpoint_of(const std::string& url);

}  // namespace resources
