#include "kube/managed.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "kube/object.h"

namespace kube {

namespace {

Json owned(const Json& value, const Json& fields);

// An item of an associative list, named by its keys: k:{"containerPort":8080,"protocol":"TCP"}
bool has_keys(const Json& item, const Json& keys) {
    if (!item.is_object()) return false;
    for (const auto& [key, wanted] : keys.items()) {
        const auto found = item.find(key);
        if (found == item.end() || *found != wanted) return false;
    }
    return true;
}

// The owned items of a list, in the list's order.
Json owned_items(const Json& list, const Json& fields) {
    Json result = Json::array();
    if (!list.is_array()) return result;
    for (std::size_t index = 0; index < list.size(); ++index) {
        const Json& item = list[index];
        for (const auto& [name, sub] : fields.items()) {
            const std::string_view text = name;
            const std::string_view rest = text.substr(text.size() < 2 ? text.size() : 2);
            if (text.starts_with("k:")) {
                const Json keys = Json::parse(rest, nullptr, false);
                if (!has_keys(item, keys)) continue;
            } else if (text.starts_with("v:")) {
                if (item != Json::parse(rest, nullptr, false)) continue;
            } else if (text.starts_with("i:")) {
                if (std::to_string(index) != rest) continue;
            } else {
                continue;
            }
            result.push_back(owned(item, sub));
            break;
        }
    }
    return result;
}

bool names_list_items(const Json& fields) {
    for (const auto& [name, sub] : fields.items()) {
        if (name.starts_with("k:") || name.starts_with("v:") || name.starts_with("i:")) return true;
    }
    return false;
}

Json owned(const Json& value, const Json& fields) {
    if (!fields.is_object() || fields.empty()) return value;
    if (names_list_items(fields)) return owned_items(value, fields);
    Json result = Json::object();
    bool leaf = true;
    for (const auto& [name, sub] : fields.items()) {
        if (!name.starts_with("f:")) continue;
        leaf = false;
        const std::string field = name.substr(2);
        result[field] = owned(at(value, {field}), sub);
    }
    return leaf ? value : result;
}

const Json& fields_applied(const Json& object, std::string_view manager) {
    static const Json none;
    for (const Json& entry : at(object, {"metadata", "managedFields"})) {
        if (string_at(entry, {"manager"}) != manager || string_at(entry, {"operation"}) != "Apply") continue;
        if (string_at(entry, {"subresource"}).empty()) return at(entry, {"fieldsV1"});
    }
    return none;
}

// Of `fields` what is not in `others`; null for nothing. A field without fields below it stands for all that is there; "." for
// the thing that holds them.
Json without(const Json& fields, const Json& others) {
    Json rest;
    for (const auto& [name, sub] : fields.items()) {
        if (name == ".") continue;
        const auto other = others.find(name);
        if (other == others.end()) {
            rest[name] = sub;
        } else if (!other->empty() && !sub.empty()) {
            if (Json deeper = without(sub, *other); !deeper.is_null()) rest[name] = std::move(deeper);
        }
    }
    return rest;
}

// What of an object anyone may write.
void leave_out_shared(Json& fields) {
    fields.erase("f:metadata");
    fields.erase("f:status");
    const auto spec = fields.find("f:spec");
    if (spec == fields.end()) return;
    spec->erase("f:replicas");
    if (const auto pods = spec->find("f:template"); pods != spec->end()) {
        pods->erase("f:metadata");
        if (pods->empty()) spec->erase(pods);
    }
    if (spec->empty()) fields.erase(spec);
}

std::uint64_t mix(std::uint64_t hash, std::string_view bytes) {
    for (const char byte : bytes) {
        hash ^= static_cast<unsigned char>(byte);
        hash *= 1099511628211ULL;
    }
    return hash;
}

// Strings go in with their length and containers between brackets, so that neighbours can't run into each other.
std::uint64_t mix_text(std::uint64_t hash, const std::string& text) {
    return mix(mix(hash, std::to_string(text.size()) + "s"), text);
}

std::uint64_t mix_value(std::uint64_t hash, const Json& value) {
    switch (value.type()) {
        case Json::value_t::object:
            hash = mix(hash, "{");
            for (const auto& [key, member] : value.items()) hash = mix_value(mix_text(hash, key), member);
            return mix(hash, "}");
        case Json::value_t::array:
            hash = mix(hash, "[");
            for (const Json& item : value) hash = mix_value(hash, item);
            return mix(hash, "]");
        case Json::value_t::string:
            return mix_text(hash, value.get_ref<const std::string&>());
        default:
            return mix(hash, "v" + value.dump() + ";");
    }
}

Json nulls(const Json& value) {
    if (!value.is_object()) return nullptr;
    Json result = Json::object();
    for (const auto& [key, member] : value.items()) result[key] = nulls(member);
    return result;
}

}  // namespace

Json managed_part(const Json& object, std::string_view manager) {
    const Json& fields = fields_applied(object, manager);
    return fields.is_null() ? Json() : owned(object, fields);
}

bool is_applied_by(const Json& object, std::string_view manager) {
    return !fields_applied(object, manager).is_null();
}

Json foreign_part(const Json& object, std::string_view applier, std::span<const std::string_view> ours) {
    const Json& applied = fields_applied(object, applier);
    Json parts;
    for (const Json& entry : at(object, {"metadata", "managedFields"})) {
        if (!string_at(entry, {"subresource"}).empty()) continue;
        if (std::ranges::find(ours, string_at(entry, {"manager"})) != ours.end()) continue;
        Json fields = at(entry, {"fieldsV1"});
        if (!fields.is_object()) continue;
        leave_out_shared(fields);
        if (const Json rest = without(fields, applied); !rest.is_null()) parts.push_back(owned(object, rest));
    }
    return parts;
}

Json applied_part(const Json& object) {
    Json part = object;
    part.erase("apiVersion");
    part.erase("kind");
    if (const auto metadata = part.find("metadata"); metadata != part.end()) {
        metadata->erase("name");
        metadata->erase("namespace");
        if (metadata->empty()) part.erase(metadata);
    }
    return part;
}

Json without_values(Json object) {
    for (auto& [key, value] : object.items()) {
        if (key != "metadata" && key != "apiVersion" && key != "kind") value = nulls(value);
    }
    return object;
}

std::uint64_t digest(const Json& value) {
    return mix_value(14695981039346656037ULL, value);
}

}  // namespace kube
