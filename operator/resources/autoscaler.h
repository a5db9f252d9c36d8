// The HorizontalPodAutoscaler of a service.
#pragma once

#include "kube/object.h"
#include "resources/component.h"

namespace resources {

kube::Object autoscaler(const Component& self, const api::ServiceSettings& settings);

}  // namespace resources
