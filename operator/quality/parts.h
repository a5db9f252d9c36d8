// PURE: what several provers ask of a case.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "quality/promise.h"

namespace quality {

// A component that runs in this cluster.
struct Part {
    std::string name;
    bool is_data = false;
    std::int64_t least = 1;  // Replicas that there must be: an autoscaler's minimum, all nodes of a data store.
};

// The services in the order of api::kServices, then the managed data stores.
std::vector<Part> parts(const api::Platform& platform);

// "a, b, c"
std::string listed(const std::vector<std::string>& names, std::string_view separator = ", ");

// "a, b, c and 2 more"
std::string in_short(const std::vector<std::string>& names);

// Judges all pods that run, of components that `concerns`: kept where `holds` of each, hurt where not of some component's, and
// unknown as long as a component has none.
Finding of_every_pod(const Case& of, const std::function<bool(std::string_view component)>& concerns,
                     const std::function<bool(const Pod&)>& holds, const std::string& when_kept, const std::string& when_hurt,
                     const std::string& cure);

// Judges the objects that `concerns`: kept where each is as declared.
Finding of_every_object(const Case& of, const std::function<bool(const Declared&)>& concerns, const std::string& when_kept);

// Hurt where the cluster lacks an API that the field of the spec asks for; else nothing.
std::optional<Finding> of_missing_api(const Case& of, std::string_view field);

// The names of the objects of others of a kind that act on the component; nothing where they may not be observed.
std::optional<std::vector<std::string>> others_on(const Case& of, std::string_view kind, std::string_view component);

// What brings an object of ours back that is missing or differs.
std::string cure_of_objects(const Case& of);

// Where pods, nodes or namespaces may not be observed.
Finding not_shown(const std::string& component, const std::string& what);

// The fields in which the maxima are declared of the services that `concerns`, as "a or b". One without an autoscaler has a
// number instead, which validation holds between min and max.
std::string maxima(const api::Spec& spec, const std::function<bool(std::string_view service)>& concerns);

bool is_service(std::string_view component);

}  // namespace quality
