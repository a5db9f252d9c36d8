// Redis: sessions and caches. Several nodes form a cluster of masters without replicas: the loss of one takes a share of the keys
// away until it is back, never all of them.
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

constexpr const char* kDataFolder = "/data";

// The rest is for what the file rewrite copies while clients write, and for connections.
constexpr int kDataPercentOfMemory = 60;

constexpr Timing kStartup{2, 2, 60};
constexpr Timing kLiveness{10, 5, 6};  // A fork or a slow command may hold it up for seconds.
constexpr Timing kReadiness{5, 4, 3};  // The script itself gives up on a silent peer after a second.

std::string configuration(const api::ManagedStore& store) {
    std::string text = "port " + std::to_string(api::kRedisPort) + "\ndir " + kDataFolder + "\n";
    text += "aclfile " + std::string(kSecretsFolder) + "/redis/" + std::string(kRedisUsersFile) + "\n";
    text += "appendonly yes\nappendfsync everysec\nsave \"\"\n";
    if (const auto limit = kube::quantity_millis(store.compute.limits.memory)) {
        text += "maxmemory " + std::to_string(*limit / 1000 / 100 * kDataPercentOfMemory) + "\n";
        // What expires soonest goes first: cached pages live for minutes, sessions for a day.
        text += "maxmemory-policy volatile-ttl\n";
    }
    if (store.nodes > 1) {
        text += "cluster-enabled yes\ncluster-config-file nodes.conf\ncluster-node-timeout 5000\n";
        // A lost node takes its own keys away, not everybody's.
        text += "cluster-require-full-coverage no\n";
    }
    return text;
}

std::map<std::string, std::string> files(const api::ManagedStore& store) {
    std::map<std::string, std::string> files{
        {"redis.conf", configuration(store)}, {"start.sh", kRedisStart}, {"ready.sh", kRedisReady}};
    if (store.nodes > 1) files.emplace("cluster.sh", kRedisCluster);
    return files;
}

Pod pod(const Component& self, const api::ManagedStore& store, const Json& files) {
    const std::string scripts(kConfigFolder);
    Pod pod;
    pod.workload = Workload::Data;
    pod.image = program_image(self.platform.spec, api::kRedis);
    pod.command = {"sh", scripts + "/start.sh"};
    pod.ports = {tcp_port("redis", api::kRedisPort)};
    if (store.nodes > 1) pod.ports.push_back(tcp_port("bus", api::kRedisBusPort));
    pod.env = {env("NODES", std::to_string(store.nodes)), env("PEERS", host_of(self.platform, "redis-headless")),
               env_from_field("POD_NAME", "metadata.name"), env_from_field("POD_IP", "status.podIP")};
    pod.compute = store.compute;
    pod.mounts = {claimed_folder(kDataVolume, kDataFolder), config_folder(name_of(self)), secret_folder("redis", name_of(self)),
                  empty_folder("tmp", "/tmp", "64Mi")};
    pod.startup = tcp_probe("redis", kStartup);
    // Any answer tells that the process lives, also that it is loading or that a password is missing.
    pod.liveness = exec_probe({"redis-cli", "-h", "127.0.0.1", "-p", std::to_string(api::kRedisPort), "ping"}, kLiveness);
    pod.readiness = exec_probe({"sh", scripts + "/ready.sh"}, kReadiness);
    pod.annotations = {{std::string(api::kConfigAnnotation), digest_text(files)}};
    return pod;
}

}  // namespace

kube::Objects redis(const api::Platform& platform, const SecretDigests& secrets) {
    const api::DataStore& store = platform.spec.redis;
    if (store.external) return {};
    const Component self = component(platform, api::kRedis);
    const std::map<std::string, std::string> scripts = files(store.managed);
    const ServicePort client{"redis", api::kRedisPort, "redis"};
    std::vector<ServicePort> all{client};
    if (store.managed.nodes > 1) all.push_back({"bus", api::kRedisBusPort, "bus"});
    kube::Objects objects{
        service_account(self), config_map(self, scripts), cluster_ip_service(self, {client}), headless_service(self, all),
        stateful_set(self, store.managed, Start::Together, pod_template(self, pod(self, store.managed, scripts), secrets))};
    if (store.managed.nodes > 1) objects.push_back(budget_max_unavailable(self, 1));
    return objects;
}

}  // namespace resources
