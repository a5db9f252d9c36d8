// A Prometheus of the platform's own: one pod with one volume, which reads the services and has the alerts on the objectives.
#pragma once

#include "api/platform.h"
#include "kube/object.h"

namespace resources {

// None where the spec wants none.
kube::Objects prometheus(const api::Platform& platform);

}  // namespace resources
