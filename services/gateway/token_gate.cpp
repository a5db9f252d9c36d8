// Tokens, keys and sessions.
#include "gateway/token_gate.h"

#include <prometheus/registry.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <utility>

#include "common/http/problem.h"
#include "common/identity/session.h"
#include "gateway/forwarding.h"

namespace gateway {

namespace asio = boost::asio;

namespace {

constexpr std::string_view kKeysPath = "/api/v1/jwks.json";
constexpr Steady::duration kFetchTime = std::chrono::seconds{2};
constexpr Steady::duration kNoKeysYet = std::chrono::milliseconds{200};  // Between tries, until there are keys.
constexpr Steady::duration kFetchFailed = std::chrono::seconds{15};
constexpr base::Duration kSessionTime{250};  // Redis answers in less than one; longer is away.

base::WallTime wall_now() {
    return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
}

identity::Verifier::Expected expected() {
    return {std::string(identity::kIssuer), std::string(identity::kAudience)};
}

http::Problem refused(std::string detail) {
    return http::Problem(401, std::move(detail), {}, {{"WWW-Authenticate", "Bearer error=\"invalid_token\""}});
}

prometheus::Family<prometheus::Counter>& checks_of(prometheus::Registry& registry) {
    return prometheus::BuildCounter()
        .Name("gateway_token_checks_total")
        .Help("Tokens by what came of them; session_unchecked: Redis could not be asked, and the signature alone counted.")
        .Register(registry);
}

asio::awaitable<void> pause(asio::io_context& loop, Steady::duration time) {
    asio::steady_timer timer(loop, time);
    boost::system::error_code ignored;
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

}  // namespace

TokenGate::TokenGate(prometheus::Family<prometheus::Counter>& checks, http::WorkerPool& workers, data::Redis* redis,
                     base::Log log)
    : workers_(workers),
      redis_(redis),
      log_(std::move(log)),
      verifier_(identity::Verifier({}, expected())),
      good_(checks.Add({{"outcome", "good"}})),
      bad_(checks.Add({{"outcome", "bad"}})),
      ended_(checks.Add({{"outcome", "session_ended"}})),
      unchecked_(checks.Add({{"outcome", "session_unchecked"}})),
      keyless_(checks.Add({{"outcome", "no_keys"}})) {}

TokenGate::TokenGate(http::WorkerPool& workers, data::Redis* redis, base::Log log, prometheus::Registry& registry)
    : TokenGate(checks_of(registry), workers, redis, std::move(log)) {}

// False: what was known stays.
asio::awaitable<bool> TokenGate::fetch(std::shared_ptr<TokenGate> self, std::shared_ptr<LoopState> state) {
    const auto found = state->services.find("user");
    if (found == state->services.end()) co_return false;
    const std::optional<std::size_t> index = found->second.pick(state->random(), found->second.targets.size(), Steady::now());
    if (!index) co_return false;
    const std::shared_ptr<Upstream> upstream = found->second.upstreams[*index];
    http::Request request;
    request.method = "GET";
    Passed passed;
    passed.path = kKeysPath;
    passed.authority = upstream->target().authority();
    passed.deadline = std::chrono::duration_cast<base::Duration>(kFetchTime);
    const auto text = std::make_shared<const std::string>(upstream_request(request, passed));
    Exchange exchange = co_await Upstream::exchange(upstream, text, Steady::now() + kFetchTime);
    if (exchange.end != Exchange::End::Answered) {
        upstream->breaker.failed(Steady::now());
        co_return false;
    }
    upstream->breaker.succeeded();
    std::optional<identity::KeySet> keys;
    if (exchange.response.status == 200) keys = identity::KeySet::from_jwks(exchange.response.body);
    if (!keys || keys->empty()) {
        self->log_.warn("the user service's keys can't be read", {{"status", exchange.response.status}});
        co_return false;
    }
    self->verifier_.replace(identity::Verifier(std::move(*keys), expected()));
    if (!self->has_keys_.exchange(true)) self->log_.info("tokens can be checked");
    co_return true;
}

asio::awaitable<void> TokenGate::keep_keys(std::shared_ptr<TokenGate> self, std::shared_ptr<LoopState> state) {
    bool complained = false;
    while (true) {
        const bool fetched = co_await fetch(self, state);
        if (!fetched && !std::exchange(complained, true)) self->log_.warn("the user service's keys can't be fetched");
        if (fetched) complained = false;
        const Steady::duration again =
            fetched ? Steady::duration(identity::kKeySetLife) : (self->has_keys_ ? kFetchFailed : kNoKeysYet);
        co_await pause(state->loop, again);
    }
}

// One loop fetches, requests of others wait for it.
asio::awaitable<void> TokenGate::fetch_again(std::shared_ptr<TokenGate> self, std::shared_ptr<LoopState> state) {
    const Steady::rep now = Steady::now().time_since_epoch().count();
    Steady::rep next = self->next_fetch_;
    const bool mine = now >= next && self->next_fetch_.compare_exchange_strong(next, now + kFetchAgain.count());
    if (mine) {
        self->fetching_ = true;
        co_await fetch(self, state);
        self->fetching_ = false;
        co_return;
    }
    const Steady::time_point until = Steady::now() + kFetchTime;
    while (self->fetching_ && Steady::now() < until) co_await pause(state->loop, std::chrono::milliseconds{5});
}

asio::awaitable<bool> TokenGate::is_alive(std::shared_ptr<TokenGate> self, std::shared_ptr<LoopState> state,
                                          std::string session) {
    const std::optional<bool> known = state->sessions.find(session, Steady::now());
    if (known) co_return *known;
    constexpr int kAlive = 200, kEnded = 404, kUnknown = 503;
    std::function<http::Response()> ask = [self, session] {
        http::Response answer;
        try {
            const auto found = self->redis_->get(base::Deadline::in(kSessionTime), identity::session_key(session));
            answer.status = found ? kAlive : kEnded;
        } catch (const data::RedisUnavailable&) {
            answer.status = kUnknown;
        }
        return answer;
    };
    const http::Response answer = co_await self->workers_.run(std::move(ask));
    if (answer.status == kUnknown) self->unchecked_.Increment();
    state->sessions.learn(session, answer.status != kEnded, Steady::now());
    co_return answer.status != kEnded;
}

asio::awaitable<std::string> TokenGate::check(std::shared_ptr<TokenGate> self, std::shared_ptr<LoopState> state,
                                              std::string token) {
    if (!self->has_keys_) co_await fetch_again(self, state);
    if (!self->has_keys_) {
        self->keyless_.Increment();
        throw http::unavailable("Tokens can't be checked now.");
    }
    identity::Verified verified = self->verifier_.verify(token, wall_now());
    if (!verified.claims && verified.rejection == identity::Rejection::UnknownKey) {
        co_await fetch_again(self, state);
        verified = self->verifier_.verify(token, wall_now());
    }
    if (!verified.claims) {
        self->bad_.Increment();
        throw refused(verified.rejection == identity::Rejection::Expired ? "The token has expired." : "The token is not valid.");
    }
    if (self->redis_ != nullptr) {
        const bool alive = co_await is_alive(self, state, verified.claims->session);
        if (!alive) {
            self->ended_.Increment();
            throw refused("The session has ended.");
        }
    }
    self->good_.Increment();
    co_return verified.claims->subject;
}

}  // namespace gateway
