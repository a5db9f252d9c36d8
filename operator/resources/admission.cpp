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

// The containers of `pod` in that list of its spec, which it may lack.
std::string those_in(const std::string& pod, const std::string& list) {
    const std::string field = pod + ".spec." + list;
    return "(has(" + field + ") ? " + field + " : [])";
}

// What an update leaves as it was is not judged: a pod that is there already can be changed whatever else it is like, as when its
// labels or finalizers change, or an ephemeral container comes.
Json variables() {
    const std::string is_new = ".filter(c, !(c in variables.before))";
    const std::string before = those_in("oldObject", "containers") + " + " + those_in("oldObject", "initContainers") + " + dyn(" +
                               those_in("oldObject", "ephemeralContainers") + ")";
    const std::string lasting = "(" + those_in("object", "containers") + " + " + those_in("object", "initContainers") + ")";
    const std::string ephemeral = "dyn(" + those_in("object", "ephemeralContainers") + ")";
    return Json::array({{{"name", "before"}, {"expression", "oldObject == null ? [] : " + before}},
                        {{"name", "lasting"}, {"expression", lasting + is_new}},
                        {{"name", "containers"}, {"expression", "variables.lasting + " + ephemeral + is_new}}});
}

Json rule(const std::string& wrong, const std::string& holds, const std::string& of = "variables.containers") {
    return {{"expression", of + ".all(c, " + holds + ")"},
            {"message", wrong},
            {"messageExpression",
             "'" + wrong + ": ' + " + of + ".filter(c, !(" + holds + ")).map(c, c.name + ' (' + c.image + ')').join(', ')"}};
}

Json rules(const api::ImagePolicy& images) {
    Json rules{rule("containers whose image has no version that stays", kHasVersion),
               // Ephemeral ones can have none, and live on those of their pod.
               rule("containers without requests and limits of CPU and memory", kIsBounded, "variables.lasting"),
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
                    {"resources", {"pods", "pods/ephemeralcontainers"}},
                    {"scope", "*"}};
    policy["spec"] = {
        {"failurePolicy", "Fail"},
        // With what the API server would add (matchPolicy, objectSelector, scope): it takes all of this for one value.
        {"matchConstraints",
         {{"matchPolicy", "Equivalent"},
          {"namespaceSelector", in_the_namespace},
          {"objectSelector", Json::object()},
          {"resourceRules", Json::array({pods})}}},
        {"variables", variables()},
        {"validations", rules(platform.spec.image_policy)}};
    kube::Object binding = cluster_object(self, kube::kValidatingAdmissionPolicyBinding, name);
    binding["spec"] = {{"policyName", name},
                       {"validationActions", Json::array({platform.spec.admission == api::Admission::Warn ? "Warn" : "Deny"})}};
    return {std::move(policy), std::move(binding)};
}

}  // namespace resources
