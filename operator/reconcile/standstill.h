// Tells of StatefulSets and DaemonSets that get no further. Of a Deployment Kubernetes says so itself; of these it says neither
// that, nor that a pod of theirs can't be made, while there may be no pod to look at either.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "common/base/clock.h"
#include "kube/object.h"
#include "quality/observed.h"

namespace reconcile {

class Standstill {
public:
    // Those of `observed` that have stood still for too long have a failure from then on. Returns when the next has.
    std::optional<base::WallTime> look_at(const kube::Key& platform, quality::Observed& observed, base::WallTime now);
    void forget(const kube::Key& platform);

private:
    using Counts = std::array<std::int64_t, 3>;  // Of the pods that are there, up to date and available.

    // Since when a platform's component has had so many, and not all that there are to be.
    std::map<std::pair<kube::Key, std::string>, std::pair<Counts, base::WallTime>> unchanged_;
};

}  // namespace reconcile
