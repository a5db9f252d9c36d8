#include "resources/budget.h"

#include <nlohmann/json.hpp>

#include "api/profile.h"
#include "resources/component.h"

namespace resources {
namespace {

using kube::Json;

// A quota refuses pods that do not say what they ask for. The platform's own do; what somebody else starts beside it gets what a
// small service has.
kube::Object limit_range(const Component& self) {
    const api::Compute small = api::service_compute(api::Sizing::Small);
    kube::Object object = owned_object(self, kube::kLimitRange);
    object["spec"]["limits"] = Json::array({{{"type", "Container"},
                                             {"defaultRequest", {{"cpu", small.requests.cpu}, {"memory", small.requests.memory}}},
                                             {"default", {{"cpu", small.limits.cpu}, {"memory", small.limits.memory}}}}});
    return object;
}

}  // namespace

kube::Objects budget(const api::Platform& platform) {
    const api::Budget& given = platform.spec.budget;
    if (!given.bounds_namespace()) return {};
    const Component self = component(platform, "budget");
    kube::Object quota = owned_object(self, kube::kResourceQuota);
    if (!given.cpu.empty()) quota["spec"]["hard"]["requests.cpu"] = given.cpu;
    if (!given.memory.empty()) quota["spec"]["hard"]["requests.memory"] = given.memory;
    if (!given.storage.empty()) quota["spec"]["hard"]["requests.storage"] = given.storage;
    return {quota, limit_range(self)};
}

}  // namespace resources
