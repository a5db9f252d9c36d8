// What the operator keeps of an EcommercePlatform.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "api/platform.h"
#include "api/validation.h"
#include "runtime/store.h"

namespace reconcile {

struct KnownPlatform {
    api::Platform platform;              // With a default spec where there are problems.
    std::vector<api::Problem> problems;  // Why the document can't be acted on: the installed CRD is laxer than this operator.
    std::string created;                 // RFC 3339
    std::uint64_t status_digest = 0;     // Of the whole status; of its long lists `platform` has only which promises are broken.

    // Whether both ask for the same: a new status alone is no reason to reconcile.
    friend bool operator==(const KnownPlatform& a, const KnownPlatform& b);
};

KnownPlatform known_platform_from(const kube::Json& document);

using Platforms = runtime::Store<KnownPlatform>;

// The one platform of a namespace that counts: the oldest, by name where two are of the same second. Null where there is none.
const KnownPlatform* first_in_namespace(const Platforms& platforms, const std::string& ns);

}  // namespace reconcile
