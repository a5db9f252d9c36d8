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
    std::string_view to_have;  // For a pod to go elsewhere.
    std::string_view looser;   // The value of spread that asks for less,
    std::string_view most;     // and the availability that does with it, in percent.
};

constexpr Domain kZones{"zone",
                        "in zone",
                        [](const Pod& pod) { return pod.on->zone; },
                        "nodes in another zone, with the label topology.kubernetes.io/zone, that take pods",
                        "Node",
                        api::kMostOfTwoHosts};
constexpr Domain kNodes{
    "node", "on node", [](const Pod& pod) { return pod.node; }, "another node that takes pods", "None", api::kMostOfOneMachine};

// A volume may be reached from one zone, or one node, alone, and a pod of a data store goes where its own is.
std::string cure_of_clump(const Case& of, const Part& part, const Domain& domain) {
    const std::string& objective = of.platform.spec.availability_percent;
    const bool is_needed = api::needed_for(objective).spread > api::needed_for(domain.most).spread;
    std::string cure = "Have " + std::string(domain.to_have) + ", and delete one of the pods";
    cure += part.is_data ? "; where it comes back to the same " + std::string(domain.one) +
                               ", as its volume is there, the data has to be moved"
                         : ", which then starts there";
    cure += "; or set spec.quality.reliability.spread to " + std::string(domain.looser);
    if (is_needed) cure += " and availabilityPercent to " + std::string(domain.most) + " at most";
    return cure + ".";
}

// A majority answers for a quorum; of a service, any replica does.
std::int64_t must_remain(const Part& part) {
    return part.is_data ? part.least / 2 + 1 : 1;
}

std::string look_at_pods(const Case& of) {
    return "Bring its replicas back to health: kubectl describe pods -n " + of.platform.key.ns +
           " -l ecommerceplatform.io/platform=" + of.platform.key.name + ".";
}

bool rolls(const Case& of, const Part& part) {
    const Workload* workload = of.seen.workload_of(part.name);
    return workload && workload->rolls();
}

using Places = std::map<std::string, std::int64_t>;  // To the pods there.

// Empty: they are apart enough.
std::string clump_of(const Places& pods, std::int64_t all, const Part& part, const Domain& domain) {
    const auto fullest = std::ranges::max_element(pods, {}, &Places::value_type::second);
    if (pods.size() == 1) return "all replicas run " + std::string(domain.where) + " " + fullest->first;
    if (all - fullest->second >= must_remain(part)) return "";
    return "the loss of " + std::string(domain.one) + " " + fullest->first + " leaves no majority";
}

// By the pods that are ready: one on a node that is cut off helps nobody. Where some are missing the cure is not to delete
// another.
Finding spread_of(const Case& of, const Part& part, const Domain& domain) {
    Places pods;
    std::int64_t all = 0;
    for (const Pod& pod : *of.seen.pods) {
        if (pod.component != part.name || !pod.ready) continue;
        if (!pod.on) return not_shown(part.name, "nodes");
        const std::string place = domain.of_pod(pod);
        if (place.empty()) {
            return unknown(part.name, "node " + pod.node + " does not say in which zone it is",
                           "Label the nodes with topology.kubernetes.io/zone.");
        }
        ++pods[place];
        ++all;
    }
    if (all == 0) return unknown(part.name, "no replica runs yet, or none is ready", "Wait until replicas run.");
    const std::string clump = clump_of(pods, all, part, domain);
    if (clump.empty()) {
        std::vector<std::string> places;
        for (const auto& each : pods) places.push_back(each.first);
        return kept(part.name, "runs " + std::string(domain.where) + "s " + listed(places));
    }
    if (rolls(of, part)) return kept(part.name, "its rollout is under way, until whose end replicas may be close to each other");
    const std::int64_t fewest = part.is_data ? part.least : 2;
    if (all < fewest) {
        return unknown(part.name, "fewer than " + std::to_string(fewest) + " replicas are ready, too few to be far enough apart",
                       look_at_pods(of));
    }
    return hurt(part.name, clump, cure_of_clump(of, part, domain));
}

Findings spread(const Case& of, const Domain& domain) {
    Findings findings;
    for (const Part& part : parts(of.platform)) {
        if (part.least < 2) continue;  // One is in one place.
        findings.push_back(of.seen.pods ? spread_of(of, part, domain) : not_shown(part.name, "pods"));
    }
    return findings;
}

bool wakes(const Case& of, const Part& part, const Workload& workload) {
    return of.seen.wakes && !part.is_data && workload.available > 0 && !workload.is_stuck();
}

Finding coming_back(const Part& part) {
    return unknown(part.name, "off hours have ended, and replicas come back", "Wait until they have.");
}

