#include "resources/objects.h"

#include <nlohmann/json.hpp>

namespace resources {

using kube::Json;

namespace {

kube::Object budget(const Component& self, const char* bound, int pods) {
    kube::Object object = owned_object(self, kube::kPodDisruptionBudget);
    object["spec"] = {
        {bound, pods}, {"unhealthyPodEvictionPolicy", "AlwaysAllow"}, {"selector", {{"matchLabels", selector_of(self)}}}};
    return object;
}

}  // namespace

// No pod of the platform talks to the API server.
kube::Object service_account(const Component& self) {
    kube::Object object = owned_object(self, kube::kServiceAccount);
    object["automountServiceAccountToken"] = false;
    return object;
}

kube::Object config_map(const Component& self, const std::map<std::string, std::string>& files) {
    kube::Object object = owned_object(self, kube::kConfigMap);
    object["data"] = files;
    return object;
}

Json service_ports(const std::vector<ServicePort>& ports) {
    Json json = Json::array();
    for (const ServicePort& port : ports) {
        json.push_back({{"name", port.name}, {"port", port.port}, {"targetPort", port.target}, {"protocol", "TCP"}});
    }
    return json;
}

kube::Object cluster_ip_service(const Component& self, const std::vector<ServicePort>& ports) {
    kube::Object object = owned_object(self, kube::kService);
    object["spec"] = {{"type", "ClusterIP"}, {"selector", selector_of(self)}, {"ports", service_ports(ports)}};
    return object;
}

kube::Object headless_service(const Component& self, const std::vector<ServicePort>& ports) {
    kube::Object object = owned_object(self, kube::kService, "headless");
    object["spec"] = {{"type", "ClusterIP"},
                      {"clusterIP", "None"},
                      {"publishNotReadyAddresses", true},
                      {"selector", selector_of(self)},
                      {"ports", service_ports(ports)}};
    return object;
}

kube::Object budget_min_available(const Component& self, int pods) {
    return budget(self, "minAvailable", pods);
}
kube::Object budget_max_unavailable(const Component& self, int pods) {
    return budget(self, "maxUnavailable", pods);
}

}  // namespace resources
