// What the StatefulSets of the data stores have in common.
#pragma once

#include "kube/object.h"
#include "resources/component.h"

namespace resources {

// The volume's name in the pod; claims are named data-shop-redis-0.
inline constexpr const char* kDataVolume = "data";

// How pods come up. Members of a cluster wait for each other, so they must start at the same time.
enum class Start { OneByOne, Together };

// Runs `store.nodes` pods of the template, each with a volume, behind the component's headless Service.
kube::Object stateful_set(const Component& self, const api::ManagedStore& store, Start start, kube::Json pod_template);

}  // namespace resources
