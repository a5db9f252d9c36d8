#include "quality/prometheus_answer.h"

#include <algorithm>
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

kube::Json data_from(std::string_view answer) {
    const kube::Json json = kube::Json::parse(answer, nullptr, false);
    if (kube::string_at(json, {"status"}) == "error") {
        const std::string words = kube::string_at(json, {"error"});
        if (words.empty()) fail();
        throw std::invalid_argument(words.size() <= kLongestError ? words : "an error too long to be told");
    }
    return kube::at(json, {"data"});
}

kube::Json series_from(std::string_view answer) {
    const kube::Json data = data_from(answer);
    const kube::Json& result = kube::at(data, {"result"});
    if (kube::string_at(data, {"resultType"}) != "vector" || !result.is_array()) fail();
    return result;
}

bool is_about(const kube::Json& rule, const kube::Key& platform) {
    return kube::string_at(rule, {"labels", "namespace"}) == platform.ns &&
           kube::string_at(rule, {"labels", "platform"}) == platform.name;
}

}  // namespace

std::optional<double> number_from(std::string_view answer) {
    const kube::Json series = series_from(answer);
    if (series.size() > 1) fail();
    if (series.empty()) return std::nullopt;
    return number_of(kube::at(series[0], {"value"}));
}

std::set<std::string> values_from(std::string_view answer, const char* label) {
    std::set<std::string> values;
    for (const kube::Json& each : series_from(answer)) values.insert(kube::string_at(each, {"metric", label}));
    return values;
}

std::vector<std::string> alerts_from(std::string_view answer, const kube::Key& platform) {
    const kube::Json data = data_from(answer);
    const kube::Json& groups = kube::at(data, {"groups"});
    if (!groups.is_array()) fail();
    std::vector<std::string> names;
    for (const kube::Json& group : groups) {
        const kube::Json& rules = kube::at(group, {"rules"});
        if (std::ranges::none_of(rules, [&](const kube::Json& rule) { return is_about(rule, platform); })) continue;
        for (const kube::Json& rule : rules) {
            if (kube::string_at(rule, {"type"}) == "alerting") names.push_back(kube::string_at(rule, {"name"}));
        }
    }
    std::ranges::sort(names);
    return names;
}

}  // namespace quality
