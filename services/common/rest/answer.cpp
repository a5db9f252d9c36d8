#include "common/rest/answer.h"

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace rest {

namespace {

constexpr int kDeepest = 64;

bool equal_ignoring_case(std::string_view a, std::string_view b) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return lower(x) == lower(y); });
}

std::string_view header_of(const Answer& answer, std::string_view wanted) {
    for (const auto& [name, value] : answer.headers) {
        if (equal_ignoring_case(name, wanted)) return value;
    }
    return {};
}

nlohmann::json json_of(std::string_view text) {
    if (text.find('\0') != text.npos) return nullptr;  // nlohmann's reader would stop there and be content.
    bool is_too_deep = false;
    const auto bound = [&](int depth, nlohmann::json::parse_event_t, nlohmann::json&) {
        is_too_deep = is_too_deep || depth > kDeepest;
        return !is_too_deep;
    };
    nlohmann::json body = nlohmann::json::parse(text, bound, false);
    return is_too_deep || body.is_discarded() ? nlohmann::json(nullptr) : body;
}

}  // namespace

Answer answer_of(Exchange exchange) {
    Answer answer{.status = exchange.status, .body = nullptr, .headers = std::move(exchange.headers)};
    if (header_of(answer, "Content-Type").find("json") != std::string_view::npos) answer.body = json_of(exchange.body);
    return answer;
}

base::Duration retry_after(const Answer& answer) {
    const std::string_view text = header_of(answer, "Retry-After");
    std::uint32_t seconds = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    return error == std::errc{} && end == text.data() + text.size() ? std::chrono::seconds{seconds} : base::Duration{0};
}

}  // namespace rest
