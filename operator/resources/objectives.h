// Objectives as rules of Prometheus: how much of what customers ask of the gateway fails or is slow, and when that calls
// somebody.
#pragma once

#include "api/platform.h"

namespace resources {

// `groups` of a PrometheusRule, for metrics that were read by a ServiceMonitor.
kube::Json rule_groups(const api::Platform& platform);

}  // namespace resources
