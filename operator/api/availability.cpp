#include "api/availability.h"

#include "kube/quantity.h"

namespace api {

namespace {

// In thousandths of a percent.
constexpr std::int64_t kOfOneMachine = 99'500;
constexpr std::int64_t kOfTwoHosts = 99'950;

}  // namespace

Availability needed_for(std::string_view percent) {
    const std::int64_t objective = percent.empty() ? 0 : kube::quantity_millis(percent).value_or(0);
    if (objective <= kOfOneMachine) return {1, Spread::None};
    return {2, objective <= kOfTwoHosts ? Spread::Node : Spread::Zone};
}

}  // namespace api
