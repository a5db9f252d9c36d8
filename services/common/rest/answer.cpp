#include "common/rest/answer.h"

#include <charconv>
#include <cstdint>

#include "common/base/ascii.h"
#include "common/base/json.h"

namespace rest {

namespace {

constexpr int kDeepest = 64;

std::string_view header_of(const Answer& answer, std::string_view wanted) {
    for (const auto& [name, value] : answer.headers) {
        if (base::same_ignoring_case(name, wanted)) return value;
    }
    return {};
}

nlohmann::json json_of(std::string_view text) {
    if (text.find('\0') != text.npos) return nullptr;  // nlohmann's reader would stop there and be content.
    return base::bounded_json_from(text, kDeepest).value_or(nullptr);
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
