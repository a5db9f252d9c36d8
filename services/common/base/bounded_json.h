// JSON from outside, which nests only so deep: whoever copies, writes or walks through it recurses.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <utility>

namespace base {

// Nothing where the text is no JSON or nests deeper than that.
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

}  // namespace base
