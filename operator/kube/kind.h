// The kinds of object that this operator works with: how the API names them and where they live.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kube {

struct Kind {
    std::string_view group;  // Empty for the core group.
    std::string_view version;
    std::string_view name;    // As in `kind:`.
    std::string_view plural;  // As in the URL.
    bool namespaced = true;
    bool optional = false;  // Not every cluster has it: it comes with a CustomResourceDefinition of somebody else.

    std::string api_version() const;  // "apps/v1", "v1".

    std::string resource() const;  // "deployments.apps", as a CustomResourceDefinition would be named.

    // Path of the collection: /apis/apps/v1/namespaces/shop/deployments. An empty namespace means all of them.
    std::string path(std::string_view ns) const;

    friend bool operator==(const Kind& a, const Kind& b) { return a.group == b.group && a.name == b.name; }
};

inline constexpr Kind kPlatform{"ecommerceplatform.io", "v1alpha1", "EcommercePlatform", "ecommerceplatforms"};

inline constexpr Kind kResourceQuota{"", "v1", "ResourceQuota", "resourcequotas"};
inline constexpr Kind kLimitRange{"", "v1", "LimitRange", "limitranges"};
inline constexpr Kind kServiceAccount{"", "v1", "ServiceAccount", "serviceaccounts"};
inline constexpr Kind kSecret{"", "v1", "Secret", "secrets"};
inline constexpr Kind kConfigMap{"", "v1", "ConfigMap", "configmaps"};
inline constexpr Kind kService{"", "v1", "Service", "services"};
inline constexpr Kind kPersistentVolumeClaim{"", "v1", "PersistentVolumeClaim", "persistentvolumeclaims"};
inline constexpr Kind kDeployment{"apps", "v1", "Deployment", "deployments"};
inline constexpr Kind kDaemonSet{"apps", "v1", "DaemonSet", "daemonsets"};
inline constexpr Kind kStatefulSet{"apps", "v1", "StatefulSet", "statefulsets"};
inline constexpr Kind kJob{"batch", "v1", "Job", "jobs"};
inline constexpr Kind kPod{"", "v1", "Pod", "pods"};
inline constexpr Kind kNode{"", "v1", "Node", "nodes", false};
inline constexpr Kind kNamespace{"", "v1", "Namespace", "namespaces", false};
inline constexpr Kind kHorizontalPodAutoscaler{"autoscaling", "v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers"};
inline constexpr Kind kPodDisruptionBudget{"policy", "v1", "PodDisruptionBudget", "poddisruptionbudgets"};
inline constexpr Kind kNetworkPolicy{"networking.k8s.io", "v1", "NetworkPolicy", "networkpolicies"};
inline constexpr Kind kRoleBinding{"rbac.authorization.k8s.io", "v1", "RoleBinding", "rolebindings"};
inline constexpr Kind kIngress{"networking.k8s.io", "v1", "Ingress", "ingresses"};
inline constexpr Kind kHttpRoute{"gateway.networking.k8s.io", "v1", "HTTPRoute", "httproutes", true, true};
inline constexpr Kind kServiceMonitor{"monitoring.coreos.com", "v1", "ServiceMonitor", "servicemonitors", true, true};
inline constexpr Kind kPrometheusRule{"monitoring.coreos.com", "v1", "PrometheusRule", "prometheusrules", true, true};
inline constexpr Kind kVerticalPodAutoscaler{"autoscaling.k8s.io",     "v1", "VerticalPodAutoscaler",
                                             "verticalpodautoscalers", true, true};
inline constexpr Kind kPriorityClass{"scheduling.k8s.io", "v1", "PriorityClass", "priorityclasses", false};
inline constexpr Kind kValidatingAdmissionPolicy{"admissionregistration.k8s.io", "v1", "ValidatingAdmissionPolicy",
                                                 "validatingadmissionpolicies", false};
inline constexpr Kind kValidatingAdmissionPolicyBinding{"admissionregistration.k8s.io", "v1", "ValidatingAdmissionPolicyBinding",
                                                        "validatingadmissionpolicybindings", false};
inline constexpr Kind kLease{"coordination.k8s.io", "v1", "Lease", "leases"};
inline constexpr Kind kEvent{"events.k8s.io", "v1", "Event", "events"};
inline constexpr Kind kCustomResourceDefinition{"apiextensions.k8s.io", "v1", "CustomResourceDefinition",
                                                "customresourcedefinitions", false};

// Whether a platform's objects of this kind lie outside its namespace, where no owner reference can tie them to it: what has no
// namespace, and the DaemonSet, which has another.
bool is_outside(const Kind& kind);

// The kinds of which a platform may own objects, in the order in which they are applied: what others refer to comes first.
const std::vector<Kind>& child_kinds();

}  // namespace kube
