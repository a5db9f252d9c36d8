// Who asks: checks the token's signature by the user service's keys, and that its session has not been ended.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/family.h>

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <memory>
#include <string>
#include <string_view>

#include "common/base/log.h"
#include "common/data/redis.h"
#include "common/http/worker_pool.h"
#include "common/identity/token_cache.h"
#include "gateway/loop_state.h"

namespace prometheus {
class Registry;
}

namespace gateway {

// The keys are fetched every identity::kKeySetLife, and sooner for a token that names an unknown one, but not more often than
// every kFetchAgain. They stay while the user service is away. Redis away: the signature alone counts, and the metric says so.
// For requests of several loops.
class TokenGate {
public:
    static constexpr Steady::duration kFetchAgain = std::chrono::seconds{3};

    // Without Redis sessions are not looked at.
    TokenGate(http::WorkerPool& workers, data::Redis* redis, base::Log log, prometheus::Registry& registry);

    // The user's id; throws Problem 401, or 503 where there are no keys to check with.
    static boost::asio::awaitable<std::string> check(std::shared_ptr<TokenGate> self, std::shared_ptr<LoopState> state,
                                                     std::string token);
    // Fetches keys until the loop ends.
    static boost::asio::awaitable<void> keep_keys(std::shared_ptr<TokenGate> self, std::shared_ptr<LoopState> state);

    bool has_keys() const { return has_keys_; }

private:
    static boost::asio::awaitable<bool> fetch(std::shared_ptr<TokenGate> self, std::shared_ptr<LoopState> state);
    static boost::asio::awaitable<void> fetch_again(std::shared_ptr<TokenGate> self, std::shared_ptr<LoopState> state);
    static boost::asio::awaitable<bool> is_alive(std::shared_ptr<TokenGate> self, std::shared_ptr<LoopState> state,
                                                 std::string session);

    http::WorkerPool& workers_;
    data::Redis* redis_;
    base::Log log_;
    identity::CachedVerifier verifier_;
    std::atomic<bool> has_keys_ = false;
    std::atomic<bool> fetching_ = false;
    std::atomic<Steady::rep> next_fetch_ = 0;  // No sooner than that, in the clock's units.
    prometheus::Counter& good_;
    prometheus::Counter& bad_;
    prometheus::Counter& ended_;
    prometheus::Counter& unchecked_;  // Whose session Redis could not be asked about.
    prometheus::Counter& keyless_;

    TokenGate(prometheus::Family<prometheus::Counter>& checks, http::WorkerPool& workers, data::Redis* redis, base::Log log);
};

}  // namespace gateway
