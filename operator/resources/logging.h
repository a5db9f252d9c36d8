// The Fluent Bit that takes a platform's logs to where they are kept.
#pragma once

#include "kube/object.h"
#include "resources/component.h"

namespace resources {

// "shop.shop-fluent-bit": platforms of several namespaces share the one that it lives in.
std::string log_agent_name(const api::Platform& platform);

// One object: with agent DaemonSet a pod on each node, in a namespace that an administrator prepared (config/logging). None else.
kube::Objects logging(const api::Platform& platform);

}  // namespace resources
