// JSON that comes from outside and need not be what is expected.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace base {

// Nothing where the text is no JSON or nests deeper than that: whoever copies, writes or walks through a value recurses.
inline std::optional<nlohmann::json> bounded_json_from(std::string_view text, int deepest) {
    bool is_too_deep = false;
    const auto bound = [&](int depth, nlohmann::json::parse_event_t, nlohmann::json&) {
        is_too_deep = is_too_deep || depth > deepest;
        return !is_too_deep;
    };
    nlohmann::json json = nlohmann::json::parse(text, bound, false);
    if (is_too_deep || json.is_discarded()) return std::nullopt;
    return std::make_optional(std::move(json));
}

// A field's text; empty where there is no such field, or what it holds is no text.
inline std::string text_of(const nlohmann::json& object, const char* field) {
    if (!object.is_object()) return {};
    const auto found = object.find(field);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

}  // namespace base
