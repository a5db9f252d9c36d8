#include "api/names.h"
#include "api/profile.h"
#include "quality/parts.h"
#include "quality/promises.h"

namespace quality {

namespace {

// That it reads them is not observed.
Finding own_prometheus(const Case& of) {
    const std::string name(api::kPrometheus);
    Finding objects = of_every_object(
        of,
        [](const Declared& object) {
            const bool tells_addresses = object.kind == "Service" && object.name.ends_with("-headless");
            return object.component == api::kPrometheus || (is_service(object.component) && tells_addresses);
        },
        "the platform's own Prometheus is ready; it is told to read every service, and has the alerts");
    if (objects.held != Held::True) return objects;
    const Workload* workload = of.seen.workload_of(name);
    if (!workload || workload->observed_generation < workload->generation) {
        return unknown("", "the platform's own Prometheus has not been started yet", "Wait until it is.");
    }
    if (workload->is_whole()) return objects;
    return hurt("", "the platform's own Prometheus is not ready" + (workload->failure.empty() ? "" : ": " + workload->failure),
                "Bring its pod back to health: kubectl describe pod -n " + of.platform.key.ns + " " +
                    api::child_name(of.platform.key.name, name) + "-0.");
}

std::string agent_off() {
    return "set spec.quality.observability.logging.agent to None";
}

// What the administrator's folder makes of the namespace.
std::string prepared(const std::string& ns) {
    const std::string command = "kubectl apply --server-side -k config/logging";
    return ns == api::kLoggingNamespace ? command : command + ", with namespace " + ns + " in its kustomization.yaml";
}

Finding agent_on_each_node(const Case& of) {
    const api::Logging& logging = of.platform.spec.logging;
    if (!of.seen.log_agent_refused.empty()) {
        return hurt(
            "",
            "logs stay on their nodes, since no Fluent Bit can run in namespace " + logging.ns + ": " + of.seen.log_agent_refused,
            "Have an administrator of the cluster prepare it: " + prepared(logging.ns) + "; or " + agent_off() + ".");
    }
    Finding object = of_every_object(
        of, [](const Declared& each) { return each.component == api::kFluentBit; },
        "a Fluent Bit is ready on every node, and told to take the logs to " + logging.endpoint);
    if (object.held != Held::True) return object;
    const Workload* workload = of.seen.workload_of(api::kFluentBit);
    if (!workload || workload->observed_generation < workload->generation || workload->desired == 0) {
        return unknown("", "no node has been told to run a Fluent Bit yet", "Wait until one is.");
    }
    if (workload->available >= workload->desired && workload->updated >= workload->desired) return object;
    return hurt("", "not every node has a Fluent Bit that is ready",
                "Bring its pods to health, which it names: kubectl describe daemonset,pods -n " + logging.ns + " -l " +
                    std::string(api::kNamespaceLabel) + "=" + of.platform.key.ns + ".");
}

}  // namespace

Findings metrics(const Case& of) {
    if (of.platform.spec.prometheus) return {own_prometheus(of)};
    if (of.platform.spec.metrics == api::Metrics::None) return {};
    if (of.platform.spec.metrics == api::Metrics::Annotations) {
        return {of_every_pod(
            of, is_service, [](const Pod& pod) { return pod.scraped; },
            "the pods of every service offer their metrics to Prometheus",
            "pods without the annotation prometheus.io/scrape: ", "Let the rollout finish that gives it to them.")};
    }
    if (const auto missing = of_missing_api(of, "spec.quality.observability.metrics")) return {*missing};
    return {of_every_object(
        of, [](const Declared& object) { return object.kind == "ServiceMonitor" || object.kind == "PrometheusRule"; },
        "a ServiceMonitor offers the metrics of every service to Prometheus, a PrometheusRule the alerts")};
}

Findings logs(const Case& of) {
    return {of_every_object(
        of, [](const Declared& object) { return object.kind == "ConfigMap" && is_service(object.component); },
        "services are told to log as " + of.platform.spec.configuration.log_format + " from level " +
            of.platform.spec.configuration.log_level)};
}

Findings dashboards(const Case& of) {
    if (!of.platform.spec.dashboards) return {};
    return {of_every_object(
        of, [](const Declared& object) { return object.component == "dashboards"; }, "the dashboards are there for Grafana")};
}

Findings tracing(const Case& of) {
    const api::Tracing& tracing = of.platform.spec.tracing;
    if (tracing.endpoint.empty()) return {};
    return {of_every_object(
        of, [](const Declared& object) { return object.kind == "Deployment"; },
        "services are told to send " + std::to_string(tracing.sampling_percent) + " % of traces to " + tracing.endpoint)};
}

Findings log_shipping(const Case& of) {
    Findings findings;
    switch (of.platform.spec.logging.agent) {
        case api::LogAgent::DaemonSet:
            return {agent_on_each_node(of)};  // Whose words those of a refusal are.
        case api::LogAgent::Sidecar:
            findings.push_back(of_every_pod(
                of, is_service, [](const Pod& pod) { return pod.shipped; },
                "beside every service runs a Fluent Bit, told to take its logs to " + of.platform.spec.logging.endpoint,
                "pods without a Fluent Bit that runs: ",
                "Let the rollout finish that gives it to them, or see why it fails: kubectl logs -n " + of.platform.key.ns +
                    " POD -c " + std::string(api::kFluentBit) + "."));
            break;
        case api::LogAgent::None:
            break;
    }
    if (!of.seen.log_agent_refused.empty()) {
        findings.push_back(hurt("", "the DaemonSet of before is still there: " + of.seen.log_agent_refused,
                                "Give the operator its rights back, or delete the DaemonSet."));
    }
    return findings;
}

}  // namespace quality
