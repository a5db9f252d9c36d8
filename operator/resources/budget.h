// Bounds on what the platform's namespace may ask of the cluster.
#pragma once

#include "api/platform.h"
#include "kube/object.h"

namespace resources {

kube::Objects budget(const api::Platform& platform);

}  // namespace resources
