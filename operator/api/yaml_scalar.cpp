#include "api/yaml_scalar.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

namespace api {
namespace {

using kube::Json;

// Both lists stand in go.yaml.in/yaml/v2, resolve.go.
constexpr std::array<std::string_view, 11> kTrue{"y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"};
constexpr std::array<std::string_view, 11> kFalse{"n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"};
constexpr std::array<std::string_view, 5> kNull{"", "~", "null", "Null", "NULL"};

// The number that the whole text is; `how` is the base of an integer and nothing for others.
template <typename Number, typename... How>
std::optional<Number> parsed(std::string_view digits, How... how) {
    Number number{};
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number, how...);
    if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
    return number;
}

// Go's integer literals: 0x, 0o, 0b, and a leading 0 for octal.
std::optional<Json> integer(std::string_view text) {
    const bool negative = text.front() == '-';
    if (negative || text.front() == '+') text.remove_prefix(1);
    int base = 10;
    if (text.size() > 1 && text[0] == '0') {
        const char kind = static_cast<char>(text[1] | 0x20);
        base = kind == 'x' ? 16 : kind == 'b' ? 2 : 8;
        text.remove_prefix(kind == 'x' || kind == 'b' || kind == 'o' ? 2 : 1);
    }
    if (text.empty() || text.front() == '-') return std::nullopt;
    const std::string digits = (negative ? "-" : "") + std::string(text);
    if (const auto number = parsed<std::int64_t>(digits, base)) return Json(*number);
    if (const auto number = parsed<std::uint64_t>(digits, base)) return Json(*number);
    return std::nullopt;
}

std::optional<Json> decimal(std::string_view text) {
    if (text.front() == '+') text.remove_prefix(1);
    const bool shaped = !text.empty() && text.find_first_not_of("0123456789+-.eE") == std::string_view::npos &&
                        text.find_first_of("0123456789") != std::string_view::npos;
    if (!shaped) return std::nullopt;
    const auto number = parsed<double>(text);
    if (!number || !std::isfinite(*number)) return std::nullopt;
    // Go writes 3.0 into JSON as 3.
    constexpr double exact = 9007199254740992.0;  // 2^53
    if (std::trunc(*number) == *number && std::abs(*number) < exact) return Json(static_cast<std::int64_t>(*number));
    return Json(*number);
}

}  // namespace

Json plain_scalar(const std::string& text) {
    if (std::ranges::find(kNull, text) != kNull.end()) return nullptr;
    if (std::ranges::find(kTrue, text) != kTrue.end()) return true;
    if (std::ranges::find(kFalse, text) != kFalse.end()) return false;
    if (std::string_view("+-.0123456789").find(text.front()) == std::string_view::npos) return text;
    std::string digits = text;
    if (text.front() != '.') std::erase(digits, '_');
    if (const auto number = integer(digits)) return *number;
    if (const auto number = decimal(digits)) return *number;
    return text;
}

}  // namespace api
