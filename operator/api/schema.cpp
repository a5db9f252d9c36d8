#include "api/schema.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>

#include "api/document.h"
#include "api/pattern.h"
#include "api/rules.h"
#include "kube/object.h"

namespace api {

extern const char* const kCrdText;  // Written by embed_crd.cmake.

namespace {

using kube::Json;

void drop_descriptions(Json& schema) {
    if (!schema.is_structured()) return;
    if (const auto found = schema.find("description"); found != schema.end() && found->is_string()) schema.erase(found);
    for (Json& child : schema) drop_descriptions(child);
}

std::string type_of(const Json& value) {
    return value.is_number_integer() ? "integer" : value.type_name();
}

bool has_type(const Json& value, const std::string& type) {
    if (type == "integer") return value.is_number_integer();
    return type == value.type_name();
}

std::string type_problem(const Json& schema, const Json& value, const std::string& type) {
    std::string message = "Invalid value: " + shown(value) + ": must be of type " + type + ", not " + type_of(value);
    if (value.is_boolean() && type == "string")
        message += " (YAML reads yes, no, on and off as booleans unless they are in quotes)";
    if (value.is_string() && (type == "integer" || type == "boolean")) message += " (write it without quotes)";
    if (value.is_number() && schema.contains("x-kubernetes-int-or-string")) message += " (write it in quotes)";
    return message;
}

std::vector<std::string> keys_of(const Json& object) {
    std::vector<std::string> keys;
    for (const auto& [key, value] : object.items()) keys.push_back(key);
    return keys;
}

class Checker {
public:
    void check(const Json& schema, const Json& value, const std::string& path) {
        const bool int_or_string = schema.contains("x-kubernetes-int-or-string");
        const std::string type = int_or_string ? (value.is_string() ? "string" : "integer") : kube::string_at(schema, {"type"});
        if (!has_type(value, type)) {
            report(path, type_problem(schema, value, int_or_string ? "integer or string" : type));
            return;
        }
        const std::size_t before = problems.size();
        if (value.is_object()) check_object(schema, value, path);
        if (value.is_array()) check_array(schema, value, path);
        if (value.is_string()) check_string(schema, value.get_ref<const std::string&>(), path);
        if (value.is_number()) check_number(schema, value, path);
        if (problems.size() == before || value.is_structured()) check_rules(schema, value, path);
    }

    std::vector<Problem> problems;

private:
    void report(const std::string& path, std::string message) { problems.push_back({path, std::move(message)}); }

    void check_object(const Json& schema, const Json& value, const std::string& path) {
        const Json& properties = kube::at(schema, {"properties"});
        const Json& additional = kube::at(schema, {"additionalProperties"});
        const std::string prefix = path.empty() ? "" : path + ".";
        if (const Json& most = kube::at(schema, {"maxProperties"}); most.is_number() && value.size() > most.get<std::size_t>()) {
            report(path, "Too many: " + std::to_string(value.size()) + ": must have at most " + most.dump() + " items");
        }
        for (const Json& name : kube::at(schema, {"required"})) {
            const auto found = value.find(name.get<std::string>());
            if (found == value.end() || found->is_null()) report(prefix + name.get<std::string>(), "Required value");
        }
        for (const auto& [key, child] : value.items()) {
            const auto known = properties.find(key);
            if (child.is_null() && (additional.is_object() || known != properties.end())) continue;  // The API server drops it.
            if (additional.is_object()) {
                check(additional, child, prefix + key);
            } else if (properties.is_object() && known == properties.end()) {
                report(prefix + key, "unknown field" + suggestion(key, keys_of(properties)));
            } else if (known != properties.end()) {
                check(*known, child, prefix + key);
            }
        }
    }

    void check_array(const Json& schema, const Json& value, const std::string& path) {
        const Json& most = kube::at(schema, {"maxItems"});
        if (most.is_number() && value.size() > most.get<std::size_t>()) {
            report(path, "Too many: " + std::to_string(value.size()) + ": must have at most " + most.dump() + " items");
            return;
        }
        const bool is_map = kube::string_at(schema, {"x-kubernetes-list-type"}) == "map";
        const bool is_set = kube::string_at(schema, {"x-kubernetes-list-type"}) == "set";
        std::vector<Json> seen;
        for (std::size_t i = 0; i < value.size(); ++i) {
            const std::string item_path = path + "[" + std::to_string(i) + "]";
            check(schema.at("items"), value[i], item_path);
            if (!is_map && !is_set) continue;
            Json identity = value[i];
            if (is_map) {
                identity = Json::object();
                for (const Json& key : schema.at("x-kubernetes-list-map-keys")) {
                    identity[key.get<std::string>()] = kube::at(value[i], {key.get<std::string>()});
                }
            }
            if (std::ranges::find(seen, identity) != seen.end()) report(item_path, "Duplicate value: " + shown(identity));
            seen.push_back(std::move(identity));
        }
    }

