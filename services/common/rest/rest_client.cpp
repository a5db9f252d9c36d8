#include "common/rest/rest_client.h"

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <atomic>
#include <mutex>
#include <optional>
#include <thread>

#include "common/base/clock.h"
#include "common/base/metrics.h"
#include "common/rest/answer.h"
#include "common/rest/limits.h"

namespace rest {

namespace {

using prometheus::Counter;
using prometheus::Family;

bool may_help(int status) {
    return status == 429 || status == 502 || status == 503 || status == 504;
}

std::string endpoint_of(const Request& request) {
    return request.endpoint.empty() ? request.path.substr(0, request.path.find('?')) : request.endpoint;
}

// One of the calls at a time that the bulkhead lets in.
class Berth {
public:
    Berth(std::atomic<std::size_t>& taken, std::size_t most) : taken_(taken), there_(taken.fetch_add(1) < most) {}
    ~Berth() { taken_.fetch_sub(1); }
    Berth(const Berth&) = delete;
    Berth& operator=(const Berth&) = delete;
    explicit operator bool() const { return there_; }

private:
    std::atomic<std::size_t>& taken_;
    const bool there_;
};

// An answer, or why there is none.
struct Try {
    std::optional<Answer> answer = {};
    std::string failure = {};
    bool sent = false;
    bool again = false;  // Another try may end better.
};

}  // namespace

struct Client::Impl {
    Options options;
    std::shared_ptr<base::Tracer> tracer;
    base::Log log;
    base::SystemClock clock;
    CircuitBreaker breaker;
    RetryBudget budget;
    Transport transport;
    std::atomic<std::size_t> running = 0;
    std::mutex random_mutex;
    base::Random random = base::system_random();
    Family<Counter>& requests;
    prometheus::Histogram& duration;
    Counter& retries;
    prometheus::Gauge& open;

    Impl(Options from, std::shared_ptr<base::Tracer> traced, base::Log logged, prometheus::Registry& registry)
        : options(std::move(from)),
          tracer(std::move(traced)),
          log(std::move(logged)),
          breaker({options.window, options.failure_share, options.open_time}, clock),
          budget(options.retry_tokens, options.retry_ratio),
          transport(options.base_url, options.timeout),
          requests(prometheus::BuildCounter()
                       .Name("http_client_requests_total")
                       .Help("Tries of requests to other services; status 'none' had no answer, 'refused' was not made.")
                       .Register(registry)),
          duration(prometheus::BuildHistogram()
                       .Name("http_client_request_duration_seconds")
                       .Help("Time of one try.")
                       .Register(registry)
                       .Add({{"client", options.name}}, base::http_request_buckets())),
          retries(prometheus::BuildCounter()
                      .Name("http_client_retries_total")
                      .Help("Tries after the first.")
                      .Register(registry)
                      .Add({{"client", options.name}})),
          open(prometheus::BuildGauge()
                   .Name("circuit_breaker_open")
                   .Help("1 while calls fail at once because too many of the last ones failed.")
                   .Register(registry)
                   .Add({{"client", options.name}})) {}

    void count(const std::string& endpoint, const std::string& status) {
        requests.Add({{"client", options.name}, {"endpoint", endpoint}, {"status", status}}).Increment();
    }

    base::Duration wait_before(int failures) {
        const std::lock_guard lock(random_mutex);
        return base::backoff_delay(options.backoff, failures, random);
    }

    std::string words(const Request& request, const std::string& what) const {
        return options.name + ": " + request.method + " " + endpoint_of(request) + ": " + what;
    }

    void note(CircuitBreaker::Ticket ticket, CircuitBreaker::Result result) {
        if (!breaker.leave(ticket, result)) return;
        const bool is_open = breaker.open();
        open.Set(is_open ? 1 : 0);
        log.warn(is_open ? "circuit breaker opened" : "circuit breaker closed", {{"client", options.name}});
    }

    Message message_of(const Request& request, base::Duration left, const base::TraceContext& trace) const {
        Message message{.method = request.method, .path = request.path, .headers = request.headers};
        if (!request.body.is_null()) message.body = request.body.dump();
        if (!request.form.empty()) {
            message.body = request.form;
            message.content_type = "application/x-www-form-urlencoded";
        }
        message.repeatable = request.repeatable;
        if (options.tells_deadline) message.headers.emplace_back("X-Deadline-Ms", std::to_string(left.count()));
        if (trace.valid()) message.headers.emplace_back("traceparent", base::traceparent(trace));
        return message;
    }

