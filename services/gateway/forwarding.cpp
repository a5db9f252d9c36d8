// Fields that go on.
#include "gateway/forwarding.h"

#include <algorithm>
#include <array>

namespace gateway {

namespace {

constexpr std::array<std::string_view, 10> kForwarded{"accept",          "accept-language", "cache-control", "content-type",
                                                      "idempotency-key", "if-match",        "if-none-match", "prefer",
                                                      "user-agent",      "tracestate"};
constexpr std::array<std::string_view, 2> kToIdentity{"authorization", "cookie"};
// Of the connection (RFC 9110, 7.6.1), of the message's framing, and what the gateway writes itself.
constexpr std::array<std::string_view, 17> kNotToClient{
    "connection", "keep-alive",     "proxy-connection",  "proxy-authenticate", "te",          "trailer",
    "upgrade",    "content-length", "transfer-encoding", "content-type",       "date",        "server",
    "x-user-id",  "x-request-id",   "x-deadline-ms",     "traceparent",        "x-powered-by"};

bool same(std::string_view lower, std::string_view name) {
    return std::equal(lower.begin(), lower.end(), name.begin(), name.end(),
                      [](char a, char b) { return a == (b >= 'A' && b <= 'Z' ? static_cast<char>(b - 'A' + 'a') : b); });
}

template <std::size_t N>
bool is_among(const std::array<std::string_view, N>& names, std::string_view name) {
    return std::any_of(names.begin(), names.end(), [name](std::string_view each) { return same(each, name); });
}

void add(std::string& head, std::string_view name, std::string_view value) {
    if (value.empty()) return;
    head.append(name).append(": ").append(value).append("\r\n");
}

bool may_have_body(std::string_view method) {
    return method == "POST" || method == "PUT" || method == "PATCH";
}

}  // namespace

std::string upstream_request(const http::Request& request, const Passed& passed) {
    std::string text;
    text.reserve(768 + request.body.size());  // Most heads are shorter.
    text.append(request.method == "HEAD" ? "GET" : request.method).append(" ").append(passed.path).append(" HTTP/1.1\r\n");
    add(text, "Host", passed.authority);
    for (const auto& [name, value] : request.headers) {
        if (is_among(kForwarded, name) || (passed.to_identity && is_among(kToIdentity, name))) add(text, name, value);
    }
    add(text, "X-User-Id", passed.user);
    add(text, "X-Request-Id", passed.request_id);
    add(text, "traceparent", passed.traceparent);
    add(text, "X-Deadline-Ms", std::to_string(passed.deadline.count()));
    add(text, "X-Forwarded-For", passed.client);
    const bool v6 = passed.client.find(':') != std::string::npos;
    add(text, "Forwarded", passed.client.empty() ? "" : v6 ? "for=\"[" + passed.client + "]\"" : "for=" + passed.client);
    if (!request.body.empty() || may_have_body(request.method)) add(text, "Content-Length", std::to_string(request.body.size()));
    text.append("\r\n").append(request.body);
    return text;
}

bool passes_to_client(std::string_view name) {
    return !name.empty() && !is_among(kNotToClient, name);
}

std::string_view bearer(std::string_view authorization) {
    constexpr std::string_view kScheme = "bearer ";
    if (authorization.size() <= kScheme.size()) return {};
    for (std::size_t i = 0; i < kScheme.size(); ++i) {
        const char c = authorization[i];
        if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c) != kScheme[i]) return {};
    }
    authorization.remove_prefix(kScheme.size());
    while (authorization.starts_with(' ')) authorization.remove_prefix(1);
    return authorization;
}

}  // namespace gateway
