#include "api/profile.h"

#include <stdexcept>

namespace api {
namespace {

// One of everything, so that a platform fits a laptop; no autoscaler, which would need metrics; logs and traces in full.
constexpr Defaults kDevelopment{
    .replicas = {.count = 1, .min = 1, .max = 1},
    .autoscaling = false,
    .sizing = Sizing::Small,
    .spread = Spread::None,
    .priority_classes = false,
    .pull_policy = PullPolicy::IfNotPresent,  // Images that were loaded into the node by hand work.
    .admission = Admission::None,             // Where people try things out.
    .credentials_max_age = std::chrono::hours(0),
    .log_level = "debug",
    .sampling_percent = 100,
    .latency_p99 = "2500ms",    // One pod on a laptop that does much else.
    .error_rate_percent = "5",  // Its one pod is away while it starts anew: 15 s of five minutes.
    .postgres = {.nodes = 1, .storage = "5Gi", .storage_class = "standard"},
    .redis = {.nodes = 1, .storage = "1Gi", .storage_class = "standard"},
    .rabbitmq = {.nodes = 1, .storage = "1Gi", .storage_class = "standard"},
    .prometheus = {.nodes = 1, .storage = "5Gi", .storage_class = "standard"},  // 50,000 series, reckoned as production's.
};

// The shape of production at a small size: more than one of everything, so that what breaks with two breaks here.
constexpr Defaults kStaging{
    .replicas = {.count = 2, .min = 2, .max = 4},
    .autoscaling = true,
    .sizing = Sizing::Small,
    .spread = Spread::Node,
    .priority_classes = true,
    .pull_policy = PullPolicy::IfNotPresent,
    .admission = Admission::Warn,
    .credentials_max_age = std::chrono::hours(2160),
    .log_level = "info",
    .sampling_percent = 100,
    .latency_p99 = "1s",        // At a third of production's size, so that only what would be far from its objective is told.
    .error_rate_percent = "1",  // Ten times production's: what is tried out there fails more often.
    .postgres = {.nodes = 1, .storage = "20Gi", .storage_class = "standard"},
    .redis = {.nodes = 3, .storage = "5Gi", .storage_class = "standard"},
    .rabbitmq = {.nodes = 3, .storage = "5Gi", .storage_class = "standard"},
    .prometheus = {.nodes = 1, .storage = "20Gi", .storage_class = "standard"},  // 200,000 series.
};

// Three replicas and nodes: one for each of the three zones that cloud regions have, and the least with which a Redis Cluster
// forms and a quorum outlives a loss. Never below two, so that a drained node leaves one; ten bounds the bill.
constexpr Defaults kProduction{
    .replicas = {.count = 3, .min = 2, .max = 10},
    .autoscaling = true,
    .sizing = Sizing::Medium,
    .spread = Spread::Zone,
    .priority_classes = true,
    .pull_policy = PullPolicy::Always,  // The registry checks the right to pull at each start (AlwaysPullImages).
    .admission = Admission::Deny,
    .credentials_max_age = std::chrono::hours(2160),  // 90 days, as PCI DSS 4.0 has it for passwords (8.3.9).
    .log_level = "info",
    .sampling_percent = 10,  // Of every request, the traces would cost more than the requests.
    .latency_p99 = "500ms",  // A login hashes a password for 44 ms and a checkout makes a dozen calls; the rest waits for load.
    .error_rate_percent = "0.1",  // Three nines: 43 minutes of a month without any answer.
    .postgres = {.nodes = 1, .storage = "100Gi", .storage_class = "fast-ssd"},
    .redis = {.nodes = 3, .storage = "50Gi", .storage_class = "fast-ssd"},     // Append-only files take several times the memory.
    .rabbitmq = {.nodes = 3, .storage = "10Gi", .storage_class = "fast-ssd"},  // Events pass through; only a backlog stays.
    // At two bytes a sample, as Prometheus' documentation reckons, 15 days of a million series.
    .prometheus = {.nodes = 1, .storage = "100Gi", .storage_class = "fast-ssd"},
};

using Row = std::array<Compute, 3>;  // Small, Medium, Large.

// Measured idle: 4 to 23 MiB a process, so that memory is for load. Limits at twice the requests let a burst through while the
// pods that a node takes cannot exceed it more than twofold. Medium's 250m hash the passwords of five logins a second (44 ms
// each, measured). Ephemeral storage holds the volumes tmp and cache (64 and 128 MiB) and the logs, of which kubelet keeps 50
// MiB.
const Row kServiceCompute{{
    {{"100m", "128Mi", "512Mi"}, {"200m", "256Mi", "1Gi"}},
    {{"250m", "256Mi", "1Gi"}, {"500m", "512Mi", "2Gi"}},
    {{"500m", "512Mi", "2Gi"}, {"1", "1Gi", "4Gi"}},
}};

// PostgreSQL's 128 MB of shared_buffers, some megabytes for each of 100 connections, and the page cache; CPU bursts at
// checkpoints and vacuum.
const Row kPostgresCompute{{
    {{"250m", "512Mi", "512Mi"}, {"1", "1Gi", "1Gi"}},
    {{"500m", "1Gi", "1Gi"}, {"2", "2Gi", "2Gi"}},
    {{"1", "2Gi", "2Gi"}, {"4", "4Gi", "4Gi"}},
}};

// Redis runs commands on one thread, so that cores beyond one do little; writing the append-only file anew copies up to all
// memory.
const Row kRedisCompute{{
    {{"100m", "256Mi", "256Mi"}, {"250m", "512Mi", "512Mi"}},
    {{"250m", "512Mi", "512Mi"}, {"500m", "1Gi", "1Gi"}},
    {{"500m", "1Gi", "1Gi"}, {"1", "2Gi", "2Gi"}},
}};

// Measured idle: 103 MiB. RabbitMQ stops publishers at 40 % of its memory; its start is what takes CPU.
const Row kRabbitmqCompute{{
    {{"100m", "256Mi", "256Mi"}, {"500m", "512Mi", "512Mi"}},
    {{"250m", "512Mi", "512Mi"}, {"1", "1Gi", "1Gi"}},
    {{"500m", "1Gi", "1Gi"}, {"2", "2Gi", "2Gi"}},
}};

// Measured with Prometheus 2.42: 41 MiB idle, 165 MiB with 58,000 series, as 60 pods have that were asked for 60 routes each; CPU
// is for starts, which read its log again, and for questions.
const Row kPrometheusCompute{{
    {{"100m", "256Mi", "256Mi"}, {"500m", "512Mi", "512Mi"}},
    {{"250m", "512Mi", "512Mi"}, {"1", "1Gi", "1Gi"}},
    {{"500m", "1Gi", "1Gi"}, {"2", "2Gi", "2Gi"}},
}};

}  // namespace

const Defaults& defaults_of(Profile profile) {
    switch (profile) {
        case Profile::Development:
            return kDevelopment;
        case Profile::Staging:
            return kStaging;
        case Profile::Production:
            return kProduction;
    }
    throw std::invalid_argument("no such profile");
}

Compute service_compute(Sizing sizing) {
    return kServiceCompute.at(static_cast<std::size_t>(sizing));
}

// psql and a service's `migrate` stay below 20 MiB each; the work is PostgreSQL's.
Compute job_compute() {
    return {{"50m", "64Mi", "64Mi"}, {"500m", "256Mi", "256Mi"}};
}

// Its documentation (Memory Management) reckons twice what it buffers in memory and a fifth more: of 8 chunks of 2 MiB each,
// which is what its configuration allows, 39 MiB. The disk beside holds what its emptyDirs may (resources/logging.cpp).
Compute log_agent_compute() {
    return {{"20m", "48Mi", "160Mi"}, {"200m", "96Mi", "320Mi"}};
}

Compute store_compute(std::string_view store, Sizing sizing) {
    const Row& row = store == kPostgres     ? kPostgresCompute
                     : store == kRedis      ? kRedisCompute
                     : store == kPrometheus ? kPrometheusCompute
                                            : kRabbitmqCompute;
    return row.at(static_cast<std::size_t>(sizing));
}

}  // namespace api
