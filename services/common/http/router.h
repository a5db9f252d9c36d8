// From method and path to a handler: typed path parameters, deadlines, request ids, metrics by route template, problems as
// answers.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/deadline.h"
#include "common/base/log.h"
#include "common/base/trace.h"
#include "common/http/message.h"
#include "common/http/problem.h"
#include "common/http/worker_pool.h"

namespace prometheus {
class Registry;
}

namespace http {

// Header names of ours. The deadline is what is left of it, in milliseconds, when the request was sent.
inline constexpr std::string_view kDeadlineHeader = "X-Deadline-Ms";
inline constexpr std::string_view kRequestIdHeader = "X-Request-Id";
inline constexpr std::string_view kUserHeader = "X-User-Id";  // Set by the gateway after it checked the token, and only by it.
inline constexpr std::string_view kIdempotencyHeader = "Idempotency-Key";

// One request on its way through a handler.
struct Call {
    const Request& request;
    std::map<std::string, std::string, std::less<>> path;  // Decoded and of the type that the template names.
    base::Deadline deadline;
    std::string request_id;  // The client's where it is well-formed, else a new UUID; echoed in the response.
    base::TraceContext trace;
    const base::Log& plain_log;  // The process's.

    base::Log log() const;  // Carries request_id and trace_id. Made anew each time, since most requests log nothing.
    const std::string& parameter(std::string_view name) const { return path.find(name)->second; }
    std::string header(std::string_view name) const { return std::string(find(request.headers, name).value_or("")); }
    std::string user() const;             // kUserHeader, a UUID; throws Problem 401 where it is missing or malformed.
    std::string idempotency_key() const;  // Throws Problem 400 where it is missing, empty, over 255 bytes or not printable ASCII.
};

// Blocking handlers run on the worker pool, the others on the event loop, where they must not block.
using Handle = std::function<Response(const Call&)>;
using AsyncHandle = std::function<boost::asio::awaitable<Response>(std::shared_ptr<const Call>)>;

class Router {
public:
    struct Options {
        base::Duration deadline{30'000};  // Where the client names none; a longer one is cut to it.
        WorkerPool* workers = nullptr;    // Needed for on().
        std::shared_ptr<base::Tracer> tracer = {};
        // What an exception that is no Problem is answered with; nothing: 500. Such as 503 for a database that is away.
        std::function<std::optional<Problem>(std::exception_ptr)> translate = {};
        std::size_t requests = 1024;  // At a time, of all loops together; further ones get 429 at once.
    };

    // `registry` receives http_requests_total{method,endpoint,status} and http_request_duration_seconds{method,endpoint};
    // endpoint is the route template, or "unmatched".
    Router(Options options, base::Log log, prometheus::Registry& registry);

    // "/api/v1/products/{id:uuid}"; types: uuid, int (positive, 64 bit), word (1 to 64 of A-Z a-z 0-9 . _ -), rest (what follows,
    // slashes included; last only). A path that fits none is 404 ("/.." never reaches a handler), a wrong method 405 with Allow.
    void on(std::string_view method, std::string_view path, Handle handle);
    void on_loop(std::string_view method, std::string_view path, AsyncHandle handle);

    // Set while the process runs (spec's api timeout).
    void set_deadline(base::Duration deadline);

    boost::asio::awaitable<Response> route(Request request) const;

private:
    struct Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace http
