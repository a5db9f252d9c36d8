#include "api/availability.h"

#include "kube/quantity.h"

namespace api {

Availability needed_for(std::string_view percent) {
    const auto exceeds = [&](std::string_view most) {
        return !percent.empty() && kube::quantity_millis(percent) > kube::quantity_millis(most);
    };
    if (!exceeds(kMostOfOneMachine)) return {1, Spread::None};
    return {2, exceeds(kMostOfTwoHosts) ? Spread::Zone : Spread::Node};
}

}  // namespace api
