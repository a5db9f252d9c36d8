#include "resources/priority.h"

#include <nlohmann/json.hpp>

#include "resources/component.h"

namespace resources {
namespace {

// Above 0, which pods without a class have; below 1,000,000,000, from where on values are the system's (PriorityClass API).
// Data stores come first: a service without its store serves nobody.
constexpr int kServicesPriority = 100'000;
constexpr int kDataPriority = 200'000;

kube::Object priority_class(const api::Platform& platform, Workload workload, int value, const char* description) {
    kube::Object object =
        cluster_object(component(platform, "priority"), kube::kPriorityClass, priority_class_name(platform, workload));
    object["value"] = value;
    object["description"] = description;
    return object;
}

}  // namespace

std::string priority_class_name(const api::Platform& platform, Workload workload) {
    return cluster_name(platform, workload == Workload::Service || workload == Workload::Agent ? "services" : "data");
}

kube::Objects priority_classes(const api::Platform& platform) {
    if (!platform.spec.priority_classes) return {};
    return {priority_class(platform, Workload::Data, kDataPriority,
                           "Data stores of an EcommercePlatform and the Jobs that prepare them: before its services."),
            priority_class(platform, Workload::Service, kServicesPriority,
                           "Services of an EcommercePlatform: before pods without a class.")};
}

}  // namespace resources
