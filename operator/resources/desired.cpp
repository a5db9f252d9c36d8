#include "resources/desired.h"

#include <algorithm>

#include "resources/access.h"
#include "resources/admission.h"
#include "resources/autoscaler.h"
#include "resources/budget.h"
#include "resources/dashboards.h"
#include "resources/databases.h"
#include "resources/exposure.h"
#include "resources/logging.h"
#include "resources/monitoring.h"
#include "resources/network.h"
#include "resources/priority.h"
#include "resources/prometheus.h"
#include "resources/services.h"
#include "resources/stores.h"
#include "resources/verification.h"

namespace resources {
namespace {

void append(kube::Objects& objects, kube::Objects more) {
    for (kube::Object& object : more) objects.push_back(std::move(object));
}

std::ptrdiff_t rank(const kube::Object& object) {
    const std::vector<kube::Kind>& kinds = kube::child_kinds();
    return std::find(kinds.begin(), kinds.end(), object.kind) - kinds.begin();
}

}  // namespace

kube::Objects desired(const api::Platform& platform, const SecretDigests& secrets, const Capabilities& capabilities) {
    kube::Objects objects = priority_classes(platform);
    append(objects, budget(platform));
    append(objects, access(platform));
    append(objects, admission(platform));
    append(objects, network_policies(platform));
    append(objects, postgres(platform, secrets));
    append(objects, redis(platform, secrets));
    append(objects, rabbitmq(platform, secrets));
    append(objects, provisioning(platform, secrets));
    append(objects, migrations(platform, secrets));
    for (const api::Service& each : api::kServices) append(objects, service(platform, each, secrets));
    append(objects, verification(platform, secrets, objects));
    append(objects, vertical_autoscalers(platform, capabilities));
    append(objects, exposure(platform, capabilities));
    append(objects, monitoring(platform, capabilities));
    append(objects, prometheus(platform));
    append(objects, dashboards(platform));
    append(objects, logging(platform));
    std::stable_sort(objects.begin(), objects.end(),
                     [](const kube::Object& a, const kube::Object& b) { return rank(a) < rank(b); });
    return objects;
}

std::string to_string(const LeftOut& missing) {
    return missing.consequence + ". " + missing.cure;
}

std::vector<LeftOut> left_out(const api::Platform& platform, const Capabilities& capabilities) {
    std::vector<LeftOut> missing;
    const auto lacks = [&](const kube::Kind& kind) { return !capabilities.contains(kind.resource()); };
    const auto words = [](const kube::Kind& kind, const char* consequence) {
        return std::string(kind.name) + ": the cluster does not serve " + kind.resource() + ", so " + consequence;
    };
    if (platform.spec.ingress.kind == api::Exposure::HttpRoute && lacks(kube::kHttpRoute)) {
        missing.push_back({"spec.ingress.kind", words(kube::kHttpRoute, "no request from outside reaches the gateway"),
                           "Install the Gateway API, or set spec.ingress.kind to Ingress.", true});
    }
    const auto wants_vertical = [](const auto& service) { return service.second.vertical != api::Vertical::None; };
    if (lacks(kube::kVerticalPodAutoscaler) && std::ranges::any_of(platform.spec.services, wants_vertical)) {
        missing.push_back({"spec.quality.scalability.vertical",
                           words(kube::kVerticalPodAutoscaler, "nobody recommends resources"),
                           "Install the Vertical Pod Autoscaler, or set vertical to None, in spec.quality.scalability and "
                           "wherever spec.services has it.",
                           false});
    }
    if (platform.spec.metrics == api::Metrics::ServiceMonitor) {
        constexpr const char* field = "spec.quality.observability.metrics";
        constexpr const char* cure = "Install the Prometheus operator, or set spec.quality.observability.metrics to Annotations.";
        if (lacks(kube::kServiceMonitor)) {
            missing.push_back({field, words(kube::kServiceMonitor, "nobody reads the metrics"), cure, false});
        }
        if (lacks(kube::kPrometheusRule)) {
            missing.push_back({field, words(kube::kPrometheusRule, "nobody is called when an objective is missed"), cure, false});
        }
    }
    return missing;
}

}  // namespace resources
