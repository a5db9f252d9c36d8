// For a cluster with the Prometheus operator: which pods are read, and when somebody is called.
#pragma once

#include "kube/object.h"
#include "resources/desired.h"

namespace resources {

// None where the spec wants no ServiceMonitor. Each object needs its own API among the capabilities.
kube::Objects monitoring(const api::Platform& platform, const Capabilities& capabilities);

}  // namespace resources
