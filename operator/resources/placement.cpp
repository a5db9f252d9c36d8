#include "resources/placement.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace resources {

using kube::Json;

namespace {

constexpr std::string_view kZone = "topology.kubernetes.io/zone";
constexpr std::string_view kHost = "kubernetes.io/hostname";

bool runs_on_spot(const Component& self) {
    const std::vector<std::string>& spot = self.platform.spec.spot_components;
    return std::find(spot.begin(), spot.end(), self.key) != spot.end();
}

// ScheduleAnyway: a zone that is full or gone must not keep replicas from running elsewhere. Not so the nodes of a data store:
// volumes hold them where they once began, and of three nodes two on one machine are no quorum without it.
Json spread_over(std::string_view topology, const Component& self, Workload workload) {
    const bool binds = workload == Workload::Data && topology == kHost;
    Json constraint{{"topologyKey", topology},
                    {"maxSkew", 1},
                    {"whenUnsatisfiable", binds ? "DoNotSchedule" : "ScheduleAnyway"},
                    {"labelSelector", {{"matchLabels", selector_of(self)}}}};
    // Pods of the old ReplicaSet are about to go: counting them would leave the new ones uneven after a rollout.
    if (workload == Workload::Service) constraint["matchLabelKeys"] = Json::array({"pod-template-hash"});
    return constraint;
}

Json away_from_own_kind(const Component& self) {
    return {{"preferredDuringSchedulingIgnoredDuringExecution",
             Json::array(
                 {{{"weight", 100},
                   {"podAffinityTerm", {{"labelSelector", {{"matchLabels", selector_of(self)}}}, {"topologyKey", kHost}}}}})}};
}

Json to_spot_nodes() {
    return Json::array({{{"key", "spot-instance"}, {"operator", "Equal"}, {"value", "true"}, {"effect", "NoSchedule"}}});
}

Json towards_spot_nodes() {
    return {
        {"preferredDuringSchedulingIgnoredDuringExecution",
         Json::array({{{"weight", 100},
                       {"preference",
                        {{"matchExpressions",
                          Json::array({{{"key", "node-type"}, {"operator", "In"}, {"values", Json::array({"spot"})}}})}}}}})}};
}

}  // namespace

Json placement_labels(const Component& self) {
    if (!runs_on_spot(self)) return Json::object();
    return {{"workload-type", "non-critical"}};
}

void place(const Component& self, Workload workload, Json& pod_spec) {
    if (workload == Workload::Agent) {
        // Wherever pods of the platform may be; what else a node is tainted with keeps those away too.
        if (!self.platform.spec.spot_components.empty()) pod_spec["tolerations"] = to_spot_nodes();
        return;
    }
    if (workload == Workload::Job) return;  // It runs alone and ends soon.
    const api::Spread spread = self.platform.spec.spread;
    if (spread != api::Spread::None) {
        Json constraints = Json::array();
        if (spread == api::Spread::Zone) constraints.push_back(spread_over(kZone, self, workload));
        constraints.push_back(spread_over(kHost, self, workload));
        pod_spec["topologySpreadConstraints"] = std::move(constraints);
        pod_spec["affinity"]["podAntiAffinity"] = away_from_own_kind(self);
    }
    if (runs_on_spot(self)) {
        pod_spec["affinity"]["nodeAffinity"] = towards_spot_nodes();
        pod_spec["tolerations"] = to_spot_nodes();
    }
}

}  // namespace resources
