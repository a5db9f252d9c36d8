// Adds up, and holds back those who took too much.
#include "gateway/shared_limits.h"

#include <chrono>
#include <cstdint>

namespace gateway {

namespace {

constexpr std::chrono::seconds kWindow{10};
constexpr std::size_t kMost = 200;  // Clients told of in one go; a call takes a fraction of a millisecond.
constexpr base::Duration kPatience{500};
constexpr std::string_view kAdd =
    "local n = redis.call('INCRBY', KEYS[1], ARGV[1])\n"
    "if n == tonumber(ARGV[1]) then redis.call('EXPIRE', KEYS[1], ARGV[2]) end\n"
    "return n";

}  // namespace

void share_limits(data::Redis& redis, const std::vector<std::pair<std::string, RateLimiter*>>& limiters) {
    const std::int64_t wall =
        std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
    const std::int64_t window = wall / std::chrono::milliseconds(kWindow).count();
    const Steady::time_point ends =
        Steady::now() + std::chrono::milliseconds((window + 1) * std::chrono::milliseconds(kWindow).count() - wall);
    const base::Deadline deadline = base::Deadline::in(kPatience);
    try {
        for (const auto& [name, limiter] : limiters) {
            for (const RateLimiter::Spent& spent : limiter->spent(kMost)) {
                const std::string key = "rate:" + name + ":" + spent.key + ":" + std::to_string(window);
                const data::Redis::Reply reply =
                    redis.script(deadline, kAdd, {key}, {std::to_string(spent.requests), std::to_string(2 * kWindow.count())});
                if (reply.kind != data::Redis::Reply::Kind::Integer) continue;
                limiter->learn(spent.key, static_cast<double>(reply.integer), kWindow, ends);
            }
        }
    } catch (const data::RedisUnavailable&) {  // Its metrics say so.
    }
}

}  // namespace gateway
