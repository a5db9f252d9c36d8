#include "resources/endpoint.h"

#include <charconv>

namespace resources {

Endpoint endpoint_of(const std::string& url) {
    const std::size_t scheme = url.find("://");
    const std::size_t begin = scheme == std::string::npos ? 0 : scheme + 3;
    const std::size_t end = url.find_first_of("/?#", begin);
    Endpoint endpoint;
    endpoint.tls = url.starts_with("https:");
    endpoint.port = endpoint.tls ? 443 : 80;
    endpoint.host = url.substr(begin, end - begin);
    endpoint.host.erase(0, endpoint.host.rfind('@') + 1);  // Nothing where there is no user: npos + 1 is 0.
    if (end != std::string::npos && url[end] == '/') endpoint.path = url.substr(end, url.find_first_of("?#", end) - end);
    const std::size_t colon = endpoint.host.rfind(':');
    if (colon != std::string::npos && endpoint.host.find(']', colon) == std::string::npos) {
        std::from_chars(endpoint.host.data() + colon + 1, endpoint.host.data() + endpoint.host.size(), endpoint.port);
        endpoint.host.resize(colon);
    }
    return endpoint;
}

}  // namespace resources
