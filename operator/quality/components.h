// PURE: each component of a platform, as it should be and as it was seen.
#pragma once

#include <vector>

#include "quality/verdict.h"

namespace quality {

struct Component {
    ComponentStatus status;
    bool is_data = false;
    bool ready = false;    // Its minimum of replicas is available at the wanted revision.
    bool settled = false;  // All of its replicas are.
};

// The services in the order of api::kServices, then the data stores.
std::vector<Component> components(const api::Platform& platform, const Observed& observed);

}  // namespace quality
