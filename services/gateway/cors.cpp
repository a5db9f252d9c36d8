// Origins and what they may do.
#include "gateway/cors.h"

#include <algorithm>
#include <stdexcept>

namespace gateway {

Cors::Cors(std::string_view origins) {
    for (std::string_view rest = origins; !rest.empty();) {
        const std::size_t comma = rest.find(',');
        std::string_view origin = rest.substr(0, comma);
        rest = comma == rest.npos ? std::string_view{} : rest.substr(comma + 1);
        while (origin.starts_with(' ')) origin.remove_prefix(1);
        while (origin.ends_with(' ')) origin.remove_suffix(1);
        if (origin == "*") {
            any_ = true;
            continue;
        }
        const std::size_t scheme = origin.find("://");
        const bool web = origin.starts_with("http://") || origin.starts_with("https://");
        if (!web || origin.size() == scheme + 3 || origin.find_first_of("/ *\t\r\n", scheme + 3) != origin.npos) {
            throw std::invalid_argument("CORS_ORIGINS: \"" + std::string(origin) +
                                        "\" is no origin such as https://shop.example");
        }
        origins_.emplace_back(origin);
    }
}

bool Cors::allows(std::string_view origin) const {
    return any_ || std::find(origins_.begin(), origins_.end(), origin) != origins_.end();
}

void Cors::admit(const http::Request& request, http::Response& response) const {
    if (!active()) return;
    if (!any_) response.headers.emplace_back("Vary", "Origin");
    const auto origin = http::find(request.headers, "Origin");
    if (!origin || !allows(*origin)) return;
    response.headers.emplace_back("Access-Control-Allow-Origin", any_ ? "*" : std::string(*origin));
    response.headers.emplace_back("Access-Control-Expose-Headers", "ETag, Location, Retry-After, X-Request-Id");
}

http::Response Cors::preflight(const http::Request& request, const std::string& methods) const {
    http::Response response;
    response.status = 204;
    const auto origin = http::find(request.headers, "Origin");
    if (!any_) response.headers.emplace_back("Vary", "Origin");
    if (!origin || !allows(*origin)) return response;
    response.headers.emplace_back("Access-Control-Allow-Origin", any_ ? "*" : std::string(*origin));
    response.headers.emplace_back("Access-Control-Allow-Methods", methods);
    response.headers.emplace_back("Access-Control-Allow-Headers",
                                  "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, X-Request-Id");
    response.headers.emplace_back("Access-Control-Max-Age", "600");
    return response;
}

}  // namespace gateway
