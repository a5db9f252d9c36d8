#include "resources/admission.h"

#include <nlohmann/json.hpp>

#include "resources/component.h"

namespace resources {
namespace {

using kube::Json;

// In CEL, of a container `c` of the pod `object`.
constexpr const char* kHasVersion =
    "c.image.matches('@sha256:[0-9a-f]{64}$') || (c.image.matches(':[A-Za-z0-9_][A-Za-z0-9_.-]*$') && "
    "!c.image.endsWith(':latest'))";
constexpr const char* kHasDigest = "c.image.matches('@sha256:[0-9a-f]{64}$')";
constexpr const char* kIsBounded =
    "has(c.resources) && has(c.resources.requests) && has(c.resources.limits) && "
    "['cpu', 'memory'].all(r, r in c.resources.requests && r in c.resources.limits)";
constexpr const char* kIsNotRoot =
    "has(c.securityContext) && has(c.securityContext.runAsNonRoot) ? c.securityContext.runAsNonRoot : "
    "has(object.spec.securityContext) && has(object.spec.securityContext.runAsNonRoot) && "
    "object.spec.securityContext.runAsNonRoot";

// Names without a host are of docker.io, and those without any path of its library (see api::full_name).
std::string is_from(const std::vector<std::string>& registries) {
    std::string list;
    for (const std::string& registry : registries) list += (list.empty() ? "'" : ", '") + registry + "/'";
    return "[" + list +
           "].exists(r, (c.image.matches('^(localhost|[^/]*[.:][^/]*)/') ? c.image : c.image.contains('/') ? "
           "'docker.io/' + c.image : 'docker.io/library/' + c.image).startsWith(r))";
}

Json rule(const std::string& wrong, const std::string& holds) {
    return {{"expression", "variables.containers.all(c, " + holds + ")"},
            {"message", wrong},
            {"messageExpression", "'" + wrong + ": ' + variables.containers.filter(c, !(" + holds +
                                      ")).map(c, c.name + ' (' + c.image + ')').join(', ')"}};
}

Json rules(const api::ImagePolicy& images) {
    Json rules{rule("containers whose image has no version that stays", kHasVersion),
               rule("containers without requests and limits of CPU and memory", kIsBounded),
               rule("containers that may run as root, without runAsNonRoot", kIsNotRoot)};
    if (!images.registries.empty()) {
        rules.push_back(rule("containers whose image is of no registry in spec.quality.security.images.registries",
                             is_from(images.registries)));
    }
    if (images.require_digest) {
        rules.push_back(
            rule("containers whose image is not named by digest, which spec.quality.security.images asks for", kHasDigest));
    }
    return rules;
}

}  // namespace

kube::Objects admission(const api::Platform& platform) {
    if (platform.spec.admission == api::Admission::None) return {};
    const Component self = component(platform, "admission");
    const std::string name = cluster_name(platform, "pods");
    kube::Object policy = cluster_object(self, kube::kValidatingAdmissionPolicy, name);
    const Json in_the_namespace{{"matchLabels", {{"kubernetes.io/metadata.name", platform.key.ns}}}};
    const Json pods{{"apiGroups", {""}},
                    {"apiVersions", {"v1"}},
                    {"operations", {"CREATE", "UPDATE"}},
                    {"resources", {"pods"}},
                    {"scope", "*"}};
    policy["spec"] = {
        {"failurePolicy", "Fail"},
        // With what the API server would add (matchPolicy, objectSelector, scope): it takes all of this for one value.
        {"matchConstraints",
         {{"matchPolicy", "Equivalent"},
          {"namespaceSelector", in_the_namespace},
          {"objectSelector", Json::object()},
          {"resourceRules", Json::array({pods})}}},
        // Labels and finalizers of a pod that is there already can be changed whatever it is like.
        {"matchConditions",
         Json::array({{{"name", "new-or-changed"}, {"expression", "oldObject == null || object.spec != oldObject.spec"}}})},
        {"variables",
         Json::array(
             {{{"name", "containers"},
               {"expression", "object.spec.containers + (has(object.spec.initContainers) ? object.spec.initContainers : [])"}}})},
        {"validations", rules(platform.spec.image_policy)}};
    kube::Object binding = cluster_object(self, kube::kValidatingAdmissionPolicyBinding, name);
    binding["spec"] = {{"policyName", name},
                       {"validationActions", Json::array({platform.spec.admission == api::Admission::Warn ? "Warn" : "Deny"})}};
    return {std::move(policy), std::move(binding)};
}

}  // namespace resources