bool differs(const Case& of, const Part& part) {
    return std::ranges::any_of(of.seen.objects, [&](const Declared& object) {
        return object.kind == "PodDisruptionBudget" && object.component == part.name && object.state == Declared::State::Differs;
    });
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
        return hurt(
            part.name,
            "PodDisruptionBudget " + in_short(*others) + " selects its pods too, and with two Kubernetes refuses every eviction",
            "Delete PodDisruptionBudget " + in_short(*others) + ", or set its selector to other pods.");
    }
    if (!budget->second.failure.empty()) {
        return hurt(part.name, "Kubernetes can't compute its budget and allows no disruption: " + budget->second.failure,
                    "Remove what the message names: kubectl describe pdb " + api::child_name(of.platform.key.name, part.name) +
                        " -n " + of.platform.key.ns + ".");
    }
    if (!workload || !budget->second.judged) {
        return unknown(part.name, "Kubernetes has not looked at its budget yet", "Wait until kube-controller-manager does.");
    }
    if (budget->second.allows) return kept(part.name, "at least 1 disruption is allowed");
    if (workload->rolls()) return kept(part.name, "no disruption is allowed until the rollout is over");
    if (workload->is_whole() && !differs(of, part)) {
        return unknown(part.name, "Kubernetes has not counted all of its pods yet, so that no disruption is allowed",
                       "Wait until kube-controller-manager has.");
    }
    if (wakes(of, part, *workload)) return coming_back(part);
    return hurt(part.name, "no disruption is allowed, so that a drain of its nodes waits",
                differs(of, part) ? cure_of_objects(of) : look_at_pods(of));
}

// A rollout may take some of them away for as long as it lasts.
std::int64_t available_at_least(const Case& of, const Part& part, const Workload& workload) {
    if (!workload.rolls()) return part.least;
    if (of.platform.spec.recreates && !part.is_data) return 0;
    return std::max<std::int64_t>(part.least - (part.is_data ? 1 : of.platform.spec.max_unavailable), 1);
}

std::string cure_of_redundancy(const Case& of, const Part& part, const Workload& workload) {
    if (!workload.refused) return look_at_pods(of);
    return look_at_pods(of) + " Once nothing refuses them any more, Kubernetes may wait for minutes, and tries at once after " +
           "kubectl rollout restart deployment/" + api::child_name(of.platform.key.name, part.name) + " -n " +
           of.platform.key.ns + ".";
}

std::string in_rollout(std::int64_t least, std::int64_t otherwise) {
    if (least == 0) return "in which all replicas go before new ones come";
    return "in which " + std::to_string(least) + " of " + std::to_string(otherwise) + " replicas or more stay available";
}

Finding redundancy_of(const Case& of, const Part& part) {
    const Workload* workload = of.seen.workload_of(part.name);
    if (!workload) return unknown(part.name, "does not exist yet", "Wait until it does, or see the condition Stalled.");
    const std::int64_t least = available_at_least(of, part, *workload);
    if (workload->available < least) {
        if (wakes(of, part, *workload)) return coming_back(part);
        const std::string why = workload->failure.empty() ? "" : ": " + workload->failure;
        const std::string what = part.least < 2 ? "its one replica is not available"
                                                : "fewer than " + std::to_string(part.least) + " replicas are available";
        return hurt(part.name, what + why, cure_of_redundancy(of, part, *workload));
    }
    if (least < part.least) return kept(part.name, "its rollout is under way, " + in_rollout(least, part.least));
    // What the spec declares is kept. That this is no redundancy must be said all the same.
    if (part.least < 2) return kept(part.name, "its one replica is available, and nothing takes over while it is moved");
    return kept(part.name, "at least " + std::to_string(part.least) + " replicas are available");
}

// Each that is below, as validation takes no minimum above the maximum and no count outside of both.
std::string fields_below(const api::Replicas& replicas, int least) {
    std::vector<std::string> fields;
    if (replicas.min < least) fields.emplace_back("min");
    if (replicas.count < least) fields.emplace_back("count");
    if (replicas.max < least) fields.emplace_back("max");
    return listed(fields, " and ");
}

std::string cure_of_availability(const Case& of, const Part& part, int least) {
    const std::string enough = " to " + std::to_string(least);
    if (part.name == api::kPostgres) return "Use one that fails over (spec.data.postgres.external)";
    if (part.is_data) {
        // Of Redis the data would have to be resharded.
        const bool grows = part.name == api::kRabbitmq;
        return "Set spec.data." + part.name + ".managed.nodes" + enough + (grows ? "" : " when the platform is made anew");
    }
    if (of.platform.spec.rests) return "Set spec.quality.cost.offHours.replicas" + enough;
    const api::Replicas& replicas = of.platform.spec.services.find(part.name)->second.replicas;
    return "Set spec.services." + part.name + ".replicas." + fields_below(replicas, least) + enough;
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
        findings.push_back(hurt(part.name,
                                std::to_string(part.least) + " replica where " + objective + " % needs " + std::to_string(least),
                                cure_of_availability(of, part, least) + to_lower));
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
