// PURE: what has to be there before what, so that the first start needs no luck and no service meets a schema that it does not
// know.
#pragma once

#include <set>
#include <string>

#include "api/platform.h"
#include "kube/object.h"
#include "resources/desired.h"

namespace resources {

struct Progress {
    bool postgres_available = false;   // A pod of the PostgreSQL that the operator runs.
    std::set<std::string> complete{};  // Jobs, by name.
    std::set<std::string> deployed{};  // Deployments that are there, by name,
    std::set<std::string> rolled{};    // and those that run as wanted, with no pod of an older revision.
};

// What of `wanted` may be applied now, in its order: databases are made where PostgreSQL is there, migrated once they are made,
// and a service is rolled out once its database is migrated, its autoscaler not before there is something to scale; the shop is
// verified once all services are rolled out. What is left out stays as it is until then.
kube::Objects due(const kube::Objects& wanted, const Progress& progress);

// Deployments that are gone while theirs of a new version are not `due` yet, as those of the version before, so that it serves
// on. Left out where a digest names the image: the one before is not known.
kube::Objects stand_ins(api::Platform platform, const std::string& version_before, const SecretDigests& secrets,
                        const kube::Objects& due, const Progress& progress);

}  // namespace resources
