// Which pages of other origins may use the API from a browser (CORS_ORIGINS), by the Fetch standard.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/http/message.h"

namespace gateway {

class Cors {
public:
    // "https://shop.example,https://admin.example", or "*"; empty: none. Throws std::invalid_argument that quotes what is wrong.
    explicit Cors(std::string_view origins);

    bool active() const { return any_ || !origins_.empty(); }
    // Adds what a browser needs to let its page see the response. Tokens travel in headers, so credentials are never allowed.
    void admit(const http::Request& request, http::Response& response) const;
    // The answer to a preflight for a path with these methods: "GET, PUT"
    http::Response preflight(const http::Request& request, const std::string& methods) const;

private:
    bool allows(std::string_view origin) const;

    bool any_ = false;
    std::vector<std::string> origins_;
};

}  // namespace gateway
