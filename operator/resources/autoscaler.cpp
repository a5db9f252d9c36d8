#include "resources/autoscaler.h"

#include <nlohmann/json.hpp>

#include "kube/quantity.h"

namespace resources {

using kube::Json;

namespace {

// What is recommended lies between these, which the requests and limits of a service move where they lie beyond: else one that
// was cut would look as if the service asked for too little or too much. At least what sizing Small requests; at most half of a
// node with 4 cores and 8 GiB, so that no pod fills one.
const api::Amounts kLeast{"100m", "128Mi", ""};
const api::Amounts kMost{"2", "4Gi", ""};

std::int64_t size(const std::string& quantity) {
    return kube::quantity_millis(quantity).value_or(0);
}

// An amount that is not given counts for nothing.
std::string smaller(const std::string& bound, const std::string& own) {
    return own.empty() || size(bound) <= size(own) ? bound : own;
}
std::string larger(const std::string& bound, const std::string& own) {
    return size(bound) >= size(own) ? bound : own;
}

// Of the pod, which is its service, unless an agent is beside that: what it asks for would count, and it does not grow with load.
Json utilization(const Component& self, const char* resource, int percent) {
    const Json target{{"type", "Utilization"}, {"averageUtilization", percent}};
    if (self.platform.spec.logging.agent != api::LogAgent::Sidecar) {
        return {{"type", "Resource"}, {"resource", {{"name", resource}, {"target", target}}}};
    }
    return {{"type", "ContainerResource"},
            {"containerResource", {{"name", resource}, {"container", self.key}, {"target", target}}}};
}

Json of_each_pod(const std::string& name, const std::string& average) {
    return {{"type", "Pods"},
            {"pods", {{"metric", {{"name", name}}}, {"target", {{"type", "AverageValue"}, {"averageValue", average}}}}}};
}

Json policy(const char* type, int value, int period_seconds) {
    return {{"type", type}, {"value", value}, {"periodSeconds", period_seconds}};
}

// Up fast, as Kubernetes has it: within 15 s the pods double or grow by four, whichever is more.
Json scale_up(std::int64_t window_seconds) {
    return {{"stabilizationWindowSeconds", window_seconds},
            {"selectPolicy", "Max"},
            {"policies", Json::array({policy("Percent", 100, 15), policy("Pods", 4, 15)})}};
}

// Down slowly: half of the pods or two of them a minute, whichever is less, where Kubernetes lets all go at once, since a mistake
// downwards costs requests. From ten to the two of Production in four minutes.
Json scale_down(std::int64_t window_seconds) {
    return {{"stabilizationWindowSeconds", window_seconds},
            {"selectPolicy", "Min"},
            {"policies", Json::array({policy("Percent", 50, 60), policy("Pods", 2, 60)})}};
}

// Unless it is told to, the Vertical Pod Autoscaler leaves a pod that is the only one as it is.
Json update_policy(const api::ServiceSettings& settings) {
    if (!settings.is_sized_by_load()) return {{"updateMode", "Off"}};
    Json policy{{"updateMode", "Recreate"}};
    if (settings.least() < 2) policy["minReplicas"] = 1;
    return policy;
}

}  // namespace

kube::Object autoscaler(const Component& self, const api::ServiceSettings& settings) {
    const api::AutoscalerBehavior& behavior = self.platform.spec.autoscaler;
    Json metrics = Json::array();
    if (settings.cpu_percent > 0) metrics.push_back(utilization(self, "cpu", settings.cpu_percent));
    if (settings.memory_percent > 0) metrics.push_back(utilization(self, "memory", settings.memory_percent));
    for (const auto& [name, average] : settings.pod_metrics) metrics.push_back(of_each_pod(name, average));
    kube::Object object = owned_object(self, kube::kHorizontalPodAutoscaler);
    object["spec"] = {{"scaleTargetRef", {{"apiVersion", "apps/v1"}, {"kind", "Deployment"}, {"name", name_of(self)}}},
                      {"minReplicas", settings.replicas.min},
                      {"maxReplicas", settings.replicas.max},
                      {"metrics", std::move(metrics)},
                      {"behavior",
                       {{"scaleUp", scale_up(behavior.scale_up_window_seconds)},
                        {"scaleDown", scale_down(behavior.scale_down_window_seconds)}}}};
    return object;
}

kube::Objects vertical_autoscalers(const api::Platform& platform, const Capabilities& capabilities) {
    if (!capabilities.contains(kube::kVerticalPodAutoscaler.resource())) return {};
    kube::Objects objects;
    for (const api::Service& service : api::kServices) {
        const api::ServiceSettings& settings = platform.spec.services.at(std::string(service.key));
        if (settings.vertical == api::Vertical::None) continue;
        const auto& [requests, limits] = settings.compute;
        const Component self = component(platform, service.key);
        kube::Object object = owned_object(self, kube::kVerticalPodAutoscaler);
        object["spec"] = {
            {"targetRef", {{"apiVersion", "apps/v1"}, {"kind", "Deployment"}, {"name", name_of(self)}}},
            {"updatePolicy", update_policy(settings)},
            {"resourcePolicy",
             {{"containerPolicies",
               Json::array({{{"containerName", "*"},
                             {"controlledResources", {"cpu", "memory"}},
                             {"minAllowed",
                              {{"cpu", smaller(kLeast.cpu, requests.cpu)}, {"memory", smaller(kLeast.memory, requests.memory)}}},
                             {"maxAllowed",
                              {{"cpu", larger(kMost.cpu, limits.cpu)}, {"memory", larger(kMost.memory, limits.memory)}}}}})}}}};
        if (platform.spec.logging.agent == api::LogAgent::Sidecar) {
            object["spec"]["resourcePolicy"]["containerPolicies"].push_back(
                {{"containerName", api::kFluentBit}, {"mode", "Off"}});
        }
        objects.push_back(std::move(object));
    }
    return objects;
}

}  // namespace resources
