#include "resources/monitoring.h"

#include <nlohmann/json.hpp>

#include "api/components.h"
#include "api/names.h"
#include "resources/component.h"
#include "resources/objectives.h"

namespace resources {

using kube::Json;

namespace {

// Labels that the services give, such as `service`, must not be renamed, and a scrape ends well before the next one.
kube::Object service_monitor(const api::Platform& platform) {
    Json services = Json::array();
    for (const api::Service& service : api::kServices) services.push_back(service.key);
    kube::Object object = owned_object(component(platform, "metrics"), kube::kServiceMonitor);
    object["spec"] = {{"jobLabel", api::kAppLabel},
                      {"selector",
                       {{"matchLabels", {{std::string(api::kPlatformLabel), platform.key.name}}},
                        {"matchExpressions",
                         Json::array({{{"key", api::kComponentLabel}, {"operator", "In"}, {"values", std::move(services)}}})}}},
                      {"endpoints", Json::array({{{"port", "metrics"},
                                                  {"path", "/metrics"},
                                                  {"interval", "30s"},
                                                  {"scrapeTimeout", "10s"},
                                                  {"honorLabels", true}}})}};
    return object;
}

kube::Object prometheus_rule(const api::Platform& platform) {
    kube::Object object = owned_object(component(platform, "objectives"), kube::kPrometheusRule);
    object["spec"] = {{"groups", rule_groups(platform)}};
    return object;
}

}  // namespace

kube::Objects monitoring(const api::Platform& platform, const Capabilities& capabilities) {
    if (platform.spec.metrics != api::Metrics::ServiceMonitor) return {};
    kube::Objects objects;
    if (capabilities.contains(kube::kServiceMonitor.resource())) objects.push_back(service_monitor(platform));
    if (capabilities.contains(kube::kPrometheusRule.resource())) objects.push_back(prometheus_rule(platform));
    return objects;
}

}  // namespace resources
