#include "resources/pod.h"

#include <nlohmann/json.hpp>

#include "api/names.h"
#include "resources/images.h"
#include "resources/placement.h"
#include "resources/priority.h"

namespace resources {

using kube::Json;

namespace {

// 0440: kUser reads by the group that fsGroup sets; nobody writes.
constexpr int kSecretMode = 0440;

Json amounts(const api::Amounts& amounts) {
    Json json = Json::object();
    if (!amounts.cpu.empty()) json["cpu"] = amounts.cpu;
    if (!amounts.memory.empty()) json["memory"] = amounts.memory;
    if (!amounts.ephemeral_storage.empty()) json["ephemeral-storage"] = amounts.ephemeral_storage;
    return json;
}

void set_unless_empty(Json& json, const char* field, Json value) {
    if (!value.is_null() && !value.empty()) json[field] = std::move(value);
}

Json container(const Component& self, const Pod& pod) {
    Json mounts = Json::array();
    for (const Mount& mount : pod.mounts) {
        Json entry{{"name", mount.name}, {"mountPath", mount.path}};
        if (mount.read_only) entry["readOnly"] = true;
        mounts.push_back(std::move(entry));
    }
    Json json{{"name", pod.name.empty() ? self.key : pod.name},
              {"image", pod.image},
              {"imagePullPolicy", to_string(self.platform.spec.images.pull_policy)},
              {"volumeMounts", std::move(mounts)},
              {"securityContext",
               {{"allowPrivilegeEscalation", false},
                {"readOnlyRootFilesystem", true},
                {"capabilities", {{"drop", Json::array({"ALL"})}}}}}};
    set_unless_empty(json, "ports", pod.ports);
    set_unless_empty(json, "startupProbe", pod.startup);
    set_unless_empty(json, "livenessProbe", pod.liveness);
    set_unless_empty(json, "readinessProbe", pod.readiness);
    // The end of the log of one that failed is what its platform's status says of it.
    if (pod.workload == Workload::Job) json["terminationMessagePolicy"] = "FallbackToLogsOnError";
    set_unless_empty(json, "command", pod.command);
    set_unless_empty(json, "args", pod.args);
    set_unless_empty(json, "env", pod.env);
    Json compute = Json::object();
    set_unless_empty(compute, "requests", amounts(pod.compute.requests));
    set_unless_empty(compute, "limits", amounts(pod.compute.limits));
    set_unless_empty(json, "resources", std::move(compute));
    if (!pod.pre_stop.is_null()) json["lifecycle"] = {{"preStop", pod.pre_stop}};
    return json;
}

Json volumes(const Pod& pod) {
    Json json = Json::array();
    for (const Mount& mount : pod.mounts) {
        if (mount.source.is_null()) continue;
        Json volume = mount.source;
        volume["name"] = mount.name;
        json.push_back(std::move(volume));
    }
    for (const Pod& each : pod.beside) {
        for (Json& volume : volumes(each)) json.push_back(std::move(volume));
    }
    return json;
}

// Kubernetes' way to say that an init container is a sidecar.
Json sidecars(const Component& self, const Pod& pod) {
    Json json = Json::array();
    for (const Pod& each : pod.beside) {
        Json one = container(self, each);
        one["restartPolicy"] = "Always";
        json.push_back(std::move(one));
    }
    return json;
}

// Null where the pod reads no Secret whose digest is known: then nothing can roll it.
Json combined_digest(const Pod& pod, const SecretDigests& secrets) {
    Json read = Json::object();
    for (const Mount& mount : pod.mounts) {
        const auto found = secrets.find(mount.secret);
        if (found != secrets.end()) read[mount.secret] = found->second;
    }
    if (read.empty()) return nullptr;
    return digest_text(read);
}

Json metadata(const Component& self, const Pod& pod, const SecretDigests& secrets) {
    Json json{{"labels", labels_of(self)}};
    json["labels"].update(placement_labels(self));
    Json annotations = pod.annotations.is_null() ? Json::object() : pod.annotations;
    const Json digest = combined_digest(pod, secrets);
    if (!digest.is_null()) annotations[std::string(api::kSecretsAnnotation)] = digest;
    set_unless_empty(json, "annotations", std::move(annotations));
    return json;
}

// A lost node may have taken one of the cluster's DNS servers with it, and questions go there until its endpoint is removed. By
// default (resolv.conf(5)) each of two attempts waits 5 s, which is as long as a customer does. In a second any server of a
// cluster answers, and each attempt may find another one: of three servers, one lost, four in a row miss once in 81.
Json restless_dns() {
    return {{"options", Json::array({{{"name", "timeout"}, {"value", "1"}}, {{"name", "attempts"}, {"value", "4"}}})}};
}

Json restricted_security() {
    return {{"runAsNonRoot", true},
            {"runAsUser", kUser},
            {"runAsGroup", kUser},
            {"fsGroup", kUser},
            // Else each start widens the mode of every file on the volume; PostgreSQL refuses such a data folder.
            {"fsGroupChangePolicy", "OnRootMismatch"},
            {"seccompProfile", {{"type", "RuntimeDefault"}}}};
}

// The container runtime gives logs to root alone, mode 0640: as their owner it needs no capability to read them.
Json agent_security() {
    return {{"runAsUser", 0}, {"runAsGroup", 0}, {"seccompProfile", {{"type", "RuntimeDefault"}}}};
}

}  // namespace

Mount empty_folder(std::string name, std::string path, std::string_view size, Medium medium) {
    Json source{{"sizeLimit", size}};
    if (medium == Medium::Memory) source["medium"] = "Memory";
    return {.name = std::move(name),
            .path = std::move(path),
            .source = {{"emptyDir", std::move(source)}},
            .read_only = false,
            .secret = ""};
}

Mount node_folder(std::string name, std::string path, bool read_only) {
    const char* type = read_only ? "Directory" : "DirectoryOrCreate";
    Json source{{"hostPath", {{"path", path}, {"type", type}}}};
    return {.name = std::move(name), .path = std::move(path), .source = std::move(source), .read_only = read_only, .secret = ""};
}

Mount config_folder(const std::string& config_map) {
    return {.name = "config",
            .path = std::string(kConfigFolder),
            .source = {{"configMap", {{"name", config_map}}}},
            .read_only = true,
            .secret = ""};
}

Mount secret_folder(const std::string& name, const std::string& secret) {
    return {.name = name,
            .path = std::string(kSecretsFolder) + "/" + name,
            .source = {{"secret", {{"secretName", secret}, {"defaultMode", kSecretMode}}}},
            .read_only = true,
            .secret = secret};
}

Mount secret_file(const std::string& name, const std::string& secret, const std::string& key, const std::string& file) {
    Mount mount = secret_folder(name, secret);
    mount.source["secret"]["items"] = Json::array({{{"key", key}, {"path", file}}});
    return mount;
}

Mount claimed_folder(std::string name, std::string path) {
    return {.name = std::move(name), .path = std::move(path), .source = nullptr, .read_only = false, .secret = ""};
}

Mount seen_too(Mount mount) {
    mount.source = nullptr;
    mount.read_only = true;
    return mount;
}

Json env(std::string_view name, std::string_view value) {
    return {{"name", name}, {"value", value}};
}

// A fieldRef is owned as a whole, so the default that the API server adds is written out.
Json env_from_field(std::string_view name, std::string_view path) {
    return {{"name", name}, {"valueFrom", {{"fieldRef", {{"apiVersion", "v1"}, {"fieldPath", path}}}}}};
}

Json tcp_port(std::string_view name, int port) {
    return {{"name", name}, {"containerPort", port}, {"protocol", "TCP"}};
}

Json pod_template(const Component& self, const Pod& pod, const SecretDigests& secrets) {
    const bool is_agent = pod.workload == Workload::Agent;
    Json spec{
        {"automountServiceAccountToken", false},
        // Service links would put the address of every Service of the namespace into the environment, as PORT variables too.
        {"enableServiceLinks", false},
        {"terminationGracePeriodSeconds", pod.grace_seconds},
        {"dnsConfig", restless_dns()},
        {"securityContext", is_agent ? agent_security() : restricted_security()},
        {"containers", Json::array({container(self, pod)})},
        {"volumes", volumes(pod)}};
    set_unless_empty(spec, "initContainers", sidecars(self, pod));
    if (pod.workload == Workload::Job) spec["restartPolicy"] = "Never";
    if (!is_agent) {  // The platform's accounts and Secrets are not in an agent's namespace.
        spec["serviceAccountName"] = name_of(self);
        Json pull_secrets = Json::array();
        for (const std::string& name : self.platform.spec.images.pull_secrets) pull_secrets.push_back({{"name", name}});
        set_unless_empty(spec, "imagePullSecrets", std::move(pull_secrets));
    }
    if (self.platform.spec.priority_classes) spec["priorityClassName"] = priority_class_name(self.platform, pod.workload);
    place(self, pod.workload, spec);
    return {{"metadata", metadata(self, pod, secrets)}, {"spec", std::move(spec)}};
}

}  // namespace resources
