// Draws faults.
#include "simulator/faults.h"

namespace simulator {

void Faults::set(FaultShares shares) {
    const std::lock_guard lock(mutex_);
    shares_ = shares;
    random_ = base::seeded_random(shares.seed);
}

FaultShares Faults::shares() const {
    const std::lock_guard lock(mutex_);
    return shares_;
}

Fault Faults::draw() {
    const std::lock_guard lock(mutex_);
    Fault fault;
    // Three numbers each time, so that one share does not shift the sequence of another.
    if (random_() < shares_.slow) fault.slow_by = shares_.slow_by;
    fault.error_after = random_() < shares_.error_after;
    fault.lost = random_() < shares_.lost;
    return fault;
}

}  // namespace simulator
