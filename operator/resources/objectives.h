// Objectives as rules of Prometheus: how much of what customers ask of the gateway fails or is slow, and when that calls
// somebody.
#pragma once

#include <string>

#include "api/platform.h"

namespace resources {

// `groups` of a PrometheusRule, for metrics with the labels that a ServiceMonitor gives.
kube::Json rule_groups(const api::Platform& platform);

// Expressions for the share of the gateway's requests of the last 5 minutes that failed, and that were slow.
struct Ratios {
    std::string failed;
    std::string slow;
};
Ratios ratios(const api::Platform& platform);

}  // namespace resources
