#include "reconcile/standstill.h"

#include <chrono>

#include "api/components.h"
#include "api/names.h"
#include "quality/parts.h"
#include "reconcile/turn.h"
#include "resources/services.h"

namespace reconcile {

namespace {

// A log agent is made as soon as there is a node for it, and where that fails again after 5 ms and then twice as late each time
// (client-go's rate limiter): eleven times until then.
constexpr std::chrono::seconds kToBeMade{10};

base::Duration patience_with(std::string_view component, const quality::Workload& workload) {
    if (component == api::kFluentBit && workload.current < workload.desired) return kToBeMade;
    return resources::kProgressDeadline;
}

}  // namespace

std::optional<base::WallTime> Standstill::look_at(const kube::Key& platform, quality::Observed& observed, base::WallTime now) {
    std::optional<base::WallTime> next;
    for (auto& [component, workload] : observed.workloads) {
        if (quality::is_service(component)) continue;
        if (workload.is_whole()) {
            unchanged_.erase({platform, component});
            continue;
        }
        const Counts counts{workload.current, workload.updated, workload.available};
        auto& [before, since] = unchanged_.try_emplace({platform, component}, counts, now).first->second;
        if (before != counts) {
            before = counts;
            since = now;
        }
        const base::WallTime over = since + patience_with(component, workload);
        if (now < over) {
            next = earlier(next, over);
            continue;
        }
        if (workload.failure.empty()) workload.failure = "Kubernetes gets no further with its pods, as its events say";
        workload.passing = false;
    }
    return next;
}

void Standstill::forget(const kube::Key& platform) {
    std::erase_if(unchanged_, [&](const auto& each) { return each.first.first == platform; });
}

}  // namespace reconcile
