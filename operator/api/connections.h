// Connections to PostgreSQL: how many it takes, and how many the platform may open.
#pragma once

#include <cstdint>

#include "api/platform.h"

namespace api {

// PostgreSQL's own default of superuser_reserved_connections.
inline constexpr std::int64_t kSuperuserReserved = 3;

// What PostgreSQL takes where spec.data.postgres.managed.parameters says nothing: for each 9,531,392 bytes of its memory limit
// one, as Amazon RDS has it, and no fewer than PostgreSQL's own 100.
std::int64_t default_max_connections(const Compute& postgres);

// What is left for the services' pools: PostgreSQL reserves some for its superuser and its parameter reserved_connections, and
// each service's migration needs one. Below 0 where these are more than it takes.
std::int64_t connections_for_pools(const ManagedStore& postgres);

// Of a service, when it is at its maximum and rolls out as well, those included that terminate meanwhile.
std::int64_t most_pods_while_rolling(const Spec& spec, const ServiceSettings& settings);

// Pods with a pool when every service is at its maximum and rolls out as well, those included that terminate meanwhile.
std::int64_t pods_with_a_pool(const Spec& spec);

// The most that one pod may open for the sum of all to stay within that: at least 1 and at most kPoolConnections, which is also
// what it is with an external PostgreSQL, whose limit is not known.
int fair_pool(const Spec& spec);

}  // namespace api
