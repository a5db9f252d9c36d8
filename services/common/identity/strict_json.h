// JSON that has one meaning only. Internal to identity.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

namespace identity {

// An object; nothing where the text is anything else, names a member twice, is nested deeper than 16 or goes on after its end.
std::optional<nlohmann::json> strict_object(std::string_view text);

}  // namespace identity
