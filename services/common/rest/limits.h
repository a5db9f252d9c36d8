// What keeps one slow or failing service from taking its callers down: a circuit breaker and a budget of retries. Without I/O.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>

#include "common/base/clock.h"

namespace rest {

// Counts the last `window` results. Once it is full and at least `failure_share` of them are failures, nothing passes for
// `open_time`; then one try does, whose result closes the breaker or opens it again. Safe from several threads.
class CircuitBreaker {
public:
    struct Policy {
        std::size_t window = 20;
        double failure_share = 0.5;
        base::Duration open_time{5'000};
    };
    using Ticket = std::uint64_t;
    enum class Result { Success, Failure, Unknown };  // Unknown: it says nothing about the other side.

    CircuitBreaker(Policy policy, const base::Clock& clock) : policy_(policy), clock_(clock) {}

    // Nothing: the call must not be made. Each ticket is to be given back.
    std::optional<Ticket> enter();
    // True where that has opened or closed the breaker. Results of calls from before the last change don't count.
    bool leave(Ticket ticket, Result result);
    bool open() const;

private:
    enum class State { Closed, Open, Probing };
    void change(State to);

    const Policy policy_;
    const base::Clock& clock_;
    mutable std::mutex mutex_;
    State state_ = State::Closed;
    Ticket current_ = 0;  // Grows with each change.
    base::SteadyTime reopens_at_{};
    std::deque<bool> failed_;
    std::size_t failures_ = 0;
};

// Bounds retries to a share of the successes, so that they don't multiply the load on a service that fails. Safe from several
// threads.
class RetryBudget {
public:
    RetryBudget(double tokens, double ratio) : most_(tokens), ratio_(ratio), tokens_(tokens) {}

    bool take();
    void give_back();  // After a success.

private:
    const double most_;
    const double ratio_;
    std::mutex mutex_;
    double tokens_;
};

}  // namespace rest
