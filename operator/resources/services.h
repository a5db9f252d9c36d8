// The six services.
#pragma once

#include <chrono>

#include "kube/object.h"
#include "resources/desired.h"

namespace resources {

// For which a rollout may stand still. Pulling an image and a whole start-up probe fit in twice; Kubernetes' default of 600 s
// tells of a stuck one late.
inline constexpr std::chrono::minutes kProgressDeadline{5};

kube::Objects service(const api::Platform& platform, const api::Service& service, const SecretDigests& secrets);

}  // namespace resources
