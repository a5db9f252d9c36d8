#include <algorithm>
#include <charconv>

#include "quality/parts.h"
#include "quality/promises.h"

namespace quality {

namespace {

// Of PostgreSQL's: max_connections, and of them superuser_reserved_connections.
constexpr std::int64_t kPostgresDefault = 100;
constexpr std::int64_t kReserved = 3;

constexpr std::string_view kMaxConnections = "max_connections";

std::int64_t connections_allowed(const api::ManagedStore& postgres) {
    const auto given = postgres.parameters.find(std::string(kMaxConnections));
    if (given == postgres.parameters.end()) return kPostgresDefault;
    std::int64_t number = 0;
    std::from_chars(given->second.data(), given->second.data() + given->second.size(), number);
    return number;
}

// With every service at its maximum, and rolling out as well.
std::int64_t connections_at_most(const api::Spec& spec) {
    const std::int64_t pool = std::min(api::kPoolConnections, spec.configuration.max_connections);
    std::int64_t sum = 0;
    for (const api::Service& service : api::kServices) {
        const auto settings = spec.services.find(service.key);
        if (service.database.empty() || settings == spec.services.end()) continue;
        const api::Replicas& replicas = settings->second.replicas;
        sum += pool * ((settings->second.autoscaling ? replicas.max : replicas.count) + spec.max_surge);
    }
    return sum;
}

}  // namespace

Findings connections(const Case& of) {
    const std::string postgres(api::kPostgres);
    const api::DataStore& store = of.platform.spec.postgres;
    if (store.external) {
        return {unknown(postgres, "what an external PostgreSQL takes is not observed",
                        "See to it that it takes " + std::to_string(connections_at_most(of.platform.spec)) + " connections.")};
    }
    const std::int64_t needed = connections_at_most(of.platform.spec) + kReserved;
    const std::int64_t allowed = connections_allowed(store.managed);
    const std::string evidence = "all services at their maximum open up to " + std::to_string(needed - kReserved) +
                                 " connections, PostgreSQL takes " +
                                 std::to_string(std::max(allowed - kReserved, std::int64_t{0}));
    if (needed <= allowed) return {kept(postgres, evidence)};
    return {hurt(postgres, evidence,
                 "Set spec.data.postgres.managed.parameters.max_connections to \"" + std::to_string(needed) +
                     "\", with memory for them, or lower spec.quality.scalability.replicas.max.")};
}

Findings quality_of_service(const Case& of) {
    const auto any = [](std::string_view) { return true; };
    return {of_every_pod(
        of, any, [](const Pod& pod) { return !pod.best_effort; }, "no pod is of the class BestEffort",
        "pods of the class BestEffort, which are evicted first: ", "Give their containers requests of CPU and memory.")};
}

Findings objectives(const Case& of) {
    const api::Objectives& wanted = of.platform.spec.objectives;
    return {unknown(std::string(api::kGateway.key),
                    "latencyP99 " + wanted.latency_p99 + " and errorRatePercent " + wanted.error_rate_percent +
                        " are wanted, and the operator measures no requests",
                    "Ask a Prometheus: with spec.quality.observability.metrics ServiceMonitor it has an alert for each.")};
}

}  // namespace quality
