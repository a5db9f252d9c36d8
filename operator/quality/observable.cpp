#include "quality/parts.h"
#include "quality/promises.h"

namespace quality {

Findings metrics(const Case& of) {
    if (!of.platform.spec.scrape_annotations) return {};
    return {of_every_pod(
        of, is_service, [](const Pod& pod) { return pod.scraped; }, "the pods of every service offer their metrics to Prometheus",
        "pods without the annotation prometheus.io/scrape: ", "Let the rollout finish that gives it to them.")};
}

Findings logs(const Case& of) {
    return {of_every_object(
        of, [](const Declared& object) { return object.kind == "ConfigMap" && is_service(object.component); },
        "services are told to log as JSON from level " + of.platform.spec.configuration.log_level)};
}

Findings tracing(const Case& of) {
    const api::Tracing& tracing = of.platform.spec.tracing;
    if (tracing.endpoint.empty()) return {};
    return {of_every_object(
        of, [](const Declared& object) { return object.kind == "Deployment"; },
        "services are told to send " + std::to_string(tracing.sampling_percent) + " % of traces to " + tracing.endpoint)};
}

}  // namespace quality
