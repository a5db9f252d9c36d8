// Until when an answer is of use to whoever asked. Between processes it travels as a duration, since their clocks differ.
#pragma once

#include <algorithm>
#include <chrono>

#include "common/base/clock.h"

namespace base {

class Deadline {
public:
    static Deadline never() { return Deadline(Time::max()); }
    static Deadline in(Duration duration) { return Deadline(std::chrono::steady_clock::now() + duration); }

    // What is left, rounded down to milliseconds; nothing once it has passed.
    Duration left() const {
        if (at_ == Time::max()) return Duration::max();
        return std::max(Duration{0}, std::chrono::floor<Duration>(at_ - std::chrono::steady_clock::now()));
    }
    bool passed() const { return left() == Duration{0}; }

    // The sooner of this and that duration from now: a step never takes all of a longer deadline.
    Deadline at_most(Duration duration) const { return Deadline(std::min(at_, in(duration).at_)); }

    std::chrono::steady_clock::time_point time() const { return at_; }

private:
    using Time = std::chrono::steady_clock::time_point;
    explicit Deadline(Time at) : at_(at) {}

    Time at_;
};

}  // namespace base
