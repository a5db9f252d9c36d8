// Objectives as rules of Prometheus: how much of what customers ask of the gateway fails or is slow, and when that calls
// somebody.
#pragma once

#include <string>
#include <vector>

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

// Expressions for the gateway's spans of late that were taken where they are sent, and that were not.
struct Spans {
    std::string taken;
    std::string lost;
};
Spans spans(const api::Platform& platform);

// Expression for one series, with the label `service`, of each service of which some pod is read.
std::string services_read(const api::Platform& platform);

// Names of the alerts, in the order of the alphabet, each as often as it stands in the groups.
std::vector<std::string> alerts(const api::Platform& platform);

}  // namespace resources
