// Finds a request's route, runs its handler, and turns whatever comes of it into an answer.
#include "common/http/router.h"

#include <algorithm>
#include <atomic>
#include <boost/asio/use_awaitable.hpp>
#include <charconv>
#include <chrono>
#include <deque>
#include <set>
#include <stdexcept>
#include <utility>

#include "common/http/input.h"
#include "common/http/path_template.h"
#include "common/http/route_metrics.h"

namespace http {
namespace {

namespace asio = boost::asio;
using asio::awaitable;
using Steady = std::chrono::steady_clock;

constexpr std::size_t kLongestRequestId = 128;
constexpr std::size_t kLongestIdempotencyKey = 255;

std::string request_id_of(const Request& request) {
    const std::string_view given = find(request.headers, kRequestIdHeader).value_or("");
    const bool well_formed =
        !given.empty() && given.size() <= kLongestRequestId && std::all_of(given.begin(), given.end(), [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
        });
    return well_formed ? std::string(given) : new_uuid();
}

base::Deadline deadline_of(const Request& request, base::Duration longest) {
    const std::string_view given = find(request.headers, kDeadlineHeader).value_or("");
    base::Duration::rep millis = 0;
    const auto [end, error] = std::from_chars(given.data(), given.data() + given.size(), millis);
    const bool well_formed = !given.empty() && error == std::errc{} && end == given.data() + given.size() && millis >= 0;
    return base::Deadline::in(well_formed ? std::min(base::Duration{millis}, longest) : longest);
}

// A call with the request that it refers to. Whoever still works on it keeps it.
struct Kept {
    Kept(Request&& given, PathParameters&& path, base::Deadline deadline, std::string&& id, base::TraceContext&& trace,
         const base::Log& log)
        : request(std::move(given)), call{request, std::move(path), deadline, std::move(id), std::move(trace), log} {}
    Kept(const Kept&) = delete;
    Kept& operator=(const Kept&) = delete;

    Request request;
    Call call;
};

struct Method {
    Handle on_worker;
    AsyncHandle on_loop;
};

struct Route {
    Route(PathTemplate given, RouteFamilies& families) : path(std::move(given)), metrics(families, path.text()) {}

    // HEAD is GET's where it has none of its own; null: the route does not take the method.
    const Method* method(std::string_view name) const {
        auto found = methods.find(name);
        if (found == methods.end() && name == "HEAD") found = methods.find("GET");
        return found == methods.end() ? nullptr : &found->second;
    }

    PathTemplate path;
    RouteMetrics metrics;
    std::map<std::string, Method, std::less<>> methods;
};

std::string allowed_by(const std::set<std::string, std::less<>>& methods) {
    std::string text;
    for (const std::string& method : methods) text += (text.empty() ? "" : ", ") + method;
    return text;
}

std::string words_of(const std::exception_ptr& failure) {
    try {
        std::rethrow_exception(failure);
    } catch (const std::exception& known) {
        return known.what();
    } catch (...) {
        return "an exception of no known type";
    }
}

std::optional<Problem> problem_of(const std::exception_ptr& failure) {
    try {
        std::rethrow_exception(failure);
    } catch (const Problem& problem) {
        return problem;
    } catch (...) {
        return {};
    }
}

}  // namespace

base::Log Call::log() const {
    return plain_log.with({{"request_id", request_id}, {"trace_id", trace.trace_id}});
}

std::string Call::user() const {
    std::string id = header(kUserHeader);
    if (!is_uuid(id)) throw unauthorized("Who asks is not known.");
    return id;
}

std::string Call::idempotency_key() const {
    std::string key = header(kIdempotencyHeader);
    const bool printable = std::all_of(key.begin(), key.end(), [](char c) { return c >= 0x20 && c < 0x7F; });
    if (key.empty() || key.size() > kLongestIdempotencyKey || !printable) {
        throw Problem(400, "The request needs an Idempotency-Key.",
                      {{std::string(kIdempotencyHeader), "must have 1 to 255 printable ASCII characters"}});
    }
    return key;
}

struct Router::Impl {
    Impl(Options given, base::Log to, prometheus::Registry& registry)
        : options(std::move(given)),
          deadline(options.deadline),
          log(std::move(to)),
          families(registry),
          unmatched(families, "unmatched") {}

