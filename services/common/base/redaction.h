// Keeps secrets out of logs, should one ever get as far as a log line: the second line of defence, not the first.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace base {

inline constexpr std::string_view kRedacted = "[redacted]";

// "password", "refresh_token", "Authorization", "card_number" …: whatever text such a field or member has is secret.
bool names_a_secret(std::string_view name);

// The text with kRedacted in place of passwords in URLs, tokens after "Bearer", JWTs, and card numbers.
std::string redacted(std::string_view text);

// The value with its texts redacted, at whatever depth. Numbers and booleans say nothing secret here, such as how many keys.
nlohmann::json redacted(std::string_view name, const nlohmann::json& value);

}  // namespace base
