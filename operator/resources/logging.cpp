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

// Where the kubelet keeps what containers write, and where an agent keeps how far it read and what waits: a new pod of it goes on
// from there, and what is left of a platform that went stays on the node. It sees no other folder.
constexpr const char* kLogs = "/var/log/pods";
constexpr const char* kState = "/var/lib/ecommerceplatform";

// In a service's pod. Two files of 16 MiB (services/common/base/log_file.h) and a few lines more; what waits for the endpoint
// (fluent_bit.cpp) and its index. Both go with the pod, after it has had its grace to deliver the rest.
constexpr const char* kServiceLogs = "/var/log/ecommerce";
constexpr const char* kServiceLog = "/var/log/ecommerce/service.log";
constexpr const char* kSidecarState = "/var/lib/fluent-bit";
constexpr const char* kServiceLogsSize = "48Mi";
constexpr const char* kSidecarStateSize = "128Mi";

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
    const Json file{{"path", kFluentBitFile}, {"fieldRef", {{"apiVersion", "v1"}, {"fieldPath", field}}}};
    return {.name = "config",
            .path = std::string(kConfigFolder),
            .source = {{"downwardAPI", {{"items", Json::array({file})}}}},
            .read_only = true,
            .secret = ""};
}

Pod fluent_bit(const api::Platform& platform) {
    Pod pod;
    pod.image = program_image(platform.spec, api::kFluentBit);
    pod.command = {kProgram};
    pod.args = {"--config=" + std::string(kConfigFolder) + "/" + kFluentBitFile};
    pod.compute = api::log_agent_compute();
    return pod;
}

Pod agent(const api::Platform& platform) {
    const std::string state = std::string(kState) + "/" + log_agent_name(platform);
    Pod pod = fluent_bit(platform);
    pod.workload = Workload::Agent;
    pod.ports = {tcp_port("http", api::kFluentBitPort)};
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

std::string sidecar_configuration(const Component& service) {
    const LogSource source{.component = service.key, .files = kServiceLog, .by_runtime = false};
    return fluent_bit_configuration(service.platform, {source}, kSidecarState);
}

// No probe of start or readiness: a service must not wait, or be taken out, for its logs' sake.
void add_log_sidecar(const Component& service, Pod& pod) {
    const Mount logs = empty_folder("logs", kServiceLogs, kServiceLogsSize);
    Pod beside = fluent_bit(service.platform);
    beside.name = api::kFluentBit;
    beside.ports = {tcp_port("logs", api::kFluentBitPort)};
    beside.env = {env_from_field("POD_NAME", "metadata.name")};
    beside.mounts = {seen_too(config_folder(name_of(service))), seen_too(logs),
                     empty_folder("log-state", kSidecarState, kSidecarStateSize)};
    beside.liveness = http_probe("/", "logs", kLiveness);
    pod.env.push_back(env("LOG_FILE", kServiceLog));
    pod.mounts.push_back(logs);
    pod.beside.push_back(std::move(beside));
    pod.annotations[std::string(api::kConfigAnnotation)] = digest_text(sidecar_configuration(service));
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
                      {"revisionHistoryLimit", platform.spec.revisions},
                      {"template", std::move(pod)}};
    return {std::move(object)};
}

}  // namespace resources
