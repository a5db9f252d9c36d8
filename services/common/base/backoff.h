// How long to wait before the next try: exponential, bounded, with jitter. Randomness comes in as an argument.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <utility>

#include "common/base/clock.h"

namespace base {

using Random = std::function<double()>;  // Uniform in [0, 1).

Random seeded_random(std::uint64_t seed);  // The same sequence for the same seed.
Random system_random();                    // Seeded by the system.

// Of a delay d: None waits d, Equal between d/2 and d, Full between 0 and d.
enum class Jitter { None, Equal, Full };

// The defaults are controller-runtime's for a failing item: 5 ms, doubled each time, at most 1000 s.
struct BackoffPolicy {
    Duration base{5};
    Duration max{1'000'000};
    Jitter jitter = Jitter::None;
};

// The wait after that many failures in a row; none after no failure.
Duration backoff_delay(const BackoffPolicy& policy, int failures, const Random& random);

// Between `period` and `period` * (1 + `factor`), so that many that wait the same time do not come at once.
Duration jittered(Duration period, double factor, const Random& random);

// The waits of one thing that keeps being tried.
class Backoff {
public:
    Backoff(BackoffPolicy policy, Random random) : policy_(policy), random_(std::move(random)) {}

    // Counts a failure and says how long to wait.
    Duration next();
    void reset() { failures_ = 0; }
    int failures() const { return failures_; }

private:
    BackoffPolicy policy_;
    Random random_;
    int failures_ = 0;
};

// The waits of many things, each by itself. Holds an entry only for those that failed and were not forgotten.
template <typename Key>
class ItemBackoff {
public:
    ItemBackoff(BackoffPolicy policy, Random random) : policy_(policy), random_(std::move(random)) {}

    Duration next(const Key& key) { return backoff_delay(policy_, ++failures_[key], random_); }  // Counts a failure.
    void forget(const Key& key) { failures_.erase(key); }
    int failures(const Key& key) const {
        const auto found = failures_.find(key);
        return found == failures_.end() ? 0 : found->second;
    }

private:
    BackoffPolicy policy_;
    Random random_;
    std::map<Key, int> failures_;
};

}  // namespace base
