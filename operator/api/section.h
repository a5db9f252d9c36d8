// A part of a spec, read field by field with a default for what is absent.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <string_view>

#include "kube/object.h"

namespace api {

class Section {
public:
    explicit Section(const kube::Json& json) : json_(json) {}

    bool has(std::string_view field) const { return !kube::at(json_, {field}).is_null(); }

    // Empty where the field is absent, so that everything within has its default.
    Section section(std::string_view field) const { return Section(kube::at(json_, {field})); }

    const kube::Json& list(std::string_view field) const { return kube::at(json_, {field}); }

    // The field, or `otherwise` where it is absent. Throws Json::type_error where it is of another type.
    template <typename Value>
    Value get(std::string_view field, Value otherwise) const {
        const kube::Json& value = kube::at(json_, {field});
        return value.is_null() ? otherwise : value.get<Value>();
    }

    std::string text(std::string_view field, std::string_view otherwise = "") const { return get(field, std::string(otherwise)); }

    std::map<std::string, std::string> words(std::string_view field) const {
        std::map<std::string, std::string> result;
        for (const auto& [key, value] : kube::at(json_, {field}).items()) {
            if (!value.is_null()) result[key] = value.get<std::string>();
        }
        return result;
    }

    // The value that the field's word stands for.
    template <typename Value>
    Value one_of(std::string_view field, Value otherwise, const std::map<std::string, Value>& meanings) const {
        if (!has(field)) return otherwise;
        const auto found = meanings.find(text(field));
        if (found == meanings.end()) throw std::invalid_argument(std::string(field) + ": no such value: " + text(field));
        return found->second;
    }

private:
    const kube::Json& json_;
};

}  // namespace api
