// How requests from outside reach the gateway.
#pragma once

#include "kube/object.h"
#include "resources/desired.h"

namespace resources {

// Suffix of the NodePort Service's name: "shop-gateway-nodeport".
inline constexpr std::string_view kNodePortSuffix = "nodeport";

kube::Objects exposure(const api::Platform& platform, const Capabilities& capabilities);

}  // namespace resources
