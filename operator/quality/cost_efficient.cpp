#include <algorithm>

#include "api/profile.h"
#include "kube/quantity.h"
#include "quality/parts.h"
#include "quality/promises.h"

namespace quality {

namespace {

// The most that may be at the same time, and what each asks for.
struct Pods {
    std::int64_t number;
    api::Compute compute;
};

std::vector<Pods> all_pods(const api::Spec& spec) {
    std::vector<Pods> all;
    for (const auto& [name, settings] : spec.services) {
        all.push_back({settings.most() + spec.max_surge, settings.compute});
    }
    for (const std::string_view store : api::kDataStores) {
        const api::DataStore& each = api::data_store(spec, store);
        if (!each.external) all.push_back({each.managed.nodes, each.managed.compute});
    }
    // Before a rollout each database has a Job, and all of them together one more.
    const auto migrated = std::ranges::count_if(api::kServices, [](const api::Service& each) { return !each.database.empty(); });
    all.push_back({migrated + (spec.postgres.external ? 0 : 1), api::job_compute()});
    return all;
}

std::int64_t millis(const std::string& quantity) {
    return kube::quantity_millis(quantity).value_or(0);
}

std::int64_t needed(const api::Spec& spec, std::string api::Amounts::*amount) {
    std::int64_t sum = 0;
    for (const Pods& pods : all_pods(spec)) sum += pods.number * millis(pods.compute.requests.*amount);
    return sum;
}

std::int64_t needed_storage(const api::Spec& spec) {
    std::int64_t sum = 0;
    for (const std::string_view store : api::kDataStores) {
        const api::DataStore& each = api::data_store(spec, store);
        if (!each.external) sum += each.managed.nodes * millis(each.managed.storage);
    }
    return sum;
}

// Whole mebibytes, above what is asked for.
std::string in_mebibytes(std::int64_t thousandths) {
    constexpr std::int64_t kUnit = 1000LL << 20;
    return std::to_string((thousandths + kUnit - 1) / kUnit) + "Mi";
}

void compare(Findings& findings, const std::string& field, const std::string& given, std::int64_t most,
             const std::string& words) {
    if (given.empty() || most <= millis(given)) return;
    findings.push_back(
        hurt("", "with all services at their maximum " + words + " of " + field + " are asked for, the budget is " + given,
             "Raise spec.quality.cost.budget." + field + " to " + words + ", or lower spec.quality.scalability.replicas.max."));
}

}  // namespace

Findings budget(const Case& of) {
    const api::Spec& spec = of.platform.spec;
    if (!spec.budget.is_given()) return {};
    Findings findings;
    const std::int64_t cpu = needed(spec, &api::Amounts::cpu);
    const std::int64_t memory = needed(spec, &api::Amounts::memory);
    const std::int64_t storage = needed_storage(spec);
    compare(findings, "cpu", spec.budget.cpu, cpu, std::to_string(cpu) + "m");
    compare(findings, "memory", spec.budget.memory, memory, in_mebibytes(memory));
    compare(findings, "storage", spec.budget.storage, storage, in_mebibytes(storage));
    if (!findings.empty()) return findings;
    for (const auto& [component, workload] : of.seen.workloads) {
        if (workload.failure.find("exceeded quota") == std::string::npos) continue;
        findings.push_back(
            hurt(component, "a ResourceQuota of the namespace refuses its pods",
                 "Delete what does not belong to the platform from the namespace, or raise the quota: kubectl describe "
                 "quota -n " +
                     of.platform.key.ns + "."));
    }
    if (!findings.empty()) return findings;
    return {of_every_object(
        of, [](const Declared& object) { return object.kind == "ResourceQuota" || object.kind == "LimitRange"; },
        "all services at their maximum fit into the budget, which the namespace may not exceed")};
}

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
