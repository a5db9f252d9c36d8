#include "api/off_hours.h"
#include "kube/quantity.h"
#include "quality/footprint.h"
#include "quality/parts.h"
#include "quality/promises.h"

namespace quality {

namespace {

// Whole mebibytes, above what is asked for.
std::string in_mebibytes(std::int64_t thousandths) {
    constexpr std::int64_t kUnit = 1000LL << 20;
    return std::to_string((thousandths + kUnit - 1) / kUnit) + "Mi";
}

void compare(Findings& findings, const api::Spec& spec, const std::string& field, const std::string& given, std::int64_t most,
             const std::string& words) {
    if (given.empty() || most <= kube::quantity_millis(given).value_or(0)) return;
    findings.push_back(
        hurt("", "with all services at their maximum " + words + " of " + field + " are asked for, the budget is " + given,
             "Raise spec.quality.cost.budget." + field + " to " + words + ", or lower " + maxima(spec, is_service) + "."));
}

void compare_cost(Findings& findings, const api::Spec& spec) {
    const double most = monthly_cost(spec, at_most);
    if (spec.budget.monthly.empty() || most <= std::stod(spec.budget.monthly)) return;
    findings.push_back(
        hurt("",
             "with all services at their maximum a month costs " + money(most) + " " + spec.prices.currency + ", the budget is " +
                 spec.budget.monthly,
             "Raise spec.quality.cost.budget.monthly to " + money(most) + ", or lower " + maxima(spec, is_service) + "."));
}

std::string in_steps(std::int64_t amount, std::int64_t step, std::int64_t unit, const char* suffix) {
    return std::to_string((amount + step - 1) / step * step / unit) + suffix;
}
std::string cpu_in_steps(std::int64_t millis) {
    return in_steps(millis, 25, 1, "m");
}
std::string memory_in_steps(std::int64_t thousandths) {
    constexpr std::int64_t kMebibyte = 1000LL << 20;
    return in_steps(thousandths, 32 * kMebibyte, kMebibyte, "Mi");
}

// Outside of its bounds the Vertical Pod Autoscaler makes a pod anew at once.
Finding sized_by_load(const Case& of, const std::string& component, const Recommendation& recommended) {
    if (!of.seen.pods) return not_shown(component, "pods");
    bool any = false;
    for (const Pod& pod : *of.seen.pods) {
        if (pod.component != component) continue;
        any = true;
        if (recommended.cpu.contain(pod.asked.cpu) && recommended.memory.contain(pod.asked.memory)) continue;
        return unknown(
            component, "not all of its pods ask for what is recommended yet",
            "Wait until the Vertical Pod Autoscaler has made them anew; where it never does, see to it that its updater and "
            "its admission controller run, or set spec.services." +
                component + ".vertical to Recommend.");
    }
    if (!any) return unknown(component, "no replica runs yet", "Wait until replicas run.");
    return kept(component, "its pods ask for what is recommended");
}

void compare_request(Findings& findings, const std::string& component, const std::string& resource, const std::string& request,
                     const Recommendation::Bounds& bounds, const std::string& recommended) {
    const std::int64_t asked = kube::quantity_millis(request).value_or(0);
    if (bounds.contain(asked)) return;
    findings.push_back(
        hurt(component, std::string("it asks for ") + (asked < bounds.least ? "less " : "more ") + resource + " than it needs",
             "Set spec.services." + component + ".resources.requests." + resource + " to " + recommended + "."));
}

}  // namespace

Findings budget(const Case& of) {
    const api::Spec spec = api::awake(of.platform.spec);
    if (!spec.budget.bounds_namespace() && spec.budget.monthly.empty()) return {};
    Findings findings;
    const Footprint most = at_most_while_rolling(spec);
    compare(findings, spec, "cpu", spec.budget.cpu, most.cpu, std::to_string(most.cpu) + "m");
    compare(findings, spec, "memory", spec.budget.memory, most.memory, in_mebibytes(most.memory));
    compare(findings, spec, "storage", spec.budget.storage, most.storage, in_mebibytes(most.storage));
    compare_cost(findings, spec);
    if (!findings.empty()) return findings;
    const std::string fits = "all services at their maximum fit into the budget";
    if (!spec.budget.bounds_namespace()) return {kept("", fits)};
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
        fits + ", which the namespace may not exceed")};
}

Findings limits(const Case& of) {
    return {of_every_pod(
        of, [](std::string_view) { return true; }, [](const Pod& pod) { return pod.bounded; },
        "every container has requests and limits", "containers without requests or limits of CPU and memory: ",
        "Give them some; where something else changes the pods of the platform, stop it.")};
}

// A recommendation changes with each minute of load: it is told in steps, and judged by its own bounds.
Findings right_sizing(const Case& of) {
    if (const auto missing = of_missing_api(of, "spec.quality.scalability.vertical")) return {*missing};
    Findings findings;
    for (const api::Service& service : api::kServices) {
        const std::string component(service.key);
        const auto settings = of.platform.spec.services.find(component);
        if (settings == of.platform.spec.services.end() || settings->second.vertical == api::Vertical::None) continue;
        const auto found = of.seen.recommendations.find(component);
        if (found == of.seen.recommendations.end() || !found->second.given) {
            findings.push_back(
                unknown(component, "nothing is recommended yet", "Wait until the Vertical Pod Autoscaler has seen some load."));
            continue;
        }
        if (settings->second.is_sized_by_load()) {
            findings.push_back(sized_by_load(of, component, found->second));
            continue;
        }
        const Recommendation& recommended = found->second;
        const std::size_t before = findings.size();
        compare_request(findings, component, "cpu", settings->second.compute.requests.cpu, recommended.cpu,
                        cpu_in_steps(recommended.cpu.target));
        compare_request(findings, component, "memory", settings->second.compute.requests.memory, recommended.memory,
                        memory_in_steps(recommended.memory.target));
        if (findings.size() == before) findings.push_back(kept(component, "it asks for about what is recommended"));
    }
    return findings;
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

Findings off_hours(const Case& of) {
    const api::Spec& spec = of.platform.spec;
    if (spec.off_hours.windows.empty()) return {};
    const int most = spec.off_hours.replicas;
    const std::string few = std::to_string(most) + (most == 1 ? " replica" : " replicas") + " but for load";
    return {of_every_object(
        of, [](const Declared& object) { return object.kind == "Deployment" || object.kind == "HorizontalPodAutoscaler"; },
        spec.rests ? "off hours are now: no service needs more than " + few
                   : "off hours are not now: then no service will need more than " + few)};
}

}  // namespace quality
