#include "common/base/redaction.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "common/base/ascii.h"

namespace base {

namespace {

constexpr std::array<std::string_view, 10> kSecretParts{"password", "passwd",     "secret",     "authorization", "cookie",
                                                        "apikey",   "privatekey", "cardnumber", "cvc",           "cvv"};
constexpr std::size_t kShortestCard = 13, kLongestCard = 19;  // ISO/IEC 7812
constexpr std::size_t kShortestToken = 20;                    // Of a JWT; each of ours is far longer.

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_word(char c) {
    return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'z') || c == '_';
}

// As RFC 6750 has them in the Authorization field.
bool is_token(char c) {
    return is_word(c) || c == '-' || c == '.' || c == '~' || c == '+' || c == '/' || c == '=';
}

std::size_t run(std::string_view text, bool (*belongs)(char)) {
    return static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), belongs) - text.begin());
}

// Each of these: how much of the text's beginning is kept, and how much after that is secret. None: nothing is.
struct Found {
    std::size_t kept = 0;
    std::size_t secret = 0;
};

// "://user:password@"
Found password_in(std::string_view text) {
    constexpr std::string_view kBegin = "://";
    if (!text.starts_with(kBegin)) return {};
    const std::string_view authority =
        text.substr(kBegin.size(), text.find_first_of("/ \t\r\n\"'<>", kBegin.size()) - kBegin.size());
    const std::size_t at = authority.rfind('@');
    const std::size_t colon = authority.find(':');
    if (at == authority.npos || colon == authority.npos || colon >= at) return {};
    return {kBegin.size() + colon + 1, at - colon - 1};
}

Found bearer_in(std::string_view text) {
    constexpr std::string_view kScheme = "bearer ";
    if (!same_ignoring_case(text.substr(0, kScheme.size()), kScheme)) return {};
    const std::size_t size = run(text.substr(kScheme.size()), is_token);
    return size < kShortestToken ? Found{} : Found{kScheme.size(), size};
}

// A JSON object's beginning in base64url, and two dots.
Found jwt_in(std::string_view text) {
    if (!text.starts_with("eyJ")) return {};
    const std::size_t size = run(text, is_token);
    const bool dotted = std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(size), '.') >= 2;
    return dotted && size >= kShortestToken ? Found{0, size} : Found{};
}

// Digits, perhaps in groups by blanks or dashes, whose check digit (Luhn) is right. No card begins with another than 2 to 6.
Found card_in(std::string_view text) {
    if (text.empty() || text.front() < '2' || text.front() > '6') return {};
    std::string digits;
    std::size_t size = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool is_gap = (text[i] == ' ' || text[i] == '-') && i + 1 < text.size() && is_digit(text[i + 1]);
        if (!is_digit(text[i]) && !is_gap) break;
        if (is_digit(text[i])) digits += text[i];
        size = i + 1;
    }
    if (digits.size() < kShortestCard || digits.size() > kLongestCard || (size < text.size() && is_word(text[size]))) return {};
    int sum = 0;
    for (std::size_t i = 0; i < digits.size(); ++i) {
        const int digit = digits[digits.size() - 1 - i] - '0';
        const int weighted = i % 2 == 0 ? digit : 2 * digit;
        sum += weighted > 9 ? weighted - 9 : weighted;
    }
    return sum % 10 == 0 ? Found{0, size} : Found{};
}

Found secret_in(std::string_view text, bool at_a_word) {
    if (const Found found = password_in(text); found.secret > 0) return found;
    if (!at_a_word) return {};
    for (const auto& look : {bearer_in, jwt_in, card_in}) {
        if (const Found found = look(text); found.secret > 0) return found;
    }
    return {};
}

}  // namespace

bool names_a_secret(std::string_view name) {
    std::string plain;
    for (const char c : name) {
        if (c != '_' && c != '-' && c != '.') plain += lower(c);
    }
    return plain.ends_with("token") || std::any_of(kSecretParts.begin(), kSecretParts.end(),
                                                   [&](std::string_view part) { return plain.find(part) != plain.npos; });
}

std::string redacted(std::string_view text) {
    std::string result;
    result.reserve(text.size());
    for (std::size_t i = 0; i < text.size();) {
        const Found found = secret_in(text.substr(i), i == 0 || !is_word(text[i - 1]));
        if (found.secret == 0) {
            result += text[i++];
            continue;
        }
        result.append(text.substr(i, found.kept)).append(kRedacted);
        i += found.kept + found.secret;
    }
    return result;
}

nlohmann::json redacted(std::string_view name, const nlohmann::json& value) {
    if (value.is_string()) {
        return names_a_secret(name) ? std::string(kRedacted) : redacted(value.get_ref<const std::string&>());
    }
    if (!value.is_structured()) return value;
    nlohmann::json copy = value;
    for (auto& item : copy.items())
        item.value() = redacted(value.is_object() ? std::string_view(item.key()) : name, item.value());
    return copy;
}

}  // namespace base
