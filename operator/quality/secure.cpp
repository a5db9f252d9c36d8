#include <algorithm>

#include "quality/parts.h"
#include "quality/promises.h"

namespace quality {

Findings network_isolation(const Case& of) {
    if (!of.platform.spec.network_isolation) return {};
    return {of_every_object(
        of, [](const Declared& object) { return object.kind == "NetworkPolicy"; },
        "everything is denied but the flows that the services need")};
}

Findings pod_security(const Case& of) {
    const std::string& ns = of.platform.key.ns;
    if (!of.seen.pod_security) return {not_shown("", "namespaces")};
    if (*of.seen.pod_security == "restricted") return {kept("", "namespace " + ns + " enforces restricted")};
    const std::string enforced = of.seen.pod_security->empty() ? "no level" : "only " + *of.seen.pod_security;
    return {hurt("", "namespace " + ns + " enforces " + enforced + " of Pod Security",
                 "kubectl label namespace " + ns + " --overwrite pod-security.kubernetes.io/enforce=restricted")};
}

Findings secrets(const Case& of) {
    if (!of.seen.missing_references.empty()) {
        std::vector<std::string> names;
        for (const std::string& store : of.seen.missing_references) {
            names.push_back(api::data_store(of.platform.spec, store).external->secret_name);
        }
        return {hurt("", "missing Secrets: " + listed(names), "Create them in namespace " + of.platform.key.ns + ".")};
    }
    return {of_every_object(
        of, [](const Declared& object) { return object.kind == "Secret"; }, "every Secret is there")};
}

Findings access(const Case& of) {
    const api::Access& access = of.platform.spec.access;
    if (access.developers.empty() && access.operators.empty() && access.automation.empty()) return {};
    return {of_every_object(
        of, [](const Declared& object) { return object.kind == "RoleBinding"; }, "the roles are bound to the groups")};
}

}  // namespace quality
