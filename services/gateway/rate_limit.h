// How many requests a client may make: a token bucket for each, in memory, and what other replicas say of it.
//
// A request never waits for Redis. Each process limits by its own bucket; once a second it adds what its busy clients took to
// counters in Redis, and clients whose sum over all replicas is beyond the limit are held back until the counters' window ends.
// So the limit across replicas is kept but for the first second of a burst, and without Redis it is a limit per process.
#pragma once

#include <array>
#include <cstddef>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "common/base/clock.h"
#include "gateway/circuit.h"

namespace gateway {

struct Rate {
    double per_second = 0;  // 0: no limit.
    double burst = 0;
};

// Of "100:200" (per second, burst) or "100" (a burst of twice that) or "0"; throws std::invalid_argument that names `variable`.
Rate rate_from(std::string_view variable, std::string_view text);

// Safe from several threads.
class RateLimiter {
public:
    // Keeps at most about `keys` clients; those who have been quiet are forgotten first.
    explicit RateLimiter(Rate rate, std::size_t keys = 65'536);

    // Nothing: the request may go on. Else it may be tried again after that long.
    std::optional<base::Duration> take(std::string_view key, Steady::time_point now);

    struct Spent {
        std::string key;
        unsigned requests = 0;
    };
    // What those took since they were last asked about who took at least a tenth of what a second allows; at most `most` of them.
    std::vector<Spent> spent(std::size_t most);
    // `total` requests have come of that client in a window of all replicas, which ends at `until`.
    void learn(const std::string& key, double total, Steady::duration window, Steady::time_point until);

    const Rate& rate() const { return rate_; }
    std::size_t size() const;

private:
    struct Bucket {
        double tokens = 0;
        Steady::time_point filled{};
        Steady::time_point held_until{};
        unsigned spent = 0;
    };
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
    };
    using Buckets = std::unordered_map<std::string, Bucket, Hash, std::equal_to<>>;
    struct Shard {
        mutable std::mutex mutex;
        Buckets buckets;
    };
    static constexpr std::size_t kShards = 16;  // So that loops seldom wait for each other.

    Shard& shard(std::string_view key) { return shards_[Hash{}(key) % kShards]; }
    void make_room(Buckets& buckets, Steady::time_point now) const;

    const Rate rate_;
    const std::size_t per_shard_;
    std::array<Shard, kShards> shards_;
};

}  // namespace gateway
