// RabbitMQ: events between the services, in quorum queues. Nodes find each other by the names that the StatefulSet gives them, so
// no pod needs a token for the API server.
#include <nlohmann/json.hpp>

#include "api/names.h"
#include "kube/quantity.h"
#include "resources/credentials.h"
#include "resources/images.h"
#include "resources/objects.h"
#include "resources/pod.h"
#include "resources/probes.h"
#include "resources/scripts.h"
#include "resources/stateful_set.h"
#include "resources/stores.h"

namespace resources {

using kube::Json;

namespace {

constexpr const char* kHome = "/var/lib/rabbitmq";

// A node that comes back waits for the others, as long as they take to come: five minutes before it is restarted.
constexpr Timing kStartup{5, 3, 60};
constexpr Timing kLiveness{10, 5, 3};
constexpr Timing kReadiness{5, 3, 3};
// Before a pod stops, the quorum queues must do without it: in a rollout, until the pod before it has caught up.
constexpr int kQuorumWaitSeconds = 30;
constexpr int kGraceSeconds = 75;

// Small segments: the default of 512 MiB wants three times as much memory.
constexpr int kRaftLogBytes = 64 << 20;
// Publishers are blocked before the volume is full; the default of 50 MB is less than one segment.
constexpr int kFreeDiskBytes = 256 << 20;

// "rabbit@shop-rabbitmq-0.shop-rabbitmq-headless.shop.svc"
std::string node_name(const Component& self, const std::string& pod) {
    return "rabbit@" + pod + "." + host_of(self.platform, "rabbitmq-headless");
}

std::string configuration(const Component& self, const api::ManagedStore& store) {
    std::string text = "listeners.tcp.default = " + std::to_string(api::kAmqpPort) + "\n";
    text += "load_definitions = " + std::string(kSecretsFolder) + "/rabbitmq/" + std::string(kRabbitmqDefinitionsFile) + "\n";
    text += "log.console = true\nlog.file = false\n";
    text += "raft.wal_max_size_bytes = " + std::to_string(kRaftLogBytes) + "\n";
    text += "disk_free_limit.absolute = " + std::to_string(kFreeDiskBytes) + "\n";
    if (const auto limit = kube::quantity_millis(store.compute.limits.memory)) {
        text += "total_memory_available_override_value = " + std::to_string(*limit / 1000) + "\n";
        text += "vm_memory_high_watermark.relative = 0.6\n";
    }
    if (store.nodes == 1) return text;
    text += "cluster_formation.peer_discovery_backend = classic_config\n";
    for (int node = 0; node < store.nodes; ++node) {
        text += "cluster_formation.classic_config.nodes." + std::to_string(node + 1) + " = " +
                node_name(self, name_of(self, std::to_string(node))) + "\n";
    }
    // The side of a split that has the majority goes on, the other waits: no two truths.
    text += "cluster_partition_handling = pause_minority\nqueue_leader_locator = balanced\n";
    return text;
}

Pod pod(const Component& self, const api::ManagedStore& store, const Json& files) {
    Pod pod;
    pod.workload = Workload::Data;
    pod.image = program_image(self.platform.spec, api::kRabbitmq);
    pod.command = {"sh", std::string(kConfigFolder) + "/start.sh"};
    pod.ports = {tcp_port("amqp", api::kAmqpPort), tcp_port("epmd", api::kErlangMapperPort),
                 tcp_port("erlang", api::kErlangPort)};
    pod.env = {env_from_field("POD_NAME", "metadata.name"),
               env("RABBITMQ_USE_LONGNAME", "true"),
               env("RABBITMQ_NODENAME", node_name(self, "$(POD_NAME)")),
               env("RABBITMQ_CONFIG_FILE", std::string(kConfigFolder) + "/rabbitmq.conf"),
               env("RABBITMQ_ENABLED_PLUGINS_FILE", std::string(kConfigFolder) + "/enabled_plugins"),
               env("RABBITMQ_LOGS", "-"),
               env("HOME", kHome)};
    pod.compute = store.compute;
    pod.mounts = {claimed_folder(kDataVolume, kHome), config_folder(name_of(self)), secret_folder("rabbitmq", name_of(self)),
                  empty_folder("tmp", "/tmp", "64Mi"), empty_folder("log", "/var/log/rabbitmq", "64Mi")};
    pod.startup = tcp_probe("amqp", kStartup);
    // Not AMQP's port: a node that waits in a minority closes it and must not be restarted for that. The command line tool would
    // cost a second of processor time at each probe.
    pod.liveness = tcp_probe("erlang", kLiveness);
    pod.readiness = tcp_probe("amqp", kReadiness);
    pod.grace_seconds = kGraceSeconds;
    if (store.nodes > 1) {
        pod.pre_stop = {
            {"exec",
             {{"command",
               {"sh", "-c",
                "rabbitmq-upgrade await_online_quorum_plus_one --timeout " + std::to_string(kQuorumWaitSeconds) + " || true"}}}}};
    }
    pod.annotations = {{std::string(api::kConfigAnnotation), digest_text(files)}};
    return pod;
}

}  // namespace

kube::Objects rabbitmq(const api::Platform& platform, const SecretDigests& secrets) {
    const api::DataStore& store = platform.spec.rabbitmq;
    if (store.external) return {};
    const Component self = component(platform, api::kRabbitmq);
    const std::map<std::string, std::string> files{
        {"rabbitmq.conf", configuration(self, store.managed)}, {"enabled_plugins", "[].\n"}, {"start.sh", kRabbitmqStart}};
    const ServicePort client{"amqp", api::kAmqpPort, "amqp"};
    kube::Objects objects{
        service_account(self), config_map(self, files), cluster_ip_service(self, {client}),
        headless_service(self, {client, {"epmd", api::kErlangMapperPort, "epmd"}, {"erlang", api::kErlangPort, "erlang"}}),
        stateful_set(self, store.managed, Start::Together, pod_template(self, pod(self, store.managed, files), secrets))};
    if (store.managed.nodes > 1) objects.push_back(budget_max_unavailable(self, 1));
    return objects;
}

}  // namespace resources
