// Calls to other services over cpprestsdk, with the limits that keep one slow service from taking others down.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/backoff.h"
#include "common/base/deadline.h"
#include "common/base/log.h"
#include "common/base/trace.h"

namespace prometheus {
class Registry;
}

namespace rest {

// There is no answer. `sent` tells whether the other side may have acted on the request all the same.
class Unreachable : public std::runtime_error {
public:
    Unreachable(const std::string& what, bool sent) : std::runtime_error(what), sent_(sent) {}
    bool sent() const { return sent_; }

private:
    bool sent_;
};

struct Request {
    std::string method;             // "GET"
    std::string path;               // Encoded, with its query: "/internal/v1/prices?sku=a"
    nlohmann::json body = nullptr;  // null: none
    std::string form = {};          // Instead of `body`: application/x-www-form-urlencoded, as OAuth's token endpoints take it.
    std::vector<std::pair<std::string, std::string>> headers = {};
    bool repeatable =
        false;  // GET, or one with an idempotency key: tried again where there was no answer, or 502, 503, 504, 429.
    std::string endpoint = {};  // The route's template, for metrics and spans; empty: the path without its query.
};

struct Answer {
    int status = 0;
    nlohmann::json body;  // null where it is no JSON.
    std::vector<std::pair<std::string, std::string>> headers;
};

// One other service. Safe from several threads; calls block, so they belong on worker threads.
class Client {
public:
    struct Options {
        std::string name;               // "inventory": in metrics, spans and messages.
        std::string base_url;           // "http://shop-inventory"
        base::Duration timeout{2'000};  // Of one try, or less, by the deadline, which is passed on in X-Deadline-Ms.
        int tries = 3;
        base::BackoffPolicy backoff{base::Duration{25}, base::Duration{1'000}, base::Jitter::Full};
        // A token bucket as in gRPC's retry throttling (A6): a retry takes 1, a success gives back `retry_ratio`.
        double retry_tokens = 10;
        double retry_ratio = 0.1;
        std::size_t concurrency = 32;  // Calls at a time (bulkhead); further ones fail at once.
        // The breaker opens when of the last `window` calls at least this share failed, and lets one try through after
        // `open_time`.
        std::size_t window = 20;
        double failure_share = 0.5;
        base::Duration open_time{5'000};
        bool tells_deadline = true;  // False for those outside the platform.
    };

    // `registry` receives http_client_requests_total{client,endpoint,status}, http_client_request_duration_seconds{client},
    // http_client_retries_total{client}, circuit_breaker_open{client}.
    Client(Options options, std::shared_ptr<base::Tracer> tracer, base::Log log, prometheus::Registry& registry);
    ~Client();

    // Any answer that is complete is a value, whatever its status (of a 5xx the last one); throws Unreachable.
    Answer call(const Request& request, const base::Deadline& deadline, const base::TraceContext& trace);

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace rest
