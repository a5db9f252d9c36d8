#include "quality/parts.h"
#include "quality/promises.h"

namespace quality {

Findings metrics(const Case& of) {
    if (of.platform.spec.metrics == api::Metrics::None) return {};
    if (of.platform.spec.metrics == api::Metrics::Annotations) {
        return {of_every_pod(
            of, is_service, [](const Pod& pod) { return pod.scraped; },
            "the pods of every service offer their metrics to Prometheus",
            "pods without the annotation prometheus.io/scrape: ", "Let the rollout finish that gives it to them.")};
    }
    for (const api::Problem& missing : of.seen.left_out) {
        if (missing.field != "spec.quality.observability.metrics") continue;
        return {hurt("", missing.message, "Install the Prometheus operator, or set " + missing.field + " to Annotations.")};
    }
    return {of_every_object(
        of, [](const Declared& object) { return object.kind == "ServiceMonitor" || object.kind == "PrometheusRule"; },
        "a ServiceMonitor offers the metrics of every service to Prometheus, a PrometheusRule the alerts")};
}

Findings logs(const Case& of) {
    return {of_every_object(
        of, [](const Declared& object) { return object.kind == "ConfigMap" && is_service(object.component); },
        "services are told to log as JSON from level " + of.platform.spec.configuration.log_level)};
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

}  // namespace quality
