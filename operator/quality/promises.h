// The provers, one for each promise: whether it was seen to be kept. None of a promise that the spec does not make finds
// anything. The table in attributes.cpp says what each promises.
#pragma once

#include "quality/promise.h"

namespace quality {

// performant.cpp
Findings connections(const Case& of);
Findings quality_of_service(const Case& of);
Findings objectives(const Case& of);

// scalable.cpp
Findings autoscaler(const Case& of);
Findings headroom(const Case& of);
Findings one_scaler(const Case& of);

// reliable.cpp
Findings zone_spread(const Case& of);
Findings node_spread(const Case& of);
Findings disruption_budget(const Case& of);
Findings availability(const Case& of);  // Of what is declared; what runs, the others say.
Findings redundancy(const Case& of);

// secure.cpp
Findings network_isolation(const Case& of);  // Also by what others allow. Whether the network obeys, no API server tells.
Findings pod_security(const Case& of);
Findings secrets(const Case& of);
Findings credential_age(const Case& of);
Findings certificate(const Case& of);  // Whether browsers trust who issued it is not observed.
Findings access(const Case& of);       // What the roles allow is not observed, only whether it is anything.
Findings images(const Case& of);
Findings admission(const Case& of);

// maintainable.cpp
Findings as_declared(const Case& of);
Findings one_version(const Case& of);
Findings verified(const Case& of);

// cost_efficient.cpp
Findings limits(const Case& of);
Findings budget(const Case& of);  // Where everything fits into it, no pod is refused for it either.
Findings right_sizing(const Case& of);
Findings spot_placement(const Case& of);
Findings off_hours(const Case& of);

// recoverable.cpp
Findings backup(const Case& of);
Findings recovery_objectives(const Case& of);

// observable.cpp
Findings metrics(const Case& of);  // Whether a Prometheus reads them is not observed.
Findings logs(const Case& of);
Findings dashboards(const Case& of);
// Whether the endpoint takes what is sent is not observed.
Findings tracing(const Case& of);
Findings log_shipping(const Case& of);

}  // namespace quality
