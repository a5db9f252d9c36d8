// The header fields that a client or a proxy before the gateway writes, a line each: addresses, origins, trace contexts, tokens.
// What is believed was allowed to be, and nothing can end a line of what is sent on.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

#include "common/base/trace.h"
#include "common/http/request_rules.h"
#include "gateway/client_address.h"
#include "gateway/cors.h"
#include "gateway/forwarding.h"
#include "holds.h"
#include "user/account_rules.h"

namespace {

// Takes the text's first line off it. As the server hands fields on: neither line breaks nor NUL within, nor blanks around.
std::string line_of(std::string_view& text) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    std::string field(line);
    std::erase_if(field, [](char c) { return c == '\r' || c == '\0'; });
    field.erase(field.find_last_not_of(" \t") + 1);
    return field.erase(0, field.find_first_not_of(" \t"));
}

gateway::Networks networks_from(const std::string& text) {
    try {
        return gateway::Networks::from(text);
    } catch (const std::invalid_argument&) {
        return gateway::Networks::from("10.0.0.0/8,2001:db8::/32,::1");
    }
}

gateway::Cors cors_from(const std::string& text) {
    try {
        return gateway::Cors(text);
    } catch (const std::invalid_argument&) {
        return gateway::Cors("https://shop.example,https://admin.example:8443");
    }
}

std::string read_addresses(const std::string& trusted, const std::string& peer, const std::string& forwarded) {
    const gateway::Networks networks = networks_from(trusted);
    std::string client = gateway::client_address(peer, forwarded, networks);
    // An untrusted peer is the client, whatever it claims; one that claims nothing is, too.
    if (!networks.contains(peer) || forwarded.empty()) holds(peer.ends_with(client));
    // Anything else was an address, and so can't hold what ends a field or begins another parameter.
    if (!peer.ends_with(client)) holds(client.find_first_not_of("0123456789abcdefABCDEFx:.") == client.npos);
    static_cast<void>(user::address_of(forwarded, peer));
    return client;
}

void read_origin(const std::string& allowed, const http::Request& request) {
    const gateway::Cors cors = cors_from(allowed);
    http::Response response;
    cors.admit(request, response);
    const http::Response preflight = cors.preflight(request, "GET, PUT");
    for (const http::Response* each : {&std::as_const(response), &preflight}) {
        holds(http::is_sendable(*each));
        holds(!http::find(each->headers, "Access-Control-Allow-Credentials"));
        const auto origin = http::find(each->headers, "Access-Control-Allow-Origin");
        holds(!origin || *origin == "*" || http::find(request.headers, "Origin") == *origin);
    }
}

void read_trace(const std::string& field) {
    const base::TraceContext context = base::trace_context_from(field);
    if (!context.valid()) return;
    holds(context.trace_id.size() == 32 && context.span_id.size() == 16);
    const base::TraceContext again = base::trace_context_from(base::traceparent(context));
    holds(again.trace_id == context.trace_id && again.span_id == context.span_id && again.sampled == context.sampled);
}

void forward(const http::Request& request, const std::string& client) {
    gateway::Passed passed;
    passed.path = "/p";
    passed.authority = "shop-order";
    passed.client = client;
    passed.to_identity = true;
    const std::string text = gateway::upstream_request(request, passed);
    const std::string_view head = std::string_view(text).substr(0, text.find("\r\n\r\n") + 2);
    // Request line, Host, deadline, two for the client, one for each header that is passed on, and nothing that a value began.
    const auto lines = static_cast<std::size_t>(std::count(head.begin(), head.end(), '\n'));
    holds(lines <= 5 + request.headers.size());
    holds(head.find("\r\nX-User-Id") == head.npos);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view text(reinterpret_cast<const char*>(data), size);
    const std::string trusted = line_of(text), peer = line_of(text), forwarded = line_of(text), origins = line_of(text);
    http::Request request;
    request.method = "GET";
    for (const char* name : {"Origin", "Authorization", "Cookie", "tracestate", "traceparent", "User-Agent"}) {
        request.headers.emplace_back(name, line_of(text));
    }
    request.headers.emplace_back("X-User-Id", "0190e1a2-0000-7000-8000-00000000000a");
    const std::string client = read_addresses(trusted, peer, forwarded);
    read_origin(origins, request);
    read_trace(std::string(http::find(request.headers, "traceparent").value_or("")));
    const std::string authorization(http::find(request.headers, "Authorization").value_or(""));
    const std::string_view token = gateway::bearer(authorization);
    holds(authorization.ends_with(token));
    const auto by_user = user::bearer_token(authorization);
    holds(!by_user || authorization.ends_with(*by_user));
    forward(request, client);
    return 0;
}
