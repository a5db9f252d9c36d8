// Network policies: default deny, then the flows of the platform and nothing else.
#pragma once

#include "kube/object.h"
#include "resources/desired.h"

namespace resources {

// None where network isolation is off.
kube::Objects network_policies(const api::Platform& platform);

}  // namespace resources
