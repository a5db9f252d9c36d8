#include <algorithm>

#include "api/connections.h"
#include "api/names.h"
#include "quality/parts.h"
#include "quality/promises.h"

namespace quality {

namespace {

// With every service at its maximum, and rolling out as well.
std::int64_t connections_at_most(const api::Spec& spec) {
    return std::min(api::kPoolConnections, spec.configuration.max_connections) * api::pods_with_a_pool(spec);
}

bool has_pool(std::string_view service) {
    return std::ranges::any_of(api::kServices,
                               [&](const api::Service& each) { return each.key == service && each.has_database(); });
}

Finding not_told(const Case& of, const std::string& prometheus, const std::string& problem) {
    const bool is_own = of.platform.spec.prometheus_url.empty();
    return unknown(std::string(api::kGateway.key), "Prometheus at " + prometheus + " tells nothing of its requests: " + problem,
                   is_own
                       ? "Wait until it has read them twice. It must run, and let the operator in: with networkIsolation Strict, "
                         "spec.quality.observability.operatorNamespace must be where the operator runs."
                       : "See to it that the operator reaches it, and that it reads the gateway's metrics and gives them the "
                         "labels namespace=\"" +
                             of.platform.key.ns + "\" and service=\"" + api::child_name(of.platform.key.name, api::kGateway.key) +
                             "\", as a ServiceMonitor does.");
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
                                 " connections, PostgreSQL takes " + std::to_string(std::max<std::int64_t>(allowed, 0)) +
                                 " of them";
    if (most <= allowed) return {kept(postgres, evidence)};
    if (api::fair_pool(of.platform.spec) * api::pods_with_a_pool(of.platform.spec) <= allowed) {
        return {hurt(postgres, evidence,
                     "Leave spec.quality.maintainability.configuration.maxConnections out, which gives each pod " +
                         std::to_string(api::fair_pool(of.platform.spec)) + ".")};
    }
    return {hurt(postgres, evidence,
                 "Set spec.data.postgres.managed.parameters.max_connections higher by " + std::to_string(most - allowed) +
                     ", with memory for them, or lower " + maxima(of.platform.spec, has_pool) + ".")};
}

Findings quality_of_service(const Case& of) {
    const auto any = [](std::string_view) { return true; };
    return {of_every_pod(
        of, any, [](const Pod& pod) { return !pod.best_effort; }, "no pod is of the class BestEffort",
        "pods of the class BestEffort, which are evicted first: ", "Give their containers requests of CPU and memory.")};
}

Findings objectives(const Case& of) {
    const api::Objectives& wanted = of.platform.spec.objectives;
    const std::string gateway(api::kGateway.key);
    const std::string prometheus = api::prometheus_url(of.platform);
    if (!of.seen.measured) {
        return {unknown(gateway,
                        "latencyP99 " + wanted.latency_p99 + " and errorRatePercent " + wanted.error_rate_percent +
                            " are wanted, and this operator reads no metrics, as it runs outside the cluster",
                        "Run it in the cluster (config/default), or name a Prometheus that it reaches, as "
                        "spec.quality.observability.prometheusUrl.")};
    }
    const Measured& measured = *of.seen.measured;
    if (!measured.problem.empty() && !prometheus.empty()) return {not_told(of, prometheus, measured.problem)};
    if (!measured.problem.empty()) {
        return {unknown(gateway, "its metrics cannot be read: " + measured.problem,
                        "See to it that the operator reaches port 9090 of its pods; with networkIsolation Strict, "
                        "spec.quality.observability.operatorNamespace must be where the operator runs.")};
    }
    if (!measured.begun) return {unknown(gateway, "its requests are being measured", "Wait for some seconds.")};
    if (!measured.any) return {unknown(gateway, "no request was seen in the last 5 minutes", "Wait until customers come.")};
    Findings findings;
    if (!measured.few_fail) {
        findings.push_back(hurt(
            gateway, "of the requests of the last 5 minutes more than " + wanted.error_rate_percent + " % failed",
            "See which do, by http_requests_total of the services, and what changed last: kubectl describe ecp " +
                of.platform.key.name + " -n " + of.platform.key.ns + "; or raise spec.quality.performance.errorRatePercent."));
    }
    if (!measured.few_are_slow) {
        findings.push_back(hurt(gateway,
                                "of the requests of the last 5 minutes more than 1 % took longer than " + wanted.latency_p99,
                                "Give it more: spec.quality.scalability.replicas.max, where services are at their maximum, or "
                                "spec.quality.performance.sizing; or raise latencyP99."));
    }
    if (!findings.empty()) return findings;
    return {kept(gateway, "of the requests of the last 5 minutes at most " + wanted.error_rate_percent +
                              " % failed, and 99 % were answered within " + wanted.latency_p99 +
                              (prometheus.empty() ? "" : ", says Prometheus at " + prometheus))};
}

}  // namespace quality
