// A Kubernetes object as a value, and the names that identify one.
#pragma once

#include <compare>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "kube/json.h"
#include "kube/kind.h"

namespace kube {

// Namespace and name; the namespace is empty for cluster-scoped objects.
struct Key {
    std::string ns;
    std::string name;

    friend auto operator<=>(const Key&, const Key&) = default;
};

std::string to_string(const Key& key);  // "shop/shop-catalog", or "name" where there is no namespace.

// An object of a known kind. `json` is the whole document, apiVersion and kind included.
struct Object {
    Kind kind;
    Json json;

    // An object of that kind with the name and namespace set, to be filled by a builder.
    static Object make(const Kind& kind, const Key& key);

    Key key() const;
    Json& operator[](std::string_view field) { return json[std::string(field)]; }
};

using Objects = std::vector<Object>;

Key key_of(const Json& object);  // By its metadata.

std::string to_string(const Object& object);  // "Deployment shop/shop-catalog"

// Member at a path of keys, or null where any of them is missing: at(json, {"status", "replicas"}).
const Json& at(const Json& json, std::initializer_list<std::string_view> path);
std::string string_at(const Json& json, std::initializer_list<std::string_view> path);  // "" where missing.
std::int64_t int_at(const Json& json, std::initializer_list<std::string_view> path);    // 0 where missing.
std::string label_of(const Json& object, std::string_view name);                        // "" where missing.

}  // namespace kube
