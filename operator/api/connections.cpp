#include "api/connections.h"

#include <algorithm>
#include <charconv>

#include "api/components.h"
#include "kube/quantity.h"

namespace api {

namespace {

constexpr std::int64_t kBytesOfConnection = 9'531'392;  // DBInstanceClassMemory/9531392 in the parameter groups of RDS.
constexpr std::int64_t kLeast = 100;                    // PostgreSQL's own default of max_connections.

// A whole number, as the schema has it.
std::int64_t parameter(const ManagedStore& postgres, const std::string& name, std::int64_t otherwise) {
    if (const auto given = postgres.parameters.find(name); given != postgres.parameters.end()) {
        const std::string& text = given->second;
        std::from_chars(text.data(), text.data() + text.size(), otherwise);
    }
    return otherwise;
}

}  // namespace

std::int64_t default_max_connections(const Compute& postgres) {
    const auto limit = kube::quantity_millis(postgres.limits.memory);
    return std::max(kLeast, limit.value_or(0) / 1000 / kBytesOfConnection);
}

std::int64_t connections_for_pools(const ManagedStore& postgres) {
    const std::int64_t all = parameter(postgres, "max_connections", default_max_connections(postgres.compute));
    const std::int64_t reserved = parameter(postgres, "superuser_reserved_connections", kSuperuserReserved) +
                                  parameter(postgres, "reserved_connections", 0);
    const std::int64_t migrations = std::ranges::count_if(kServices, &Service::has_database);
    return all - reserved - migrations;
}

// A Deployment counts a pod no more once it is told to go, which holds its pool and its share of a quota while it drains: as many
// at once as there are too many or may be missing.
std::int64_t most_pods_while_rolling(const Spec& spec, const ServiceSettings& settings) {
    const std::int64_t most = settings.most();
    return most + spec.max_surge + std::min<std::int64_t>(most, spec.max_surge + spec.max_unavailable);
}

std::int64_t pods_with_a_pool(const Spec& spec) {
    std::int64_t pods = 0;
    for (const Service& service : kServices) {
        const auto settings = spec.services.find(service.key);
        if (service.has_database() && settings != spec.services.end()) pods += most_pods_while_rolling(spec, settings->second);
    }
    return pods;
}

int fair_pool(const Spec& spec) {
    if (spec.postgres.external) return kPoolConnections;
    const std::int64_t share = connections_for_pools(spec.postgres.managed) / std::max(pods_with_a_pool(spec), std::int64_t{1});
    return static_cast<int>(std::clamp(share, std::int64_t{1}, std::int64_t{kPoolConnections}));
}

}  // namespace api