    void check_string(const Json& schema, const std::string& value, const std::string& path) {
        const Json& longest = kube::at(schema, {"maxLength"});
        const Json& shortest = kube::at(schema, {"minLength"});
        const Json& values = kube::at(schema, {"enum"});
        const Json& pattern = kube::at(schema, {"pattern"});
        if (longest.is_number() && value.size() > longest.get<std::size_t>()) {
            report(path, "Too long: may not be more than " + longest.dump() + " bytes");
        } else if (shortest.is_number() && value.size() < shortest.get<std::size_t>()) {
            report(path, "Invalid value: " + shown(value) + ": should be at least " + shortest.dump() + " chars long");
        } else if (pattern.is_string() && !matches(value, pattern.get<std::string>())) {
            report(path, "Invalid value: " + shown(value) + ": should match '" + pattern.get<std::string>() + "'");
        } else if (values.is_array() && std::ranges::find(values, Json(value)) == values.end()) {
            std::string message = "Unsupported value: " + shown(value) + ": supported values: ";
            for (const Json& each : values) message += (&each == &values.front() ? "" : ", ") + each.dump();
            report(path, message);
        }
    }

    void check_number(const Json& schema, const Json& value, const std::string& path) {
        const Json& least = kube::at(schema, {"minimum"});
        const Json& most = kube::at(schema, {"maximum"});
        if (least.is_number() && value < least) {
            report(path, "Invalid value: " + shown(value) + ": should be greater than or equal to " + least.dump());
        } else if (most.is_number() && value > most) {
            report(path, "Invalid value: " + shown(value) + ": should be less than or equal to " + most.dump());
        }
    }

    void check_rules(const Json& schema, const Json& value, const std::string& path) {
        for (const Json& rule : kube::at(schema, {"x-kubernetes-validations"})) {
            if (kube::string_at(rule, {"rule"}).find("oldSelf") != std::string::npos) continue;  // Only a change can break it.
            const std::string message = kube::string_at(rule, {"message"});
            const Rule keeps = rule_of(message);
            if (keeps == nullptr) throw std::logic_error("no C++ twin for the rule: " + message);
            if (keeps(value)) continue;
            const std::string reason = kube::string_at(rule, {"reason"});
            const std::string kind = reason == "FieldValueRequired"    ? "Required value: "
                                     : reason == "FieldValueForbidden" ? "Forbidden: "
                                     : value.is_structured()           ? "Invalid value: "
                                                                       : "Invalid value: " + shown(value) + ": ";
            const std::string field = path + kube::string_at(rule, {"fieldPath"});
            report(path.empty() ? field.substr(field.empty() ? 0 : 1) : field, kind + message);
        }
    }
};

// Edits of one letter that turn one word into the other, capital or not.
std::size_t distance(const std::string& a, const std::string& b) {
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const bool same =
                std::tolower(static_cast<unsigned char>(a[i - 1])) == std::tolower(static_cast<unsigned char>(b[j - 1]));
            const std::size_t above = row[j];
            row[j] = std::min({row[j] + 1, row[j - 1] + 1, diagonal + (same ? 0 : 1)});
            diagonal = above;
        }
    }
    return row.back();
}

}  // namespace

std::string shown(const Json& value) {
    constexpr std::size_t longest = 80;
    std::string text = value.dump(-1, ' ', false, Json::error_handler_t::replace);
    if (text.size() <= longest) return text;
    std::size_t end = longest;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;  // Not within a character.
    return text.substr(0, end) + "…";
}

std::string suggestion(const std::string& name, const std::vector<std::string>& known) {
    if (name.size() > 64) return "";
    std::string nearest;
    std::size_t best = name.size() < 5 ? 2 : 3;  // As many edits would turn it into anything.
    for (const std::string& each : known) {
        if (const std::size_t edits = distance(name, each); edits < best) {
            best = edits;
            nearest = each;
        }
    }
    return nearest.empty() ? "" : " (did you mean \"" + nearest + "\"?)";
}

const Json& platform_schema() {
    static const Json schema = [] {
        auto crd = std::get<Json>(read_document(kCrdText));
        Json root = crd.at("spec").at("versions").at(0).at("schema").at("openAPIV3Schema");
        drop_descriptions(root);
        return root;
    }();
    return schema;
}

std::vector<Problem> check_schema(const Json& schema, const Json& value, const std::string& path) {
    Checker checker;
    checker.check(schema, value, path);
    return std::move(checker.problems);
}

}  // namespace api
