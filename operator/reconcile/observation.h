// Collects what was observed of a platform from what is known of its objects and of what it runs in. Makes no request.
#pragma once

#include <string>
#include <vector>

#include "api/platform.h"
#include "common/base/clock.h"
#include "kube/object.h"
#include "quality/observed.h"
#include "reconcile/applier.h"
#include "reconcile/children.h"
#include "reconcile/measurements.h"
#include "reconcile/references.h"
#include "reconcile/surroundings.h"
#include "resources/desired.h"

namespace reconcile {

struct Sources {
    const Children& children;
    const References& references;
    const Surroundings& surroundings;
    const Measurements& measurements;
    const Applier& applier;
    const resources::Capabilities& capabilities;
};

// `due` is what of `wanted` may be there already; `refused` the API server's words. Preparations are left out.
quality::Observed observe(const api::Platform& platform, const Sources& from, const kube::Objects& wanted,
                          const kube::Objects& due, const Refused& refused, base::WallTime now);

}  // namespace reconcile
