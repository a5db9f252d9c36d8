#include "resources/access.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "resources/component.h"

namespace resources {
namespace {

using kube::Json;

constexpr const char* kRbac = "rbac.authorization.k8s.io";

// Appends nothing where there is nobody.
void bind_role(kube::Objects& objects, const api::Platform& platform, const std::string& role,
               const std::vector<std::string>& groups) {
    if (groups.empty()) return;
    kube::Object object = owned_object(component(platform, role), kube::kRoleBinding);
    object["roleRef"] = {{"apiGroup", kRbac}, {"kind", "ClusterRole"}, {"name", "ecommerceplatform-" + role}};
    for (const std::string& group : groups) {
        object["subjects"].push_back({{"apiGroup", kRbac}, {"kind", "Group"}, {"name", group}});
    }
    objects.push_back(std::move(object));
}

}  // namespace

kube::Objects access(const api::Platform& platform) {
    kube::Objects objects;
    const api::Access& access = platform.spec.access;
    std::vector<std::string> lookers = access.developers;
    for (const std::string& group : access.operators) {
        if (std::ranges::find(lookers, group) == lookers.end()) lookers.push_back(group);
    }
    bind_role(objects, platform, "developer", lookers);
    bind_role(objects, platform, "operator", access.operators);
    bind_role(objects, platform, "automation", access.automation);
    return objects;
}

std::vector<std::string> roles(const api::Platform& platform) {
    std::vector<std::string> names;
    for (const kube::Object& binding : access(platform)) names.push_back(kube::string_at(binding.json, {"roleRef", "name"}));
    return names;
}

}  // namespace resources
