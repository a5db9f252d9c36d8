// What pods of the namespace must be like, whoever makes them, for the API server to take them.
#pragma once

#include "api/platform.h"
#include "kube/object.h"

namespace resources {

// A ValidatingAdmissionPolicy and its binding; nothing where the spec wants none.
kube::Objects admission(const api::Platform& platform);

}  // namespace resources
