// Dashboards for Grafana, of metrics that were read by a ServiceMonitor.
#pragma once

#include "kube/object.h"
#include "resources/desired.h"

namespace resources {

// A ConfigMap that Grafana's sidecar finds by its label; nothing where the spec wants none.
kube::Objects dashboards(const api::Platform& platform);

}  // namespace resources