    Try attempt(const Request& request, const base::Deadline& deadline, const base::TraceContext& trace, int number);
    Exchange exchange(const Request& request, const base::Deadline& deadline, const base::TraceContext& trace, int number);
    Answer call(const Request& request, const base::Deadline& deadline, const base::TraceContext& trace);
};

// One try in its span, counted.
Exchange Client::Impl::exchange(const Request& request, const base::Deadline& deadline, const base::TraceContext& trace,
                                int number) {
    const std::string endpoint = endpoint_of(request);
    base::Span span;
    if (tracer) span = tracer->start(request.method + " " + endpoint, base::SpanKind::Client, trace);
    span.set("http.request.method", request.method);
    span.set("peer.service", options.name);
    span.set("url.template", endpoint);
    if (number > 1) span.set("http.request.resend_count", number - 1);
    const auto started = std::chrono::steady_clock::now();
    Exchange result = transport.send(message_of(request, deadline.left(), tracer ? span.context() : trace), deadline);
    duration.Observe(std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count());
    if (result.end == Exchange::End::Answered) {
        span.set("http.response.status_code", result.status);
        if (result.status >= 500) span.fail(std::to_string(result.status));
        count(endpoint, std::to_string(result.status));
    } else {
        span.fail(result.failure);
        count(endpoint, "none");
    }
    return result;
}

Try Client::Impl::attempt(const Request& request, const base::Deadline& deadline, const base::TraceContext& trace, int number) {
    using Result = CircuitBreaker::Result;
    const base::Deadline limit = deadline.at_most(options.timeout);
    if (limit.passed()) return {.failure = "the deadline has passed"};
    const std::optional<CircuitBreaker::Ticket> ticket = breaker.enter();
    if (!ticket) {
        count(endpoint_of(request), "refused");
        return {.failure = "circuit breaker open"};
    }
    const base::Duration allowed = limit.left();
    std::optional<Exchange> result;
    try {
        result = exchange(request, limit, trace, number);
    } catch (...) {
        note(*ticket, Result::Unknown);
        throw;
    }
    if (result->end == Exchange::End::Answered) {
        note(*ticket, result->status >= 500 && result->status != 501 ? Result::Failure : Result::Success);
        const bool again = may_help(result->status);
        return {.answer = answer_of(*std::move(result)), .sent = true, .again = again};
    }
    // A caller in a hurry says nothing about the other side.
    const bool in_hurry = result->end == Exchange::End::NoAnswer && limit.passed() && allowed < options.timeout / 4;
    note(*ticket, in_hurry ? Result::Unknown : Result::Failure);
    return {.failure = std::move(result->failure),
            .sent = result->end != Exchange::End::NotSent,
            .again = result->end != Exchange::End::TooLarge};
}

Answer Client::Impl::call(const Request& request, const base::Deadline& deadline, const base::TraceContext& trace) {
    const Berth berth(running, options.concurrency);
    if (!berth) {
        count(endpoint_of(request), "refused");
        throw Unreachable(words(request, "too many calls at a time"), false);
    }
    bool sent = false;
    Try last;
    for (int number = 1;; ++number) {
        Try now = attempt(request, deadline, trace, number);
        sent = sent || now.sent;
        // An answer says more than that a further try could not be made.
        if (now.answer || !last.answer)
            last = std::move(now);
        else
            last.again = now.again;
        if (last.answer && !last.again) {
            if (last.answer->status < 500) budget.give_back();
            return *std::move(last.answer);
        }
        if (!last.again || !request.repeatable || number >= options.tries) break;
        const base::Duration asked = last.answer ? retry_after(*last.answer) : base::Duration{0};
        const base::Duration wait = asked + wait_before(number);
        if (asked > options.backoff.max || wait >= deadline.left() || !budget.take()) break;
        std::this_thread::sleep_for(wait);
        retries.Increment();
    }
    if (last.answer) return *std::move(last.answer);
    throw Unreachable(words(request, last.failure), sent);
}

Client::Client(Options options, std::shared_ptr<base::Tracer> tracer, base::Log log, prometheus::Registry& registry)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(tracer), std::move(log), registry)) {}

Client::~Client() = default;

Answer Client::call(const Request& request, const base::Deadline& deadline, const base::TraceContext& trace) {
    return impl_->call(request, deadline, trace);
}

}  // namespace rest
