// Who gives way when a cluster is full.
#pragma once

#include <string>

#include "kube/object.h"
#include "resources/pod.h"

namespace resources {

// "shop.shop-data": cluster-scoped, so the platform's namespace is part of it.
std::string priority_class_name(const api::Platform& platform, Workload workload);

// Cluster-scoped and thus without an owner: the operator's finalizer removes them. None where the spec asks for none.
kube::Objects priority_classes(const api::Platform& platform);

}  // namespace resources
