// What of a request goes on to an upstream, and what of its response to the client. No I/O.
#pragma once

#include <string>
#include <string_view>

#include "common/base/clock.h"
#include "common/http/message.h"

namespace gateway {

// What the gateway found out about a request, to be told to the upstream.
struct Passed {
    std::string path;       // With the query: "/api/v1/cart"
    std::string authority;  // Of the upstream.
    std::string client;     // Address.
    std::string user;       // UUID; empty: not known.
    std::string request_id;
    std::string traceparent;
    base::Duration deadline{};  // Left.
    bool to_identity = false;   // To the service that checks tokens and cookies by itself.
};

// The whole request as it is sent. Of the client's fields only those on a list go on: none about the connection, and none by
// which services trust the gateway (X-User-Id …), whatever Connection says and however they are written. HEAD goes on as GET,
// since the length of what GET would answer is part of the answer.
std::string upstream_request(const http::Request& request, const Passed& passed);

// Whether a field of a response is the client's to see.
bool passes_to_client(std::string_view name);

// The token of "Bearer …"; empty where the field is none such.
std::string_view bearer(std::string_view authorization);

}  // namespace gateway
