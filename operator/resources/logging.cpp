#include "resources/logging.h"

#include <nlohmann/json.hpp>

#include "api/names.h"
#include "api/profile.h"
#include "resources/flows.h"
#include "resources/fluent_bit.h"
#include "resources/images.h"
#include "resources/pod.h"
#include "resources/probes.h"

namespace resources {

using kube::Json;

namespace {

constexpr const char* kProgram = "/fluent-bit/bin/fluent-bit";
constexpr const char* kFile = "fluent-bit.yaml";

// Where the kubelet keeps what containers write, and where an agent keeps how far it read: a new pod of it goes on from there. It
// sees no other folder of the node.
constexpr const char* kLogs = "/var/log/pods";
constexpr const char* kState = "/var/lib/ecommerceplatform";

constexpr int kRevisions = 5;

// Liveness asks whether it answers at all; its health is about what it could not deliver, which no restart mends.
constexpr Timing kStartup{2, 2, 30};
constexpr Timing kLiveness{10, 5, 6};
constexpr Timing kReadiness{5, 3, 3};

// Neither names of namespaces nor of pods have an underscore, so that no pattern takes the logs of another namespace.
std::string configuration(const api::Platform& platform, const std::string& state) {
    std::vector<LogSource> sources;
    for (const std::string& part : components_with_pods(platform)) {
        sources.push_back(
            {.component = part,
             .files = std::string(kLogs) + "/" + platform.key.ns + "_" + platform.key.name + "-*_*/" + part + "/*.log",
             .by_runtime = true});
    }
    return fluent_bit_configuration(platform, sources, state);
}

// An annotation that the container sees as a file: so the DaemonSet is all that there is in that namespace, and what its pods are
// told changes with them.
Mount told_by_annotation() {
    const std::string field = "metadata.annotations['" + std::string(api::kFluentBitAnnotation) + "']";
    const Json file{{"path", kFile}, {"fieldRef", {{"apiVersion", "v1"}, {"fieldPath", field}}}};
    return {.name = "config",
            .path = std::string(kConfigFolder),
            .source = {{"downwardAPI", {{"items", Json::array({file})}}}},
            .read_only = true,
            .secret = ""};
}

Pod agent(const api::Platform& platform) {
    const std::string state = std::string(kState) + "/" + log_agent_name(platform);
    Pod pod;
    pod.workload = Workload::Agent;
    pod.image = store_image(platform.spec, api::kFluentBit);
    pod.command = {kProgram};
    pod.args = {"--config=" + std::string(kConfigFolder) + "/" + kFile};
    pod.ports = {tcp_port("http", api::kFluentBitPort)};
    pod.compute = api::log_agent_compute();
    pod.mounts = {told_by_annotation(), node_folder("logs", kLogs, true), node_folder("state", state, false)};
    pod.startup = http_probe("/", "http", kStartup);
    pod.liveness = http_probe("/", "http", kLiveness);
    pod.readiness = http_probe("/api/v1/health", "http", kReadiness);
    pod.annotations = {{std::string(api::kFluentBitAnnotation), configuration(platform, state)}};
    return pod;
}

}  // namespace

std::string log_agent_name(const api::Platform& platform) {
    return cluster_name(platform, api::kFluentBit);
}

kube::Objects logging(const api::Platform& platform) {
    if (platform.spec.logging.agent != api::LogAgent::DaemonSet) return {};
    const Component self = component(platform, api::kFluentBit);
    kube::Object object = cluster_object(self, kube::kDaemonSet, log_agent_name(platform));
    object["metadata"]["namespace"] = platform.spec.logging.ns;
    // Another platform's may have the same name in its own namespace.
    const Json of_namespace{{std::string(api::kNamespaceLabel), platform.key.ns}};
    Json selector = selector_of(self);
    selector.update(of_namespace);
    Json pod = pod_template(self, agent(platform), {});
    pod["metadata"]["labels"].update(of_namespace);
    object["spec"] = {{"selector", {{"matchLabels", std::move(selector)}}},
                      {"updateStrategy", {{"type", "RollingUpdate"}}},
                      {"revisionHistoryLimit", kRevisions},
                      {"template", std::move(pod)}};
    return {std::move(object)};
}

}  // namespace resources
