// Requests and responses as plain values, so that handlers know nothing of sockets.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace http {

using Headers = std::vector<std::pair<std::string, std::string>>;

// The first field of that name, in whatever case it was written; nothing where there is none.
std::optional<std::string_view> find(const Headers& headers, std::string_view name);

// All fields of that name as the one list that they are (RFC 9110, 5.3): a proxy may add to a list by a field of its own.
std::string list_of(const Headers& headers, std::string_view name);

struct Request {
    std::string method;
    std::string path;   // As sent, without the query: not decoded, not normalised.
    std::string query;  // What follows the "?", as sent.
    Headers headers;    // As sent, trailers left out.
    std::string body;
    std::string peer;  // The client's address, without its port.
};

// True for "?verbose", "?verbose=1" and "?a=b&verbose".
bool has_query(const Request& request, std::string_view name);

// Content-Length, Content-Type and Connection are the server's to write, not to be put into `headers`.
struct Response {
    int status = 200;
    std::string body;
    std::string content_type = {};  // Empty: "text/plain; charset=utf-8".
    Headers headers;
    bool hang_up = false;  // Close the connection instead of answering: a lost answer, for fault injection.
};

// HEAD is answered like GET; the server leaves the body out. Must not block: it runs on the event loop.
using Handler = std::function<Response(const Request&)>;

}  // namespace http
