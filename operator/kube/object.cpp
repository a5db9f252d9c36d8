#include "kube/object.h"

namespace kube {

std::string to_string(const Key& key) {
    return key.ns.empty() ? key.name : key.ns + "/" + key.name;
}

Object Object::make(const Kind& kind, const Key& key) {
    Object object{kind, {{"apiVersion", kind.api_version()}, {"kind", kind.name}, {"metadata", {{"name", key.name}}}}};
    if (kind.namespaced && !key.ns.empty()) object.json["metadata"]["namespace"] = key.ns;
    return object;
}

Key key_of(const Json& object) {
    return {string_at(object, {"metadata", "namespace"}), string_at(object, {"metadata", "name"})};
}

Key Object::key() const {
    return key_of(json);
}

std::string to_string(const Object& object) {
    return std::string(object.kind.name) + " " + to_string(object.key());
}

const Json& at(const Json& json, std::initializer_list<std::string_view> path) {
    static const Json null;
    const Json* value = &json;
    for (std::string_view part : path) {
        if (!value->is_object()) return null;
        const auto found = value->find(std::string(part));
        if (found == value->end()) return null;
        value = &*found;
    }
    return *value;
}

std::string string_at(const Json& json, std::initializer_list<std::string_view> path) {
    const Json& value = at(json, path);
    return value.is_string() ? value.get<std::string>() : std::string();
}

std::int64_t int_at(const Json& json, std::initializer_list<std::string_view> path) {
    const Json& value = at(json, path);
    return value.is_number_integer() ? value.get<std::int64_t>() : 0;
}

std::string label_of(const Json& object, std::string_view name) {
    return string_at(object, {"metadata", "labels", name});
}

}  // namespace kube
