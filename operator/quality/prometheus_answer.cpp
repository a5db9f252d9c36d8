#include "quality/prometheus_answer.h"

#include <charconv>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "kube/object.h"

namespace quality {

namespace {

// Its words go into the status, which has bounds. Those of a real one are a line or two.
constexpr std::size_t kLongestError = 500;

[[noreturn]] void fail() {
    throw std::invalid_argument("no answer of a Prometheus");
}

// [1435781451.781, "0.25"]: when, and what.
double number_of(const kube::Json& sample) {
    if (!sample.is_array() || sample.size() != 2 || !sample[1].is_string()) fail();
    const auto& text = sample[1].get_ref<const std::string&>();
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) fail();
    return number;
}

}  // namespace

std::optional<double> number_from(std::string_view answer) {
    const kube::Json json = kube::Json::parse(answer, nullptr, false);
    if (kube::string_at(json, {"status"}) == "error") {
        const std::string words = kube::string_at(json, {"error"});
        if (words.empty()) fail();
        throw std::invalid_argument(words.size() <= kLongestError ? words : "an error too long to be told");
    }
    const kube::Json& result = kube::at(json, {"data", "result"});
    if (kube::string_at(json, {"data", "resultType"}) != "vector" || !result.is_array() || result.size() > 1) fail();
    if (result.empty()) return std::nullopt;
    return number_of(kube::at(result[0], {"value"}));
}

}  // namespace quality
