// The six services.
#pragma once

#include "kube/object.h"
#include "resources/desired.h"

namespace resources {

// How many pods the service has at the least, whoever sets their number.
int least_replicas(const api::ServiceSettings& settings);

kube::Objects service(const api::Platform& platform, const api::Service& service, const SecretDigests& secrets);

}  // namespace resources
