// What scales a service.
#pragma once

#include "kube/object.h"
#include "resources/component.h"
#include "resources/desired.h"

namespace resources {

// Its HorizontalPodAutoscaler.
kube::Object autoscaler(const Component& self, const api::ServiceSettings& settings);

// The VerticalPodAutoscalers of those services that want one.
kube::Objects vertical_autoscalers(const api::Platform& platform, const Capabilities& capabilities);

}  // namespace resources
