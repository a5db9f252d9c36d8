#include <algorithm>

#include "api/connections.h"
#include "quality/parts.h"
#include "quality/promises.h"

namespace quality {

namespace {

// With every service at its maximum, and rolling out as well.
std::int64_t connections_at_most(const api::Spec& spec) {
    return std::min(api::kPoolConnections, spec.configuration.max_connections) * api::pods_with_a_pool(spec);
}

}  // namespace

Findings connections(const Case& of) {
    const std::string postgres(api::kPostgres);
    const api::DataStore& store = of.platform.spec.postgres;
    if (store.external) {
        return {unknown(postgres, "what an external PostgreSQL takes is not observed",
                        "See to it that it takes " + std::to_string(connections_at_most(of.platform.spec)) + " connections.")};
    }
    const std::int64_t most = connections_at_most(of.platform.spec);
    const std::int64_t allowed = api::connections_for_pools(store.managed);
    const std::string evidence = "all services at their maximum open up to " + std::to_string(most) +
                                 " connections, PostgreSQL takes " + std::to_string(allowed) + " of them";
    if (most <= allowed) return {kept(postgres, evidence)};
    if (api::fair_pool(of.platform.spec) * api::pods_with_a_pool(of.platform.spec) <= allowed) {
        return {hurt(postgres, evidence,
                     "Leave spec.quality.maintainability.configuration.maxConnections out, which gives each pod " +
                         std::to_string(api::fair_pool(of.platform.spec)) + ".")};
    }
    return {hurt(postgres, evidence,
                 "Set spec.data.postgres.managed.parameters.max_connections higher by " + std::to_string(most - allowed) +
                     ", with memory for them, or lower spec.quality.scalability.replicas.max.")};
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
