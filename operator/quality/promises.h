// The provers, one for each promise: whether it was seen to be kept. None of a promise that the spec does not make finds
// anything.
#pragma once

#include "quality/promise.h"

namespace quality {

// performant.cpp
Findings connections(const Case& of);         // All pools together never open more connections than PostgreSQL takes.
Findings quality_of_service(const Case& of);  // No pod is the first to be evicted.
Findings objectives(const Case& of);          // Of latency and errors. No request is measured here, so that nobody knows.

// scalable.cpp
Findings autoscaler(const Case& of);  // Scales, and is the only one to scale its service.
Findings headroom(const Case& of);    // Load does not ask for more than the maximum of replicas.

// reliable.cpp
Findings zone_spread(const Case& of);        // The loss of any zone leaves a replica of a service, a majority of a data store.
Findings node_spread(const Case& of);        // The same of a node.
Findings disruption_budget(const Case& of);  // A node can be drained, and never takes the last replica.
Findings redundancy(const Case& of);         // As many replicas are available as there must be at least.

// secure.cpp
Findings network_isolation(const Case& of);  // The policies are in place. Whether the network obeys, no API server tells.
Findings pod_security(const Case& of);       // The namespace takes no pod that is not "restricted".
Findings secrets(const Case& of);            // Every credential is there, generated or referred to.

// maintainable.cpp
Findings as_declared(const Case& of);  // No object has drifted.
Findings one_version(const Case& of);  // Every service runs the version of the spec.

// cost_efficient.cpp
Findings limits(const Case& of);          // Every container says what it needs and takes no more.
Findings spot_placement(const Case& of);  // What may run on spot nodes does.

// recoverable.cpp
Findings backup(const Case& of);  // There is a copy of the data.

// observable.cpp
Findings metrics(const Case& of);  // Prometheus finds the pods. Whether one reads them is not observed.
Findings logs(const Case& of);     // JSON of the wanted level.
Findings tracing(const Case& of);  // The services have the endpoint. Whether it takes what they send is not observed.

}  // namespace quality
