// JSON that has one meaning only: two readers must not see two things in what one signature covers.
#include "common/identity/strict_json.h"

#include <set>
#include <string>
#include <vector>

namespace identity {
namespace {

constexpr int kDepth = 16;

}  // namespace

std::optional<nlohmann::json> strict_object(std::string_view text) {
    if (text.find('\0') != std::string_view::npos) return std::nullopt;  // nlohmann's reader would stop there and be content.
    using Event = nlohmann::json::parse_event_t;
    std::vector<std::set<std::string>> names;
    bool sound = true;
    const auto watch = [&](int depth, Event event, nlohmann::json& value) {
        if (depth > kDepth) sound = false;
        if (event == Event::object_start) names.emplace_back();
        if (event == Event::object_end && !names.empty()) names.pop_back();
        if (event == Event::key && !names.empty() && !names.back().insert(value.get<std::string>()).second) sound = false;
        return true;
    };
    nlohmann::json value = nlohmann::json::parse(text, watch, false);
    if (!sound || !value.is_object()) return std::nullopt;
    return value;
}

}  // namespace identity
