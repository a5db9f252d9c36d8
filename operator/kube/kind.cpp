#include "kube/kind.h"

namespace kube {

std::string Kind::api_version() const {
    return group.empty() ? std::string(version) : std::string(group) + "/" + std::string(version);
}

std::string Kind::resource() const {
    return std::string(plural) + "." + std::string(group);
}

std::string Kind::path(std::string_view ns) const {
    std::string path = group.empty() ? "/api/" : "/apis/";
    path += api_version();
    if (namespaced && !ns.empty()) path += "/namespaces/" + std::string(ns);
    return path + "/" + std::string(plural);
}

bool is_outside(const Kind& kind) {
    return !kind.namespaced || kind == kDaemonSet;
}

const std::vector<Kind>& child_kinds() {
    static const std::vector<Kind> kinds{kPriorityClass,
                                         kValidatingAdmissionPolicy,
                                         kValidatingAdmissionPolicyBinding,
                                         kResourceQuota,
                                         kLimitRange,
                                         kServiceAccount,
                                         kRoleBinding,
                                         kSecret,
                                         kConfigMap,
                                         kService,
                                         kNetworkPolicy,
                                         kStatefulSet,
                                         kJob,
                                         kDeployment,
                                         kHorizontalPodAutoscaler,
                                         kVerticalPodAutoscaler,
                                         kPodDisruptionBudget,
                                         kIngress,
                                         kHttpRoute,
                                         kServiceMonitor,
                                         kPrometheusRule,
                                         kDaemonSet};
    return kinds;
}

}  // namespace kube
