// The contract between operator and services: what a service finds in its environment and in its files.
#pragma once

#include <vector>

#include "api/platform.h"
#include "kube/json.h"
#include "resources/pod.h"

namespace resources {

std::vector<kube::Json> environment(const api::Platform& platform, const api::Service& service);

// Secrets are files, never variables: a variable shows in crash dumps and child processes, and cannot change while the pod runs.
std::vector<Mount> secret_mounts(const api::Platform& platform, const api::Service& service);

}  // namespace resources
