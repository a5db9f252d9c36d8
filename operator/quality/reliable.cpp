#include <algorithm>
#include <map>

#include "api/availability.h"
#include "api/names.h"
#include "quality/parts.h"
#include "quality/promises.h"

namespace quality {

namespace {

// What is to be lost without harm.
struct Domain {
    std::string_view one;    // "zone"
    std::string_view where;  // "in zone"
    std::string (*of_pod)(const Pod&);
    std::string_view cure;
};

constexpr Domain kZones{
    "zone", "in zone", [](const Pod& pod) { return pod.on->zone; },
    "Have nodes in another zone, with the label topology.kubernetes.io/zone, that take pods, and delete one of "
    "the pods, which then starts there; or set spec.quality.reliability.spread to Node."};
constexpr Domain kNodes{"node", "on node", [](const Pod& pod) { return pod.node; },
                        "Have another node that takes pods, and delete one of the pods, which then starts there; or set "
                        "spec.quality.reliability.spread to None."};

// A majority answers for a quorum; of a service, any replica does.
std::int64_t must_remain(const Part& part) {
    return part.is_data ? part.least / 2 + 1 : 1;
}

Finding spread_of(const Case& of, const Part& part, const Domain& domain) {
    std::map<std::string, std::int64_t> pods;  // By place.
    std::int64_t all = 0;
    for (const Pod& pod : *of.seen.pods) {
        if (pod.component != part.name) continue;
        if (!pod.on) return not_shown(part.name, "nodes");
        const std::string place = domain.of_pod(pod);
        if (place.empty()) {
            return unknown(part.name, "node " + pod.node + " does not say in which zone it is",
                           "Label the nodes with topology.kubernetes.io/zone.");
        }
        ++pods[place];
        ++all;
    }
    if (all == 0) return unknown(part.name, "no replica runs yet", "Wait until replicas run.");
    std::vector<std::string> places;
    const auto* fullest = &*pods.begin();
    for (const auto& each : pods) {
        places.push_back(each.first);
        if (each.second > fullest->second) fullest = &each;
    }
    const std::string where(domain.where);
    if (pods.size() == 1) return hurt(part.name, "all replicas run " + where + " " + places.front(), std::string(domain.cure));
    if (all - fullest->second < must_remain(part)) {
        return hurt(part.name, "the loss of " + std::string(domain.one) + " " + fullest->first + " leaves no majority",
                    std::string(domain.cure));
    }
    return kept(part.name, "runs " + where + "s " + listed(places));
}

Findings spread(const Case& of, const Domain& domain) {
    Findings findings;
    for (const Part& part : parts(of.platform)) {
        if (part.least < 2) continue;  // One is in one place.
        findings.push_back(of.seen.pods ? spread_of(of, part, domain) : not_shown(part.name, "pods"));
    }
    return findings;
}

std::string look_at_pods(const Case& of) {
    return "Bring its replicas back to health: kubectl describe pods -n " + of.platform.key.ns +
           " -l ecommerceplatform.io/platform=" + of.platform.key.name + ".";
}

Finding budget_of(const Case& of, const Part& part) {
    const auto budget = of.seen.budgets.find(part.name);
    const Workload* workload = of.seen.workload_of(part.name);
    if (budget == of.seen.budgets.end()) {
        const std::string name = api::child_name(of.platform.key.name, part.name);
        return hurt(part.name, "PodDisruptionBudget " + name + " does not exist", cure_of_objects(of));
    }
    const std::optional<std::vector<std::string>> others = others_on(of, "PodDisruptionBudget", part.name);
    if (!others) return not_shown(part.name, "poddisruptionbudgets");
    if (!others->empty()) {
        return hurt(part.name,
                    "PodDisruptionBudget " + in_short(*others) + " selects its pods too, and of two Kubernetes obeys none",
                    "Delete PodDisruptionBudget " + in_short(*others) + ", or set its selector to other pods.");
    }
    if (!workload || !budget->second.judged) {
        return unknown(part.name, "Kubernetes has not looked at its budget yet", "Wait until kube-controller-manager does.");
    }
    if (budget->second.allows) return kept(part.name, "at least 1 disruption is allowed");
    if (workload->rolls()) return kept(part.name, "no disruption is allowed until the rollout is over");
    return hurt(part.name, "no disruption is allowed, so that a drain of its nodes waits", look_at_pods(of));
}

// A rollout may take some of them away for as long as it lasts.
std::int64_t available_at_least(const Case& of, const Part& part, const Workload& workload) {
    if (!workload.rolls()) return part.least;
    if (of.platform.spec.recreates && !part.is_data) return 0;
    return std::max<std::int64_t>(part.least - (part.is_data ? 1 : of.platform.spec.max_unavailable), 1);
}

Finding redundancy_of(const Case& of, const Part& part) {
    const Workload* workload = of.seen.workload_of(part.name);
    if (!workload) return unknown(part.name, "does not exist yet", "Wait until it does, or see the condition Stalled.");
    if (workload->available < available_at_least(of, part, *workload)) {
        const std::string why = workload->failure.empty() ? "" : ": " + workload->failure;
        const std::string what = part.least < 2 ? "its one replica is not available"
                                                : "fewer than " + std::to_string(part.least) + " replicas are available";
        return hurt(part.name, what + why, look_at_pods(of));
    }
    // What the spec declares is kept. That this is no redundancy must be said all the same.
    if (part.least < 2) return kept(part.name, "its one replica is available, and nothing takes over while it is moved");
    return kept(part.name, "at least " + std::to_string(part.least) + " replicas are available");
}

}  // namespace

Findings zone_spread(const Case& of) {
    return of.platform.spec.spread == api::Spread::Zone ? spread(of, kZones) : Findings{};
}

Findings node_spread(const Case& of) {
    return of.platform.spec.spread == api::Spread::Node ? spread(of, kNodes) : Findings{};
}

// With one replica there is no budget: it would protect nothing and hold back every drain.
Findings disruption_budget(const Case& of) {
    Findings findings;
    for (const Part& part : parts(of.platform)) {
        if (part.least > 1) findings.push_back(budget_of(of, part));
    }
    return findings;
}

// A service may have been given fewer replicas than the objective needs. Of a data store more are needed for a majority, and
// PostgreSQL, which is one here, fails over only where something else runs it.
Findings availability(const Case& of) {
    const std::string& objective = of.platform.spec.availability_percent;
    if (objective.empty()) return {};
    const api::Availability needed = api::needed_for(objective);
    Findings findings;
    for (const Part& part : parts(of.platform)) {
        const int least = part.is_data && needed.replicas > 1 ? 3 : needed.replicas;
        if (part.least >= least) continue;
        const std::string to_lower = ", or lower spec.quality.reliability.availabilityPercent.";
        const std::string cure =
            part.name == api::kPostgres ? "Use one that fails over (spec.data.postgres.external)"
            : part.is_data              ? "Set spec.data." + part.name + ".managed.nodes to 3 when the platform is made anew"
            : of.platform.spec.rests    ? "Set spec.quality.cost.offHours.replicas to " + std::to_string(least)
                                        : "Set spec.services." + part.name + ".replicas.min to " + std::to_string(least);
        findings.push_back(hurt(part.name,
                                std::to_string(part.least) + " replica where " + objective + " % needs " + std::to_string(least),
                                cure + to_lower));
    }
    if (findings.empty()) findings.push_back(kept("", "every part has the replicas that " + objective + " % needs"));
    return findings;
}

Findings redundancy(const Case& of) {
    Findings findings;
    for (const Part& part : parts(of.platform)) findings.push_back(redundancy_of(of, part));
    return findings;
}

}  // namespace quality
