// When an object may be put back whole: at once, but not as quickly as someone who keeps adding the same may be.
#pragma once

#include <map>
#include <string>
#include <utility>

#include "common/base/clock.h"
#include "kube/object.h"

namespace reconcile {

// Kind and name.
using ObjectId = std::pair<std::string, kube::Key>;

// After each time the object has rest for 10 s, doubled each time up to an hour; once it stayed whole for as long again, it is as
// if it had never been.
class PutBacks {
public:
    explicit PutBacks(const base::Clock& clock) : clock_(clock) {}

    base::Duration wait(const ObjectId& object) const;  // Until it may be put back; none: now.
    void count(const ObjectId& object);                 // That it was.
    void forget(const ObjectId& object) { done_.erase(object); }

private:
    struct Done {
        int times = 0;
        base::Duration rest{};
        base::SteadyTime until{};
    };

    const base::Clock& clock_;
    std::map<ObjectId, Done> done_;
};

}  // namespace reconcile
