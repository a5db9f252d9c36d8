// Who may do what with a platform: the roles of config/rbac/access.yaml, bound to the groups of the spec in its namespace.
#pragma once

#include "api/platform.h"
#include "kube/object.h"

namespace resources {

kube::Objects access(const api::Platform& platform);
// The ClusterRoles that they give.
std::vector<std::string> roles(const api::Platform& platform);

}  // namespace resources
