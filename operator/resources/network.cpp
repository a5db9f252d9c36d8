#include "resources/network.h"

#include <nlohmann/json.hpp>

#include "api/names.h"
#include "resources/component.h"
#include "resources/flows.h"

namespace resources {

using kube::Json;

namespace {

bool is_anywhere(const End& end) {
    return end.component.empty() && end.address.cidr.empty() && end.address.ns.empty();
}

Json peer(const api::Platform& platform, const End& end) {
    if (!end.component.empty()) return {{"podSelector", {{"matchLabels", selector_of(component(platform, end.component))}}}};
    if (!end.address.cidr.empty()) return {{"ipBlock", {{"cidr", end.address.cidr}}}};
    return {{"namespaceSelector", {{"matchLabels", {{"kubernetes.io/metadata.name", end.address.ns}}}}}};
}

Json ports(const std::vector<Port>& ports) {
    Json json = Json::array();
    for (const Port& port : ports) json.push_back({{"protocol", port.protocol}, {"port", port.number}});
    return json;
}

// The rules of one direction: peers with the same ports share a rule. A rule without peers lets anybody in, or out to anywhere.
Json rules(const api::Platform& platform, const std::vector<Flow>& flows, End Flow::*peer_of, const char* peers) {
    Json rules = Json::array();
    for (const Flow& flow : flows) {
        const Json on = ports(flow.ports);
        if (is_anywhere(flow.*peer_of)) {
            rules.push_back({{"ports", on}});
            continue;
        }
        Json* rule = nullptr;
        for (Json& existing : rules) {
            if (existing["ports"] == on && existing.contains(peers)) rule = &existing;
        }
        if (rule == nullptr) rule = &rules.emplace_back(Json{{"ports", on}, {peers, Json::array()}});
        (*rule)[peers].push_back(peer(platform, flow.*peer_of));
    }
    return rules;
}

kube::Object policy(const api::Platform& platform, const std::vector<Flow>& flows, const std::string& key) {
    std::vector<Flow> in;
    std::vector<Flow> out;
    for (const Flow& flow : flows) {
        if (flow.to.component == key) in.push_back(flow);
        if (flow.from.component == key) out.push_back(flow);
    }
    const Component self = component(platform, key);
    kube::Object object = owned_object(self, kube::kNetworkPolicy);
    object["spec"] = {{"podSelector", {{"matchLabels", selector_of(self)}}}, {"policyTypes", Json::array({"Ingress", "Egress"})}};
    if (!in.empty()) object["spec"]["ingress"] = rules(platform, in, &Flow::from, "from");
    if (!out.empty()) object["spec"]["egress"] = rules(platform, out, &Flow::to, "to");
    return object;
}

kube::Object default_deny(const api::Platform& platform) {
    kube::Object object = owned_object(component(platform, "default-deny"), kube::kNetworkPolicy);
    object["spec"] = {{"podSelector", {{"matchLabels", {{std::string(api::kPlatformLabel), platform.key.name}}}}},
                      {"policyTypes", Json::array({"Ingress", "Egress"})}};
    return object;
}

}  // namespace

kube::Objects network_policies(const api::Platform& platform) {
    if (!platform.spec.network_isolation) return {};
    const std::vector<Flow> all = flows(platform);
    kube::Objects objects{default_deny(platform)};
    for (const std::string& key : components_with_pods(platform)) objects.push_back(policy(platform, all, key));
    return objects;
}

}  // namespace resources
