#include "client/url.h"

#include <arpa/inet.h>

#include <algorithm>
#include <stdexcept>

namespace client {

namespace {

bool is_loopback(const std::string& host) {
    in_addr v4{};
    if (inet_pton(AF_INET, host.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
    return host == "::1" || host == "localhost";
}

bool is_port(const std::string& port) {
    const bool digits =
        !port.empty() && port.size() <= 5 && std::ranges::all_of(port, [](char c) { return c >= '0' && c <= '9'; });
    return digits && std::stoi(port) >= 1 && std::stoi(port) <= 65535;
}

// What a host name or IP address consists of, a zone of a link-local address included.
bool is_host(const std::string& host) {
    const auto allowed = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               std::string_view("-._:%").find(c) != std::string_view::npos;
    };
    return !host.empty() && host.size() <= 253 && std::ranges::all_of(host, allowed);
}

}  // namespace

ServerUrl parse_url(std::string_view url) {
    ServerUrl server;
    if (url.starts_with("https://")) {
        url.remove_prefix(8);
    } else if (url.starts_with("http://")) {
        url.remove_prefix(7);
        server.tls = false;
    } else {
        throw std::invalid_argument("must begin with https://");
    }
    for (const char c : url) {
        if (c <= ' ' || c > '~') throw std::invalid_argument("contains a character that a URL can't have");
    }
    const std::size_t slash = url.find('/');
    const std::string_view authority = url.substr(0, slash);
    if (slash != std::string_view::npos) server.base_path = std::string(url.substr(slash));
    while (server.base_path.ends_with('/')) server.base_path.pop_back();
    if (url.find_first_of("?#") != std::string_view::npos) throw std::invalid_argument("must have no query and no fragment");
    if (authority.find('@') != std::string_view::npos) throw std::invalid_argument("must have no user name and password");

    std::string_view rest;
    if (authority.starts_with('[')) {
        const std::size_t end = authority.find(']');
        if (end == std::string_view::npos) throw std::invalid_argument("has '[' without ']'");
        server.host = std::string(authority.substr(1, end - 1));
        rest = authority.substr(end + 1);
        in6_addr v6{};
        const std::string address = server.host.substr(0, server.host.find('%'));
        if (inet_pton(AF_INET6, address.c_str(), &v6) != 1)
            throw std::invalid_argument("has no IPv6 address between the brackets");
    } else {
        const std::size_t colon = authority.find(':');
        server.host = std::string(authority.substr(0, colon));
        if (colon != std::string_view::npos) rest = authority.substr(colon);
        if (rest.find(':', 1) != std::string_view::npos) throw std::invalid_argument("has an IPv6 address without brackets");
    }
    if (!is_host(server.host)) throw std::invalid_argument("has no valid host");
    server.port = server.tls ? "443" : "80";
    if (!rest.empty()) {
        server.port = std::string(rest.substr(1));
        if (rest.front() != ':' || !is_port(server.port)) throw std::invalid_argument("has no valid port");
    }
    return server;
}

ServerUrl parse_server_url(std::string_view url) {
    ServerUrl server = parse_url(url);
    if (!server.tls && !is_loopback(server.host)) {
        throw std::invalid_argument("http:// is allowed to a loopback address only; use https://");
    }
    return server;
}

bool is_ip_address(const std::string& host) {
    in_addr v4{};
    in6_addr v6{};
    return inet_pton(AF_INET, host.c_str(), &v4) == 1 || inet_pton(AF_INET6, host.substr(0, host.find('%')).c_str(), &v6) == 1;
}

std::string host_header(const std::string& host, const std::string& port, bool tls) {
    const bool bracketed = host.find(':') != std::string::npos;
    const std::string name = host.substr(0, host.find('%'));  // A zone means nothing to the other side.
    const std::string text = bracketed ? "[" + name + "]" : name;
    return port == (tls ? "443" : "80") ? text : text + ":" + port;
}

std::string percent_encode(std::string_view text) {
    static constexpr std::string_view kHex = "0123456789ABCDEF";
    std::string encoded;
    encoded.reserve(text.size());
    for (const char c : text) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
                           c == '_' || c == '~';
        if (plain) {
            encoded += c;
        } else {
            const auto byte = static_cast<unsigned char>(c);
            encoded += '%';
            encoded += kHex[byte >> 4];
            encoded += kHex[byte & 15];
        }
    }
    return encoded;
}

Target& Target::segment(std::string_view name) {
    if (!name.empty()) text_ += "/" + percent_encode(name);
    return *this;
}

Target& Target::query(std::string_view name, std::string_view value) {
    if (value.empty()) return *this;
    text_ += separator_ + percent_encode(name) + "=" + percent_encode(value);
    separator_ = '&';
    return *this;
}

}  // namespace client
