#include "api/metadata.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "api/pattern.h"
#include "api/schema.h"
#include "kube/object.h"

namespace api {
namespace {

using kube::Json;

// The fields of ObjectMeta.
const std::vector<std::string> kFields{"name",        "generateName",      "namespace",    "selfLink",
                                       "uid",         "resourceVersion",   "generation",   "creationTimestamp",
                                       "labels",      "deletionTimestamp", "finalizers",   "deletionGracePeriodSeconds",
                                       "annotations", "ownerReferences",   "managedFields"};

// The key of a label or annotation: an optional DNS name and a slash, then a name of at most 63 characters.
bool is_qualified(const std::string& key) {
    return key.size() <= 253 + 1 + 63 && matches(key,
                                                 "^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?"
                                                 "([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)$");
}

bool is_label_value(const std::string& value) {
    return value.size() <= 63 && matches(value, "^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$");
}

void check_map(const Json& metadata, const std::string& field, std::vector<Problem>& problems) {
    const Json& map = kube::at(metadata, {field});
    const std::string path = "metadata." + field;
    if (map.is_null()) return;
    if (!map.is_object()) {
        problems.push_back({path, "Invalid value: must be of type object, not " + std::string(map.type_name())});
        return;
    }
    for (const auto& [key, value] : map.items()) {
        if (!is_qualified(key)) problems.push_back({path, "Invalid value: " + shown(key) + ": is no valid key"});
        if (!value.is_string()) {
            std::string field_path = path;
            field_path.append(".").append(key);
            problems.push_back({field_path, "Invalid value: must be of type string, not " + std::string(value.type_name())});
        } else if (field == "labels" && !is_label_value(value.get_ref<const std::string&>())) {
            problems.push_back({path, "Invalid value: " + shown(value) +
                                          ": a label has at most 63 letters, digits, '-', '_' and '.', and begins and ends "
                                          "with a letter or digit"});
        }
    }
}

bool is_empty_text(const Json& value) {
    return value.is_string() && value.get_ref<const std::string&>().empty();
}

}  // namespace

std::vector<Problem> check_metadata(const Json& metadata) {
    std::vector<Problem> problems;
    if (!metadata.is_object()) {
        problems.push_back({"metadata.name", "Required value"});
        return problems;
    }
    for (const auto& [key, value] : metadata.items()) {
        if (std::ranges::find(kFields, key) == kFields.end()) {
            problems.push_back({"metadata." + key, "unknown field" + suggestion(key, kFields)});
        }
    }
    const Json& name = kube::at(metadata, {"name"});
    if (name.is_null() || is_empty_text(name)) {
        problems.push_back({"metadata.name", "Required value"});
    } else if (!name.is_string()) {
        problems.push_back({"metadata.name", "Invalid value: must be of type string, not " + std::string(name.type_name())});
    }
    const Json& ns = kube::at(metadata, {"namespace"});
    if (!ns.is_null() && !is_empty_text(ns)) {
        const bool valid = ns.is_string() && ns.get_ref<const std::string&>().size() <= 63 &&
                           matches(ns.get_ref<const std::string&>(), "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$");
        if (!valid) problems.push_back({"metadata.namespace", "Invalid value: must be a DNS label of at most 63 characters"});
    }
    check_map(metadata, "labels", problems);
    check_map(metadata, "annotations", problems);
    return problems;
}

}  // namespace api