    void add(std::string_view method, std::string_view path, Method handler);

    // What handles a request, and where it is counted. Without a method, `problem` is the answer.
    struct Match {
        const Method* method = nullptr;
        Route* route = nullptr;
        PathParameters parameters;
        std::optional<Problem> problem;
    };
    Match match(const Request& request);

    Response failed(const Call& call, const std::exception_ptr& failure) const;
    Response finished(const Call& call, Response response, RouteMetrics& metrics, base::Span& span,
                      Steady::time_point since) const;

    static awaitable<Response> route(std::shared_ptr<Impl> self, Request request);

    Options options;
    std::atomic<base::Duration> deadline;
    base::Log log;
    RouteFamilies families;
    RouteMetrics unmatched;
    std::deque<Route> routes;                             // They stay where they are.
    std::vector<Route*> ordered;                          // As PathTemplate::before says.
    std::map<std::string, Route*, std::less<>> literals;  // Those without parameters.
    std::atomic<std::size_t> running = 0;
};

void Router::Impl::add(std::string_view method, std::string_view path, Method handler) {
    auto found = std::find_if(routes.begin(), routes.end(), [path](const Route& route) { return route.path.text() == path; });
    if (found == routes.end()) {
        routes.emplace_back(PathTemplate{path}, families);
        found = std::prev(routes.end());
        Route* added = &*found;
        const auto place = std::upper_bound(ordered.begin(), ordered.end(), added, [](const Route* a, const Route* b) {
            return PathTemplate::before(a->path, b->path);
        });
        ordered.insert(place, added);
        if (path.find('{') == path.npos) literals.emplace(path, added);
    }
    if (!found->methods.emplace(method, std::move(handler)).second) {
        throw std::logic_error("route " + std::string(method) + " " + std::string(path) + " is there twice");
    }
}

Router::Impl::Match Router::Impl::match(const Request& request) {
    Match result;
    // A path that is written as its template is, without parameters, is that route's: no other comes before it.
    if (const auto literal = literals.find(request.path); literal != literals.end()) {
        if (const Method* method = literal->second->method(request.method)) {
            result.method = method;
            result.route = literal->second;
            return result;
        }
    }
    std::set<std::string, std::less<>> allowed;
    if (const auto segments = segments_of(request.path)) {
        for (Route* route : ordered) {
            std::optional<PathParameters> parameters = route->path.match(*segments);
            if (!parameters) continue;
            if (result.route == nullptr) result.route = route;
            if (const Method* method = route->method(request.method)) {
                result.method = method;
                result.route = route;
                result.parameters = std::move(*parameters);
                return result;
            }
            for (const auto& [name, handler] : route->methods) {
                allowed.insert(name);
                if (name == "GET") allowed.insert("HEAD");
            }
        }
    }
    if (allowed.empty()) {
        result.problem = not_found("There is nothing at this path.");
    } else {
        result.problem = Problem(405, "This path does not take that method.", {}, {{"Allow", allowed_by(allowed)}});
    }
    return result;
}

Response Router::Impl::failed(const Call& call, const std::exception_ptr& failure) const {
    std::optional<Problem> problem = problem_of(failure);
    if (!problem && options.translate) problem = options.translate(failure);
    if (!problem) problem = Problem(500, "Something went wrong here, and has been noted.");
    if (problem->status() >= 500) {
        call.log().error("a request failed", {{"method", call.request.method},
                                              {"path", call.request.path},
                                              {"status", problem->status()},
                                              {"problem", words_of(failure)}});
    }
    return problem->response(call.request_id);
}

Response Router::Impl::finished(const Call& call, Response response, RouteMetrics& metrics, base::Span& span,
                                Steady::time_point since) const {
    const Steady::duration took = Steady::now() - since;
    metrics.count(call.request.method, response.status, took);
    span.set("http.response.status_code", response.status);
    if (response.status >= 500) span.fail("status " + std::to_string(response.status));
    span.end();
    if (log.enabled(base::Level::Debug)) {
        call.log().debug("request", {{"method", call.request.method},
                                     {"path", call.request.path},
                                     {"status", response.status},
                                     {"peer", call.request.peer},
                                     {"seconds", std::chrono::duration<double>(took).count()}});
    }
    if (!find(response.headers, kRequestIdHeader)) response.headers.emplace_back(kRequestIdHeader, call.request_id);
    return response;
}

awaitable<Response> Router::Impl::route(std::shared_ptr<Impl> self, Request request) {
    const Steady::time_point since = Steady::now();
    // Counts as running until this frame goes, also where it is destroyed without having been resumed.
    struct Running {
        explicit Running(Impl& given) : impl(given), count(++impl.running) { impl.families.running.Increment(); }
        ~Running() {
            --impl.running;
            impl.families.running.Decrement();
        }
        Impl& impl;
        const std::size_t count;
    };
    const Running running{*self};

    Match match = self->match(request);
    RouteMetrics& metrics = match.route == nullptr ? self->unmatched : match.route->metrics;
    base::TraceContext trace = base::trace_context_from(find(request.headers, "traceparent").value_or(""));
    base::Span span;
    if (self->options.tracer) {
        const std::string_view endpoint = match.route == nullptr ? "unmatched" : std::string_view(match.route->path.text());
        span = self->options.tracer->start(endpoint, base::SpanKind::Server, trace);
        trace = span.context();
        if (span.is_recording()) {
            span.rename(request.method + " " + std::string(endpoint));
            span.set("http.request.method", request.method);
            span.set("http.route", endpoint);
        }
    }
    std::string id = request_id_of(request);
    const base::Deadline deadline = deadline_of(request, self->deadline.load());
    const auto kept = std::make_shared<const Kept>(std::move(request), std::move(match.parameters), deadline, std::move(id),
                                                   std::move(trace), self->log);
    const std::shared_ptr<const Call> call(kept, &kept->call);

    Response response;
    std::exception_ptr failure;
    try {
        if (match.problem) throw Problem(*match.problem);
        if (running.count > self->options.requests) throw too_many("Too many requests run already.", base::Duration{1'000});
        if (deadline.passed()) throw timed_out("The deadline has passed already.");
        if (match.method->on_loop) {
            response = co_await match.method->on_loop(call);
        } else {
            std::function<Response()> work = [call, handle = &match.method->on_worker, self] {
                if (call->deadline.passed()) throw timed_out("The deadline passed while the request waited for its turn.");
                return (*handle)(*call);
            };
            response = co_await self->options.workers->run(std::move(work));
        }
    } catch (...) {
        failure = std::current_exception();
    }
    if (failure) response = self->failed(*call, failure);
    co_return self->finished(*call, std::move(response), metrics, span, since);
}

Router::Router(Options options, base::Log log, prometheus::Registry& registry)
    : impl_(std::make_shared<Impl>(std::move(options), std::move(log), registry)) {}

void Router::on(std::string_view method, std::string_view path, Handle handle) {
    if (impl_->options.workers == nullptr) throw std::logic_error("route " + std::string(path) + " needs a worker pool");
    impl_->add(method, path, {std::move(handle), {}});
}

void Router::on_loop(std::string_view method, std::string_view path, AsyncHandle handle) {
    impl_->add(method, path, {{}, std::move(handle)});
}

void Router::set_deadline(base::Duration deadline) {
    impl_->deadline = deadline;
}

awaitable<Response> Router::route(Request request) const {
    return Impl::route(impl_, std::move(request));
}

}  // namespace http
