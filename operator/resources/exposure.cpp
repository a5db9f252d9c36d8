#include "resources/exposure.h"

#include <nlohmann/json.hpp>

#include "resources/component.h"
#include "resources/objects.h"

namespace resources {

using kube::Json;

namespace {

kube::Object ingress(const Component& gateway, const api::Ingress& spec) {
    Json rule{
        {"http",
         {{"paths", Json::array({{{"path", "/"},
                                  {"pathType", "Prefix"},
                                  {"backend", {{"service", {{"name", name_of(gateway)}, {"port", {{"name", "http"}}}}}}}}})}}}};
    if (!spec.host.empty()) rule["host"] = spec.host;
    kube::Object object = owned_object(gateway, kube::kIngress);
    object["spec"] = {{"rules", Json::array({std::move(rule)})}};
    if (!spec.class_name.empty()) object["spec"]["ingressClassName"] = spec.class_name;
    if (!spec.tls_secret_name.empty()) {
        Json tls{{"secretName", spec.tls_secret_name}};
        if (!spec.host.empty()) tls["hosts"] = Json::array({spec.host});
        object["spec"]["tls"] = Json::array({std::move(tls)});
    }
    return object;
}

// The schema of a custom resource makes these lists atomic, so its defaults are written out.
kube::Object http_route(const Component& gateway, const api::Ingress& spec) {
    Json parent{{"group", "gateway.networking.k8s.io"}, {"kind", "Gateway"}, {"name", spec.parent_name}};
    if (!spec.parent_ns.empty()) parent["namespace"] = spec.parent_ns;
    kube::Object object = owned_object(gateway, kube::kHttpRoute);
    object["spec"] = {{"parentRefs", Json::array({std::move(parent)})},
                      {"rules", Json::array({{{"matches", Json::array({{{"path", {{"type", "PathPrefix"}, {"value", "/"}}}}})},
                                              {"backendRefs", Json::array({{{"group", ""},
                                                                            {"kind", "Service"},
                                                                            {"name", name_of(gateway)},
                                                                            {"port", api::kServicePort},
                                                                            {"weight", 1}}})}}})}};
    if (!spec.host.empty()) object["spec"]["hostnames"] = Json::array({spec.host});
    return object;
}

// A Service of its own: on the gateway's, the port of the metrics would be opened on every node as well.
kube::Object node_port_service(const Component& gateway, const api::Ingress& spec) {
    kube::Object object = owned_object(gateway, kube::kService, kNodePortSuffix);
    Json ports = service_ports({{"http", api::kServicePort, "http"}});
    if (spec.node_port > 0) ports[0]["nodePort"] = spec.node_port;
    object["spec"] = {{"type", "NodePort"}, {"selector", selector_of(gateway)}, {"ports", std::move(ports)}};
    return object;
}

}  // namespace

kube::Objects exposure(const api::Platform& platform, const Capabilities& capabilities) {
    const Component gateway = component(platform, api::kGateway.key);
    const api::Ingress& spec = platform.spec.ingress;
    switch (spec.kind) {
        case api::Exposure::None:
            return {};
        case api::Exposure::Ingress:
            return {ingress(gateway, spec)};
        case api::Exposure::NodePort:
            return {node_port_service(gateway, spec)};
        case api::Exposure::HttpRoute:
            if (!capabilities.contains(kube::kHttpRoute.resource())) return {};
            return {http_route(gateway, spec)};
    }
    return {};
}

}  // namespace resources
