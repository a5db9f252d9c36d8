// PostgreSQL: one pod with one volume. (A PostgreSQL that fails over is another operator's job.) Databases and roles are made by
// a Job, not here.
#include <nlohmann/json.hpp>

#include "api/names.h"
#include "resources/credentials.h"
#include "resources/images.h"
#include "resources/objects.h"
#include "resources/pod.h"
#include "resources/probes.h"
#include "resources/stateful_set.h"
#include "resources/stores.h"

namespace resources {

using kube::Json;

namespace {

constexpr const char* kDataFolder = "/var/lib/postgresql/data";

// Recovery after a hard stop replays the log since the last checkpoint: minutes, at the worst.
constexpr Timing kStartup{5, 5, 60};
constexpr Timing kLiveness{10, 5, 6};
constexpr Timing kReadiness{5, 3, 3};
// A fast shutdown writes a checkpoint: all of shared_buffers, at the worst. (The image's stop signal is SIGINT, which asks for
// it.)
constexpr int kGraceSeconds = 60;

// 'It''s': the one escape that a quoted value of postgresql.conf needs.
std::string quoted(const std::string& value) {
    std::string text = "'";
    for (const char c : value) text += c == '\'' ? std::string("''") : std::string(1, c);
    return text + "'";
}

std::string configuration(const api::ManagedStore& store) {
    std::string text = "listen_addresses = '*'\npassword_encryption = 'scram-sha-256'\n";
    for (const auto& [name, value] : store.parameters) text += name + " = " + quoted(value) + "\n";
    return text;
}

Pod pod(const Component& self, const api::ManagedStore& store, const Json& files) {
    const std::string asks = "pg_isready -h 127.0.0.1 -p " + std::to_string(api::kPostgresPort) + " -U postgres";
    const std::vector<std::string> is_ready{"sh", "-c", asks};
    // 1: it lives and refuses, for it recovers from the crash of a connection, which a restart would only begin anew.
    const std::vector<std::string> is_alive{"sh", "-c", asks + " || [ $? -eq 1 ]"};
    Pod pod;
    pod.workload = Workload::Data;
    pod.image = program_image(self.platform.spec, api::kPostgres);
    pod.args = {"postgres", "-c", "config_file=" + std::string(kConfigFolder) + "/postgresql.conf"};
    pod.ports = {tcp_port("postgres", api::kPostgresPort)};
    pod.env = {env("POSTGRES_PASSWORD_FILE", std::string(kSecretsFolder) + "/postgres/" + std::string(kPasswordFile)),
               env("POSTGRES_INITDB_ARGS", "--auth-host=scram-sha-256 --data-checksums"),
               // Below the volume's root, which holds lost+found and has the volume's mode.
               env("PGDATA", std::string(kDataFolder) + "/pgdata")};
    pod.compute = store.compute;
    pod.mounts = {claimed_folder(kDataVolume, kDataFolder), config_folder(name_of(self)),
                  secret_folder("postgres", name_of(self)), empty_folder("run", "/var/run/postgresql", "16Mi"),
                  empty_folder("tmp", "/tmp", "256Mi"),
                  // Parallel queries share memory here; a container's own /dev/shm has 64Mi.
                  empty_folder("shm", "/dev/shm", "256Mi", Medium::Memory)};
    // It answers while it refuses connections for want of free ones, so it tells of the process alone.
    pod.startup = exec_probe(is_ready, kStartup);
    pod.liveness = exec_probe(is_alive, kLiveness);
    pod.readiness = exec_probe(is_ready, kReadiness);
    pod.grace_seconds = kGraceSeconds;
    pod.annotations = {{std::string(api::kConfigAnnotation), digest_text(files)}};
    return pod;
}

}  // namespace

kube::Objects postgres(const api::Platform& platform, const SecretDigests& secrets) {
    const api::DataStore& store = platform.spec.postgres;
    if (store.external) return {};
    const Component self = component(platform, api::kPostgres);
    const std::vector<ServicePort> ports{{"postgres", api::kPostgresPort, "postgres"}};
    const std::map<std::string, std::string> files{{"postgresql.conf", configuration(store.managed)}};
    kube::Objects objects{
        service_account(self), config_map(self, files), cluster_ip_service(self, ports), headless_service(self, ports),
        stateful_set(self, store.managed, Start::OneByOne, pod_template(self, pod(self, store.managed, files), secrets))};
    if (store.managed.nodes > 1) objects.push_back(budget_max_unavailable(self, 1));
    return objects;
}

}  // namespace resources
