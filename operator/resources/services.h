// The six services.
#pragma once

#include "kube/object.h"
#include "resources/desired.h"

namespace resources {

kube::Objects service(const api::Platform& platform, const api::Service& service, const SecretDigests& secrets);

}  // namespace resources
