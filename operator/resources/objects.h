// The small objects that accompany every workload.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "kube/object.h"
#include "resources/component.h"

namespace resources {

struct ServicePort {
    std::string name;
    int port;
    std::string target;  // Name of the container's port.
};

kube::Object service_account(const Component& self);
kube::Object config_map(const Component& self, const std::map<std::string, std::string>& files);
kube::Object cluster_ip_service(const Component& self, const std::vector<ServicePort>& ports);

// Gives each pod of a StatefulSet a name from its first moment, since members look for each other before they are ready; and
// tells all pods' addresses, whether they are ready or not.
kube::Object headless_service(const Component& self, const std::vector<ServicePort>& ports);

kube::Json service_ports(const std::vector<ServicePort>& ports);

// Both let go of pods that are not ready anyway, else a broken pod would hold back the drain of its node for ever.
kube::Object budget_min_available(const Component& self, int pods);
kube::Object budget_max_unavailable(const Component& self, int pods);

}  // namespace resources
