#include <algorithm>
#include <charconv>

#include "api/images.h"
#include "quality/parts.h"
#include "quality/promises.h"

namespace quality {

namespace {

// What NetworkPolicies allow adds up: none takes away what another gives.
std::optional<Finding> allowed_by_others(const Case& of) {
    const auto others = of.seen.others.find("NetworkPolicy");
    if (others == of.seen.others.end()) return not_shown("", "networkpolicies");
    if (others->second.empty()) return std::nullopt;
    std::vector<std::string> names;
    std::vector<std::string> problems;
    for (const Other& other : others->second) {
        names.push_back(other.name);
        problems.push_back("NetworkPolicy " + other.name + " allows more to " + listed(other.components));
    }
    return hurt("", in_short(problems), "Delete NetworkPolicy " + in_short(names) + ", or set its podSelector to other pods.");
}

// Pod Security of before Kubernetes 1.25, since which it is stable: v1.19 brought seccomp into it, v1.22 capabilities.
bool is_weak(std::string_view version) {
    constexpr std::string_view kMajor = "v1.";
    constexpr int kStable = 25;
    int minor = kStable;
    if (version.starts_with(kMajor)) std::from_chars(version.data() + kMajor.size(), version.data() + version.size(), minor);
    return minor < kStable;
}

// Also of what someone patched.
constexpr const char* kApplyRoles = "kubectl apply --server-side --force-conflicts -f config/rbac/access.yaml.";

Finding lacks_keys(const Case& of, const std::string& secret, const MissingReference& missing) {
    const std::string keys = named(missing.keys);
    return hurt("", "Secret " + secret + " lacks the " + keys,
                "Add the " + keys + " to Secret " + secret + " in namespace " + of.platform.key.ns +
                    ", as kubectl explain ecp.spec.data." + missing.component + ".external.secretName says.");
}

// What keeps the operator from the next step, which it takes while every pod runs as declared.
std::string cure_of_age(const Case& of) {
    if (of.platform.spec.suspend) return "Set spec.suspend to false.";
    const Finding objects = of_every_object(
        of, [](const Declared&) { return true; }, "");
    if (objects.held != Held::True) return objects.cure;
    std::vector<std::string> waiting;
    for (const Part& part : parts(of.platform)) {
        const Workload* workload = of.seen.workload_of(part.name);
        if (!workload || !workload->is_whole()) waiting.push_back(part.name);
    }
    if (!waiting.empty()) {
        return "Bring every pod up of " + listed(waiting) + ", before which none are changed: kubectl describe pods -n " +
               of.platform.key.ns + " -l 'app.kubernetes.io/component in (" + listed(waiting) + ")'.";
    }
    return "Wait until the operator has changed them; it refuses the old once the services have used the new for the time of "
           "spec.quality.security.credentials.overlap.";
}

}  // namespace

Findings network_isolation(const Case& of) {
    if (!of.platform.spec.network_isolation) return {};
    const Finding own = of_every_object(
        of, [](const Declared& object) { return object.kind == "NetworkPolicy"; },
        "everything is denied but the flows that the services need");
    const std::optional<Finding> others = allowed_by_others(of);
    if (!others) return {own};
    return own.held == Held::True ? Findings{*others} : Findings{own, *others};
}

Findings pod_security(const Case& of) {
    const std::string& ns = of.platform.key.ns;
    if (of.platform.spec.pod_security == api::PodSecurity::None) return {};
    if (!of.seen.pod_security) return {not_shown("", "namespaces")};
    const std::string& seen = *of.seen.pod_security;
    const std::string wanted = of.platform.spec.pod_security == api::PodSecurity::Baseline ? "baseline" : "restricted";
    const std::string label =
        "Have it enforced: kubectl label namespace " + ns + " --overwrite pod-security.kubernetes.io/enforce";
    if (seen == "restricted" || seen == wanted) {
        const std::string& version = of.seen.pod_security_version;
        if (!is_weak(version)) return {kept("", "namespace " + ns + " enforces " + seen)};
        return {hurt("", "namespace " + ns + " enforces " + seen + " as of " + version, label + "-version=latest.")};
    }
    const std::string enforced = seen.empty() ? "no level" : "only " + seen;
    return {hurt("", "namespace " + ns + " enforces " + enforced + " of Pod Security", label + "=" + wanted + ".")};
}

Findings secrets(const Case& of) {
    std::vector<std::string> names;
    Findings findings;
    for (const MissingReference& missing : of.seen.missing_references) {
        const std::string& secret = api::data_store(of.platform.spec, missing.component).external->secret_name;
        if (missing.keys.empty()) {
            names.push_back(secret);
            continue;
        }
        findings.push_back(lacks_keys(of, secret, missing));
    }
    if (!names.empty()) {
        findings.push_back(hurt("", "missing Secrets: " + listed(names), "Create them in namespace " + of.platform.key.ns + "."));
    }
    if (!findings.empty()) return findings;
    return {of_every_object(
        of, [](const Declared& object) { return object.kind == "Secret"; }, "every Secret is there")};
}

Findings credential_age(const Case& of) {
    const std::string& most = of.platform.spec.credentials.max_age;
    if (most.empty()) return {};
    if (!of.seen.credentials) {
        return {unknown("", "no credentials are generated yet",
                        "Wait until they are, or see the conditions Stalled and Reconciling.")};
    }
    const Credentials& seen = *of.seen.credentials;
    const std::string evidence = "the oldest generated credentials that are accepted were made at " + seen.oldest;
    if (!seen.too_old) return {kept("", evidence + ", and none is older than " + most)};
    return {hurt("", evidence + ", longer ago than " + most, cure_of_age(of))};
}

Findings certificate(const Case& of) {
    const api::Ingress& ingress = of.platform.spec.ingress;
    if (!of.seen.certificate) return {};
    const Certificate& seen = *of.seen.certificate;
    if (seen.flaw.empty()) return {kept("", "the certificate for " + ingress.host + " is valid until " + seen.until)};
    return {hurt(
        "", "Secret " + ingress.tls_secret_name + " " + seen.flaw,
        "Put a certificate for " + ingress.host + " and its key into it, as kubectl create secret tls does or cert-manager.")};
}

// The platform's own, which the spec names; admission sees to the others.
Findings images(const Case& of) {
    const api::ImagePolicy& policy = of.platform.spec.image_policy;
    if (!policy.is_given()) return {};
    std::vector<std::string> foreign;
    std::vector<std::string> movable;
    for (const std::string& image : api::images_of(of.platform.spec)) {
        const std::string name = api::full_name(api::repository(of.platform.spec.images, image));
        const auto holds = [&](const std::string& registry) { return name.starts_with(registry + "/"); };
        if (!policy.registries.empty() && std::ranges::none_of(policy.registries, holds)) foreign.push_back(name);
        if (policy.require_digest && !of.platform.spec.images.digests.contains(image)) movable.push_back(image);
    }
    Findings findings;
    if (!foreign.empty()) {
        findings.push_back(hurt("", "images of no registry in spec.quality.security.images.registries: " + listed(foreign),
                                "Set spec.images.registry and dataRegistry to one of them, or add theirs."));
    }
    if (!movable.empty()) {
        findings.push_back(hurt("", "images without a digest: " + listed(movable), "Add theirs to spec.images.digests."));
    }
    if (!findings.empty()) return findings;
    return {kept("", "the spec's images are of the registries and digests that it asks for")};
}

Findings admission(const Case& of) {
    if (of.platform.spec.admission == api::Admission::None) return {};
    const bool denies = of.platform.spec.admission == api::Admission::Deny;
    return {of_every_object(
        of, [](const Declared& object) { return object.kind.starts_with("ValidatingAdmissionPolicy"); },
        denies ? "the API server denies pods that break the policy" : "the API server warns of pods that break the policy")};
}

// A binding is taken, and gives nothing, while its role is not there.
Findings access(const Case& of) {
    const api::Access& access = of.platform.spec.access;
    if (access.developers.empty() && access.operators.empty() && access.automation.empty()) return {};
    if (!of.seen.roles.missing.empty()) {
        return {hurt("", "the RoleBindings give nothing without ClusterRole " + listed(of.seen.roles.missing),
                     std::string("Make them again: ") + kApplyRoles)};
    }
    if (!of.seen.roles.empty.empty()) {
        return {hurt("", "ClusterRole " + listed(of.seen.roles.empty) + " allows nothing",
                     std::string("Give it its rules again: ") + kApplyRoles)};
    }
    Finding bindings = of_every_object(
        of, [](const Declared& object) { return object.kind == "RoleBinding"; }, "the roles are bound to the groups");
    return {bindings.held == Held::True && !of.seen.roles.shown ? not_shown("", "clusterroles") : bindings};
}

}  // namespace quality
