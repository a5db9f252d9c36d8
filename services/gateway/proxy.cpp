// Handles requests of the public routes.
#include "gateway/proxy.h"

#include <prometheus/registry.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <set>
#include <stdexcept>
#include <utility>

#include "common/http/problem.h"
#include "gateway/forwarding.h"

namespace gateway {

namespace asio = boost::asio;
using End = Exchange::End;

namespace {

constexpr int kTries = 3;
constexpr base::BackoffPolicy kBackoff{base::Duration{20}, base::Duration{250}, base::Jitter::Full};
// A repeatable request that has no answer after that long is tried elsewhere; others have all the time that there is.
constexpr Steady::duration kTryTime = std::chrono::seconds{5};

// Who gives an upstream less time than that can't say that it is broken: clients choose their deadlines, and must not be able to
// have it taken for broken.
constexpr Steady::duration kFairTime = std::chrono::seconds{1};

bool is_worth_another(int status) {
    return status == 502 || status == 503 || status == 504;
}

prometheus::Family<prometheus::Counter>& counters(prometheus::Registry& registry, const char* name, const char* help) {
    return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
}

http::Problem problem_of(End end) {
    switch (end) {
        case End::Late:
            return http::timed_out("The service behind this did not answer in time.");
        case End::Unreachable:
            return http::unavailable("The service behind this can't be reached.");
        default:
            return http::Problem(502, "The service behind this gave no answer that can be used.");
    }
}

std::string label_of(End end) {
    switch (end) {
        case End::Answered:
            return "answered";
        case End::Unreachable:
            return "unreachable";
        case End::Broken:
            return "broken";
        case End::Late:
            return "late";
        case End::Malformed:
            return "malformed";
        case End::TooLarge:
            return "too_large";
    }
    return "broken";
}

}  // namespace

struct Proxy::Route {
    PublicRoute entry;
    std::string upstream;
    std::string methods;  // Of the path, for preflights.
    prometheus::Counter* retried;
    std::map<End, prometheus::Counter*> failed;
};

Proxy::Proxy(Options options, std::vector<std::shared_ptr<LoopState>> loops, std::shared_ptr<TokenGate> gate,
             std::shared_ptr<base::Tracer> tracer, prometheus::Registry& registry)
    : options_(std::move(options)),
      loops_(std::move(loops)),
      gate_(std::move(gate)),
      tracer_(std::move(tracer)),
      by_address_(options_.by_address),
      guesses_(options_.guesses_by_address),
      by_user_(options_.by_user),
      failures_(counters(registry, "gateway_upstream_failures_total", "Exchanges with an upstream that brought no answer.")),
      retries_(counters(registry, "gateway_retries_total", "Requests sent to an upstream once more.")),
      breakers_(prometheus::BuildGauge()
                    .Name("circuit_breaker_open")
                    .Help("Share of the event loops whose circuit breaker for that target is open.")
                    .Register(registry)),
      refused_address_(
          counters(registry, "gateway_rate_limited_total", "Requests refused by a rate limit.").Add({{"by", "address"}})),
      refused_user_(counters(registry, "gateway_rate_limited_total", "Requests refused by a rate limit.").Add({{"by", "user"}})) {
}

Proxy::~Proxy() = default;

std::shared_ptr<LoopState> Proxy::state_of(asio::execution_context& context) const {
    for (const auto& state : loops_) {
        if (&state->loop == &context) return state;
    }
    throw std::logic_error("a request on a loop that the gateway does not know");
}

void Proxy::limit(RateLimiter& limiter, const std::string& key, prometheus::Counter& refused) const {
    const std::optional<base::Duration> wait = limiter.take(key, Steady::now());
    if (!wait) return;
    refused.Increment();
    throw http::too_many("Too many requests; there is a limit for each client.", *wait);
}

std::vector<std::pair<std::string, RateLimiter*>> Proxy::limiters() {
    return {{"address", &by_address_}, {"guesses", &guesses_}, {"user", &by_user_}};
}

void Proxy::publish_state(std::size_t loop) {
    for (const auto& [name, service] : loops_[loop]->services) {
        for (const auto& upstream : service.upstreams) {
            breakers_.Add({{"client", name}, {"target", upstream->target().authority()}, {"loop", std::to_string(loop)}})
                .Set(upstream->breaker.is_open() ? 1 : 0);
        }
    }
}

asio::awaitable<http::Response> Proxy::forward(std::shared_ptr<Proxy> self, const Route* route, Call call,
                                               std::shared_ptr<LoopState> state, std::string client, std::string user) {
    UpstreamService& service = state->services.find(route->upstream)->second;
    if (service.running() >= UpstreamService::kRunning) {
        throw http::too_many("Too many requests of this kind run already.", base::Duration{1'000});
    }
    const http::Request& request = call->request;
    const bool repeatable = is_repeatable(request.method, http::find(request.headers, http::kIdempotencyHeader).has_value());
    Passed passed;
    passed.path = upstream_path(route->entry.path, call->path);
    if (!request.query.empty()) passed.path.append("?").append(request.query);
    passed.client = std::move(client);
    passed.user = std::move(user);
    passed.request_id = call->request_id;
    passed.to_identity = route->upstream == "user";

    base::Span span;
    base::TraceContext trace = call->trace;
    if (self->tracer_) {
        span = self->tracer_->start(route->upstream, base::SpanKind::Client, call->trace);
        if (span.context().valid()) trace = span.context();
    }
    passed.traceparent = base::traceparent(trace);

    Exchange last;
    bool asked = false;
    bool forgiven = false;  // A kept connection that had ended costs a try, but only once.
    std::size_t avoid = service.targets.size();
    for (int tries = 0; tries < kTries; ++tries) {
        const Steady::time_point now = Steady::now();
        const std::optional<std::size_t> index = service.pick(state->random(), avoid, now);
        if (!index) break;
        const std::shared_ptr<Upstream> upstream = service.upstreams[*index];
        passed.authority = upstream->target().authority();
        passed.deadline = call->deadline.left();
        Steady::time_point until = call->deadline.time();
        if (repeatable && !passed.to_identity && request.method != "POST") until = std::min(until, now + kTryTime);
        const auto text = std::make_shared<const std::string>(upstream_request(request, passed));
        last = co_await Upstream::exchange(upstream, text, until);
        asked = true;

        const bool answered = last.end == End::Answered;
        if (answered) {
            upstream->breaker.succeeded();
        } else if (last.stale || (last.end == End::Late && until - now < kFairTime)) {
            upstream->breaker.forget();
        } else {
            upstream->breaker.failed(Steady::now());
        }
        if (answered && !is_worth_another(last.response.status)) {
            service.retries.earn();
            break;
        }
        if (!answered) route->failed.at(last.end)->Increment();
        if (last.end == End::Malformed || last.end == End::TooLarge) break;
        if (last.sent && !repeatable) break;
        if (tries + 1 == kTries || call->deadline.passed()) break;
        if (last.stale && !std::exchange(forgiven, true)) {
            --tries;
            continue;
        }
        if (!service.retries.take()) break;
        const base::Duration wait = base::backoff_delay(kBackoff, tries + 1, state->random);
        if (wait >= call->deadline.left()) break;
        route->retried->Increment();
        avoid = *index;
        asio::steady_timer timer(state->loop, wait);
        boost::system::error_code ignored;
        co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
    if (!asked) throw http::unavailable("The service behind this has been away, and will be asked again soon.");
    if (last.end != End::Answered) {
        span.fail(label_of(last.end));
        throw problem_of(last.end);
    }
    span.set("http.response.status_code", last.response.status);
    co_return std::move(last.response);
}

asio::awaitable<http::Response> Proxy::pass(std::shared_ptr<Proxy> self, const Route* route, Call call) {
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    const std::shared_ptr<LoopState> state = self->state_of(executor.context());
    const http::Headers& headers = call->request.headers;
    const std::string forwarded_for = http::list_of(headers, "X-Forwarded-For");
    const std::string client = client_address(call->request.peer, forwarded_for, self->options_.trusted);
    if (!is_loopback(client) && !self->options_.trusted.contains(client)) {
        self->limit(self->by_address_, client, self->refused_address_);
        if (route->entry.guessing) self->limit(self->guesses_, client, self->refused_address_);
    }
    std::string user;
    if (route->entry.access != Access::Public) {
        const auto authorization = http::find(headers, "Authorization");
        if (authorization || route->entry.access == Access::User) {
            const std::string token(bearer(authorization.value_or("")));
            if (token.empty()) throw http::unauthorized("The request needs a token: Authorization: Bearer …");
            user = co_await TokenGate::check(self->gate_, state, token);
            self->limit(self->by_user_, user, self->refused_user_);
        }
    }
    http::Response response = co_await forward(self, route, call, state, client, user);
    if (!user.empty() && !http::find(response.headers, "Cache-Control")) {
        response.headers.emplace_back("Cache-Control", "no-store");
    }
    co_return response;
}

asio::awaitable<http::Response> Proxy::handle(std::shared_ptr<Proxy> self, const Route* route, Call call) {
    http::Response response;
    std::optional<http::Problem> problem;
    try {
        response = co_await pass(self, route, call);
    } catch (const http::Problem& thrown) {
        problem = thrown;
    }
    if (problem) {
        response = problem->response(call->request_id);
        if (problem->status() >= 500) {
            call->log().warn("a request got no answer", {{"method", call->request.method},
                                                         {"endpoint", route->entry.path},
                                                         {"upstream", route->upstream},
                                                         {"status", problem->status()},
                                                         {"problem", problem->what()}});
        }
    }
    response.headers.emplace_back("X-Content-Type-Options", "nosniff");
    self->options_.cors.admit(call->request, response);
    co_return response;
}

void Proxy::add_routes(const std::shared_ptr<Proxy>& self, http::Router& router) {
    std::map<std::string_view, std::string> methods;
    for (const PublicRoute& entry : public_routes()) {
        std::string& list = methods[entry.path];
        list.append(list.empty() ? "" : ", ").append(entry.method);
    }
    for (const PublicRoute& entry : public_routes()) {
        auto route = std::make_unique<Route>();
        route->entry = entry;
        route->upstream = entry.upstream;
        route->methods = methods[entry.path];
        route->retried = &self->retries_.Add({{"upstream", route->upstream}});
        for (const End end : {End::Unreachable, End::Broken, End::Late, End::Malformed, End::TooLarge}) {
            route->failed[end] = &self->failures_.Add({{"upstream", route->upstream}, {"reason", label_of(end)}});
        }
        const Route* kept = route.get();
        self->routes_.push_back(std::move(route));
        router.on_loop(entry.method, entry.path, [self, kept](Call call) { return handle(self, kept, std::move(call)); });
    }
    if (!self->options_.cors.active()) return;
    for (const auto& [path, list] : methods) {
        router.on_loop("OPTIONS", path, [self, allowed = list](Call call) -> asio::awaitable<http::Response> {
            return [](std::shared_ptr<Proxy> proxy, Call asked, std::string names) -> asio::awaitable<http::Response> {
                co_return proxy->options_.cors.preflight(asked->request, names);
            }(self, std::move(call), allowed);
        });
    }
}

}  // namespace gateway
