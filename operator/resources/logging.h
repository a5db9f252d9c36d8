// The Fluent Bit that takes a platform's logs to where they are kept.
#pragma once

#include "kube/object.h"
#include "resources/component.h"
#include "resources/pod.h"

namespace resources {

// "shop.shop-fluent-bit": platforms of several namespaces share the one that it lives in.
std::string log_agent_name(const api::Platform& platform);

// A file of each service's ConfigMap, with agent Sidecar.
inline constexpr const char* kFluentBitFile = "fluent-bit.yaml";
std::string sidecar_configuration(const Component& service);

// Has a service's pod write its log to a file too, and gives it a Fluent Bit beside it that reads that.
void add_log_sidecar(const Component& service, Pod& pod);

// One object: with agent DaemonSet a pod on each node, in a namespace that an administrator prepared (config/logging). None else.
kube::Objects logging(const api::Platform& platform);

}  // namespace resources
