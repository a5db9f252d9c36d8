// What goes wrong on purpose, drawn from a seeded generator: the same seed gives the same sequence.
#pragma once

#include <cstdint>
#include <mutex>
#include <string_view>

#include "common/base/backoff.h"
#include "common/base/clock.h"

namespace simulator {

inline constexpr std::int64_t kLongestSlowness = 60'000;  // ms

// Each share is that of the requests which it concerns, from 0 to 1, independently of the others.
struct FaultShares {
    double slow = 0;
    base::Duration slow_by{0};
    double error_after = 0;  // 500 after the effect.
    double lost = 0;         // The connection is closed after the effect.
    std::uint64_t seed = 1;

    bool none() const { return slow == 0 && error_after == 0 && lost == 0; }
};

struct Fault {
    base::Duration slow_by{0};
    bool error_after = false;
    bool lost = false;
};

// Safe from several threads.
class Faults {
public:
    Faults() = default;

    void set(FaultShares shares);  // Begins the sequence again.
    FaultShares shares() const;
    Fault draw();

private:
    mutable std::mutex mutex_;
    FaultShares shares_;
    base::Random random_ = base::seeded_random(1);
};

}  // namespace simulator
