// Counts calls and decides about the next.
#include "gateway/circuit.h"

#include <algorithm>
#include <bit>

namespace gateway {

bool CircuitBreaker::admits(Steady::time_point now) {
    if (!open_) return true;
    if (now < until_) return false;
    if (trying_) return false;
    trying_ = true;
    return true;
}

void CircuitBreaker::note(bool failure) {
    outcomes_ = (outcomes_ << 1) | (failure ? 1U : 0U);
    if (rule_.window < 64) outcomes_ &= (std::uint64_t{1} << rule_.window) - 1;
    known_ = std::min(known_ + 1, rule_.window);
}

void CircuitBreaker::succeeded() {
    if (open_) {
        if (!trying_) return;  // Sent before it opened: what is known since counts more.
        open_ = trying_ = false;
        outcomes_ = known_ = 0;
    }
    note(false);
}

void CircuitBreaker::failed(Steady::time_point now) {
    if (open_) {
        if (trying_) until_ = now + rule_.open_time;
        trying_ = false;
        return;
    }
    note(true);
    const auto failures = static_cast<double>(std::popcount(outcomes_));
    if (known_ >= rule_.least && failures >= rule_.failure_share * known_) {
        open_ = true;
        trying_ = false;
        until_ = now + rule_.open_time;
    }
}

void CircuitBreaker::forget() {
    trying_ = false;
}

bool RetryBudget::take() {
    if (tokens_ < 1) return false;
    tokens_ -= 1;
    return true;
}

void RetryBudget::earn() {
    tokens_ = std::min(kMost, tokens_ + kEarned);
}

}  // namespace gateway
