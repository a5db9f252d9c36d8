#include "resources/endpoint.h"

#include <algorithm>
#include <charconv>

namespace resources {

Endpoint endpoint_of(const std::string& url) {
    const std::size_t host = url.find("://") + 3;
    const std::size_t colon = url.find(':', host);
    const std::size_t path = std::min(url.find('/', colon), url.size());
    Endpoint endpoint{.tls = url.starts_with("https:"), .host = url.substr(host, colon - host)};
    std::from_chars(url.data() + colon + 1, url.data() + path, endpoint.port);
    endpoint.path = url.substr(path);
    return endpoint;
}

}  // namespace resources
