#include "kube/selector.h"

#include <algorithm>

#include "kube/object.h"

namespace kube {

namespace {

// An operator that Kubernetes does not have is met by nothing.
bool meets(const Json& labels, const Json& requirement) {
    const Json& value = at(labels, {string_at(requirement, {"key"})});
    const Json& values = at(requirement, {"values"});
    const bool among = !value.is_null() && std::find(values.begin(), values.end(), value) != values.end();
    const std::string op = string_at(requirement, {"operator"});
    if (op == "In") return among;
    if (op == "NotIn") return !among;
    if (op == "Exists") return !value.is_null();
    return op == "DoesNotExist" && value.is_null();
}

}  // namespace

bool selects(const Json& selector, const Json& labels) {
    for (const auto& [name, value] : at(selector, {"matchLabels"}).items()) {
        if (at(labels, {name}) != value) return false;
    }
    const Json& requirements = at(selector, {"matchExpressions"});
    return std::all_of(requirements.begin(), requirements.end(), [&](const Json& each) { return meets(labels, each); });
}

}  // namespace kube
