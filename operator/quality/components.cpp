#include "quality/components.h"

#include <algorithm>

namespace quality {

namespace {

// Pods of the present revision that are available at the least: every pod of an older revision may be among the available ones.
std::int64_t certainly_available(const Workload& workload) {
    const std::int64_t older = std::max<std::int64_t>(workload.current - workload.updated, 0);
    return std::max<std::int64_t>(workload.available - older, 0);
}

// What a Job must prepare first is not as declared, whatever runs.
void wait_for(const Preparation* preparation, Component& component) {
    if (!preparation) return;
    component.ready = component.settled = false;
    component.status.message = preparation->in_words();
}

Component from_workload(std::string_view name, std::string_view kind, std::int64_t minimum, const Observed& observed) {
    Component component;
    component.status.name = name;
    component.status.kind = kind;
    const Workload* found = observed.workload_of(name);
    if (!found) {
        component.status.desired = minimum;
        component.status.message = "does not exist";
        return component;
    }
    const Workload& workload = *found;
    const bool current = workload.observed_generation >= workload.generation;
    component.status.version = workload.version;
    component.status.ready = workload.available;
    component.status.desired = workload.desired;
    component.ready = current && certainly_available(workload) >= minimum;
    component.settled = current && workload.updated >= workload.desired && workload.current == workload.desired &&
                        workload.available >= workload.desired;
    if (!component.settled) component.status.message = workload.failure;
    return component;
}

Component data_store(const api::Platform& platform, std::string_view name, const Observed& observed) {
    const api::DataStore& store = api::data_store(platform.spec, name);
    Component component;
    if (store.external) {
        component.status.name = name;
        component.status.kind = "External";
        const MissingReference* missing = observed.reference_missing(name);
        component.ready = component.settled = !missing;
        if (missing) {
            component.status.message = "Secret " + store.external->secret_name +
                                       (missing->keys.empty() ? " does not exist" : " lacks the " + named(missing->keys));
        }
    } else {
        // A majority answers for a quorum: one of one, two of three.
        component = from_workload(name, "StatefulSet", store.managed.nodes / 2 + 1, observed);
    }
    component.is_data = true;
    return component;
}

}  // namespace

std::vector<Component> components(const api::Platform& platform, const Observed& observed) {
    std::vector<Component> all;
    for (const api::Service& service : api::kServices) {
        const auto settings = platform.spec.services.find(service.key);
        const int minimum = settings == platform.spec.services.end() ? 1 : settings->second.replicas.min;
        all.push_back(from_workload(service.key, "Deployment", minimum, observed));
    }
    for (const std::string_view name : api::kDataStores) all.push_back(data_store(platform, name, observed));
    for (Component& component : all) wait_for(observed.preparation_of(component.status.name), component);
    return all;
}

}  // namespace quality
