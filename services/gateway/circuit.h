// What keeps a broken upstream from being asked again and again: a circuit breaker and a budget for retries. No I/O; time comes
// in.
#pragma once

#include <chrono>
#include <cstdint>

namespace gateway {

using Steady = std::chrono::steady_clock;

// Opens when of the last calls half had no answer at all. An answer with an error status is an answer: it came quickly, and holds
// nobody up. For one thread.
class CircuitBreaker {
public:
    struct Rule {
        unsigned window = 20;  // Calls looked back at; at most 64.
        unsigned least = 10;   // Fewer than these say nothing.
        double failure_share = 0.5;
        Steady::duration open_time = std::chrono::seconds{2};  // Then one call may try.
    };
    CircuitBreaker() = default;
    explicit CircuitBreaker(Rule rule) : rule_(rule) {}

    // Whether a call may be made now. One that may must be told of by succeeded(), failed() or forget().
    bool admits(Steady::time_point now);
    void succeeded();
    void failed(Steady::time_point now);
    void forget();  // It said nothing about the upstream.
    bool is_open() const { return open_; }

private:
    void note(bool failure);

    Rule rule_{};
    std::uint64_t outcomes_ = 0;  // The newest is the lowest bit; 1: failed.
    unsigned known_ = 0;
    bool open_ = false;
    bool trying_ = false;
    Steady::time_point until_{};
};

// A token bucket as in gRPC's retry throttling (A6): a retry takes one, an answer gives a tenth back. So where much fails,
// retries add a tenth to the load at most. For one thread.
class RetryBudget {
public:
    bool take();
    void earn();

private:
    static constexpr double kMost = 10;
    static constexpr double kEarned = 0.1;
    double tokens_ = kMost;
};

}  // namespace gateway
