// The server's URL taken apart, and request targets put together.
#pragma once

#include <string>
#include <string_view>

namespace client {

struct ServerUrl {
    std::string host;  // Without the brackets of an IPv6 address.
    std::string port;
    std::string base_path;  // Without the last slash; mostly empty.
    bool tls = true;
};

// Throws std::invalid_argument that says what is wrong.
ServerUrl parse_url(std::string_view url);

// The API server's: http:// is for loopback addresses alone.
ServerUrl parse_server_url(std::string_view url);

bool is_ip_address(const std::string& host);

// "shop", "[::1]:6443": the Host header; without the port where it is the scheme's own.
std::string host_header(const std::string& host, const std::string& port, bool tls);

// Everything but RFC 3986's unreserved characters becomes %XX.
std::string percent_encode(std::string_view text);

// A path with a query, built up parameter by parameter.
class Target {
public:
    explicit Target(std::string path) : text_(std::move(path)) {}
    Target& segment(std::string_view name);                        // Nothing where the name is empty.
    Target& query(std::string_view name, std::string_view value);  // Nothing where the value is empty.
    const std::string& text() const { return text_; }

private:
    std::string text_;
    char separator_ = '?';
};

}  // namespace client
