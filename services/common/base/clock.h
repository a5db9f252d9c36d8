// Time as an argument: the real clock, and one for tests that moves when told.
#pragma once

#include <chrono>
#include <string>

namespace base {

using Duration = std::chrono::milliseconds;
using SteadyTime = std::chrono::time_point<std::chrono::steady_clock, Duration>;
using WallTime = std::chrono::time_point<std::chrono::system_clock, std::chrono::microseconds>;

class Clock {
public:
    virtual ~Clock() = default;
    virtual SteadyTime now() const = 0;  // For intervals.
    virtual WallTime wall() const = 0;   // For what people and other machines read.
};

class SystemClock final : public Clock {
public:
    SteadyTime now() const override;
    WallTime wall() const override;
};

class ManualClock final : public Clock {
public:
    SteadyTime now() const override { return now_; }
    WallTime wall() const override { return wall_; }
    void advance(Duration by) {
        now_ += by;
        wall_ += by;
    }

private:
    SteadyTime now_{};
    WallTime wall_{std::chrono::seconds{1'700'000'000}};
};

std::string rfc3339(WallTime time);        // "2026-01-02T03:04:05Z", as metav1.Time
std::string rfc3339_micro(WallTime time);  // "2026-01-02T03:04:05.678901Z", as metav1.MicroTime
// Throws nothing: WallTime{} for a text that is no such time.
WallTime wall_time_from(const std::string& text);

}  // namespace base
