// The data stores that the operator runs itself: nothing at all where the spec names an external one.
#pragma once

#include "kube/object.h"
#include "resources/desired.h"

namespace resources {

kube::Objects postgres(const api::Platform& platform, const SecretDigests& secrets);
kube::Objects redis(const api::Platform& platform, const SecretDigests& secrets);
kube::Objects rabbitmq(const api::Platform& platform, const SecretDigests& secrets);

}  // namespace resources
