#include "reconcile/put_backs.h"

#include <algorithm>

#include "common/base/backoff.h"

namespace reconcile {

namespace {

const base::BackoffPolicy kRest{base::Duration{10'000}, base::Duration{3'600'000}, base::Jitter::None};

}  // namespace

base::Duration PutBacks::wait(const ObjectId& object) const {
    const auto found = done_.find(object);
    if (found == done_.end()) return {};
    return std::max(base::Duration::zero(), found->second.until - clock_.now());
}

void PutBacks::count(const ObjectId& object) {
    Done& done = done_[object];
    const base::SteadyTime now = clock_.now();
    if (now >= done.until + done.rest) done.times = 0;
    done.rest = base::backoff_delay(kRest, ++done.times, nullptr);
    done.until = now + done.rest;
}

}  // namespace reconcile
