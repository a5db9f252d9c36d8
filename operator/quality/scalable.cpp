#include "api/names.h"
#include "quality/parts.h"
#include "quality/promises.h"

namespace quality {

namespace {

// Of the services that an autoscaler scales, what `judge` finds of each.
template <class Judge>
Findings of_scalers(const Case& of, Judge judge) {
    Findings findings;
    for (const api::Service& service : api::kServices) {
        const auto settings = of.platform.spec.services.find(service.key);
        if (settings == of.platform.spec.services.end() || !settings->second.autoscaling) continue;
        const std::string component(service.key);
        const std::string name = api::child_name(of.platform.key.name, component);
        const auto scaler = of.seen.scalers.find(component);
        if (scaler == of.seen.scalers.end() && of.seen.workload_of(component)) {
            findings.push_back(hurt(component, "HorizontalPodAutoscaler " + name + " does not exist", cure_of_objects(of)));
        } else if (scaler == of.seen.scalers.end() || !scaler->second.judged) {
            findings.push_back(unknown(component, "Kubernetes has not looked at its autoscaler yet",
                                       "Wait until kube-controller-manager does."));
        } else {
            findings.push_back(judge(component, name, scaler->second, settings->second.replicas));
        }
    }
    return findings;
}

std::string cure_of_scaler(const std::string& reason, const std::string& name, const std::string& ns) {
    if (reason == "AmbiguousSelector") {
        return "Delete the other HorizontalPodAutoscaler that scales the same pods: kubectl get hpa -n " + ns + ".";
    }
    if (reason == "ScalingDisabled") return "Scale Deployment " + name + " to one replica at least.";
    if (reason == "FailedGetPodsMetric") {
        return "Have the custom metrics API answer for the metrics of targets.podMetrics (kubectl get --raw "
               "/apis/custom.metrics.k8s.io), which a Prometheus adapter does.";
    }
    if (reason.starts_with("FailedGet") && reason != "FailedGetScale") {
        return "Have the metrics API answer (kubectl top pods -n " + ns + "), which metrics-server does.";
    }
    return "See kubectl describe hpa " + name + " -n " + ns + ".";
}

// For some seconds pods have no figures, so that after each rollout none has.
Finding unmeasured(const Case& of, const std::string& component) {
    const Workload* workload = of.seen.workload_of(component);
    if (workload && workload->rolls())
        return kept(component, "its rollout is under way, and it scales once the new pods are measured");
    return unknown(component, "the metrics API has no figures of its pods yet",
                   "Wait a minute where they have just started; else see to it that it gets them: kubectl top pods -n " +
                       of.platform.key.ns + ".");
}

}  // namespace

Findings autoscaler(const Case& of) {
    return of_scalers(of, [&](const std::string& component, const std::string& name, const Scaler& scaler, const api::Replicas&) {
        if (scaler.inactive.empty()) return kept(component, "it scales");
        if (scaler.unmeasured) return unmeasured(of, component);
        return hurt(component, "it does not scale: " + scaler.inactive,
                    cure_of_scaler(scaler.inactive, name, of.platform.key.ns));
    });
}

Findings headroom(const Case& of) {
    return of_scalers(
        of, [&](const std::string& component, const std::string& name, const Scaler& scaler, const api::Replicas& replicas) {
            if (scaler.unmeasured) return unmeasured(of, component);
            if (!scaler.inactive.empty()) {
                return unknown(component, "it does not scale, so that it is not known what load asks for",
                               cure_of_scaler(scaler.inactive, name, of.platform.key.ns));
            }
            const std::string maximum = std::to_string(replicas.max);
            if (!scaler.at_maximum) return kept(component, "load asks for no more than " + maximum + " replicas");
            return hurt(component, "load asks for more than its maximum of " + maximum + " replicas",
                        "Raise spec.services." + component + ".replicas.max.");
        });
}

Findings one_scaler(const Case& of) {
    Findings findings;
    bool any = false;
    bool shown = true;
    bool sizers_shown = true;
    for (const auto& [component, settings] : of.platform.spec.services) {
        any = any || settings.autoscaling || settings.vertical == api::Vertical::Auto;
        const std::optional<std::vector<std::string>> others = others_on(of, "HorizontalPodAutoscaler", component);
        shown = shown && others;
        if (others && !others->empty()) {
            const std::string which = "HorizontalPodAutoscaler " + in_short(*others);
            findings.push_back(
                hurt(component, which + ", which is not the platform's, scales its Deployment", "Delete " + which + "."));
        }
        const std::optional<std::vector<std::string>> sizers = others_on(of, "VerticalPodAutoscaler", component);
        sizers_shown = sizers_shown && sizers;
        if (sizers && !sizers->empty()) {
            const std::string which = "VerticalPodAutoscaler " + in_short(*sizers);
            findings.push_back(hurt(component, which + ", which is not the platform's, changes what its pods ask for",
                                    "Delete " + which + ", or set its updatePolicy.updateMode to Off."));
        }
        if (settings.vertical != api::Vertical::Auto || settings.is_sized_by_load()) continue;
        findings.push_back(
            hurt(component,
                 "an autoscaler counts by the requests that vertical Auto would change, so that its pods are left as they are",
                 "Set spec.services." + component + ".autoscaling to Disabled, or its vertical to Recommend."));
    }
    if (!findings.empty() || !any) return findings;
    if (!shown) return {not_shown("", "horizontalpodautoscalers")};
    if (!sizers_shown) return {not_shown("", "verticalpodautoscalers")};
    return {kept("", "what scales a service is alone with it")};
}

}  // namespace quality
