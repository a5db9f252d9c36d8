#include "common/rest/limits.h"

#include <algorithm>

namespace rest {

std::optional<CircuitBreaker::Ticket> CircuitBreaker::enter() {
    const std::lock_guard lock(mutex_);
    if (state_ == State::Probing) return std::nullopt;
    if (state_ == State::Open) {
        if (clock_.now() < reopens_at_) return std::nullopt;
        change(State::Probing);
    }
    return current_;
}

bool CircuitBreaker::leave(Ticket ticket, Result result) {
    const std::lock_guard lock(mutex_);
    if (ticket != current_) return false;
    if (state_ == State::Probing) {
        change(result == Result::Success ? State::Closed : State::Open);
        return true;
    }
    if (result == Result::Unknown) return false;
    failed_.push_back(result == Result::Failure);
    failures_ += failed_.back() ? 1 : 0;
    if (failed_.size() > policy_.window) {
        failures_ -= failed_.front() ? 1 : 0;
        failed_.pop_front();
    }
    const double limit = policy_.failure_share * static_cast<double>(policy_.window);
    if (failed_.size() < policy_.window || failures_ == 0 || static_cast<double>(failures_) < limit) return false;
    change(State::Open);
    return true;
}

bool CircuitBreaker::open() const {
    const std::lock_guard lock(mutex_);
    return state_ != State::Closed;
}

void CircuitBreaker::change(State to) {
    state_ = to;
    ++current_;
    failed_.clear();
    failures_ = 0;
    if (to == State::Open) reopens_at_ = clock_.now() + policy_.open_time;
}

bool RetryBudget::take() {
    const std::lock_guard lock(mutex_);
    if (tokens_ < 1) return false;
    tokens_ -= 1;
    return true;
}

void RetryBudget::give_back() {
    const std::lock_guard lock(mutex_);
    tokens_ = std::min(most_, tokens_ + ratio_);
}

}  // namespace rest
