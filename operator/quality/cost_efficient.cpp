#include "quality/parts.h"
#include "quality/promises.h"

namespace quality {

Findings limits(const Case& of) {
    return {of_every_pod(
        of, [](std::string_view) { return true; }, [](const Pod& pod) { return pod.bounded; },
        "every container has requests and limits", "containers without requests or limits of CPU and memory: ",
        "Give them some; where something else changes the pods of the platform, stop it.")};
}

Findings spot_placement(const Case& of) {
    Findings findings;
    for (const std::string& component : of.platform.spec.spot_components) {
        if (!of.seen.pods) {
            findings.push_back(not_shown(component, "pods"));
            continue;
        }
        int all = 0;
        int seen = 0;
        int spot = 0;
        for (const Pod& pod : *of.seen.pods) {
            if (pod.component != component) continue;
            ++all;
            if (!pod.on) continue;
            ++seen;
            if (pod.on->spot) ++spot;
        }
        if (all == 0) {
            findings.push_back(unknown(component, "no replica runs yet", "Wait until replicas run."));
        } else if (seen < all) {
            findings.push_back(not_shown(component, "nodes"));
        } else if (spot == all) {
            findings.push_back(kept(component, "all replicas run on spot nodes"));
        } else {
            findings.push_back(hurt(component, "not all replicas run on spot nodes",
                                    "Have nodes with room for them, labelled node-type=spot and tainted "
                                    "spot-instance=true:NoSchedule, and delete the pods that run elsewhere; or take " +
                                        component + " out of spec.quality.cost.spot.components."));
        }
    }
    return findings;
}

}  // namespace quality
