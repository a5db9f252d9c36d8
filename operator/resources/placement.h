// Where pods run: apart from each other, as the spec's spread asks, and on spot nodes where they may be interrupted.
#pragma once

#include "kube/json.h"
#include "resources/component.h"
#include "resources/pod.h"

namespace resources {

// Labels of pods that tell what kind of node suits them.
kube::Json placement_labels(const Component& self);

// Sets topologySpreadConstraints, affinity and tolerations of a pod's spec.
void place(const Component& self, Workload workload, kube::Json& pod_spec);

}  // namespace resources
