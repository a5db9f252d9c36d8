// What a service reads from CONFIG_FILE, again on each change.
#pragma once

#include <string>
#include <string_view>

#include "api/platform.h"

namespace resources {

inline constexpr std::string_view kConfigFile = "config.yaml";

// How long a service goes on with what it has begun after SIGTERM; what is left then is cut. Far above what requests take, below
// the 30 s after which Kubernetes' own default would kill.
inline constexpr int kDrainSeconds = 20;

std::string configuration(const api::Spec& spec, const api::Service& service);

}  // namespace resources
