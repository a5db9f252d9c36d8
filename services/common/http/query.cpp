// Reads the parameters of a query.
#include <algorithm>
#include <charconv>
#include <utility>

#include "common/http/encoding.h"
#include "common/http/input.h"

namespace http {

Query::Query(const Request& request) {
    std::string_view rest = request.query;
    while (!rest.empty()) {
        const std::string_view pair = rest.substr(0, rest.find('&'));
        rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
        if (pair.empty()) continue;
        std::string plain(pair);
        std::replace(plain.begin(), plain.end(), '+', ' ');  // As HTML forms write blanks; a plus comes as %2B.
        const std::size_t equals = plain.find('=');
        auto name = percent_decoded(std::string_view(plain).substr(0, equals));
        auto value = equals == plain.npos ? std::string{} : percent_decoded(std::string_view(plain).substr(equals + 1));
        if (name && value) {
            values_.emplace_back(std::move(*name), std::move(*value));
        } else {
            wrong(name.value_or(""), "is not percent-encoded UTF-8");
        }
    }
}

std::vector<std::string> Query::texts(std::string_view name, std::size_t max_count, Text rule) {
    asked_.emplace(name);
    std::vector<std::string> texts;
    for (const auto& [own, value] : values_) {
        if (own != name) continue;
        if (texts.size() == max_count) {
            wrong(name, max_count == 1 ? "must be given once" : "must be given at most " + std::to_string(max_count) + " times");
            break;
        }
        const std::size_t length = code_points(value).value_or(0);
        if (length < rule.min || length > rule.max) {
            wrong(name, "must have " + std::to_string(rule.min) + " to " + std::to_string(rule.max) + " characters");
        } else if (has_control(value, rule.lines)) {
            wrong(name, "must not hold control characters");
        }
        texts.push_back(value);
    }
    return texts;
}

std::optional<std::string> Query::text(std::string_view name, Text rule) {
    std::vector<std::string> found = texts(name, 1, rule);
    if (found.empty()) return {};
    return std::move(found.front());
}

std::int64_t Query::integer(std::string_view name, std::int64_t min, std::int64_t max, std::int64_t otherwise) {
    const std::vector<std::string> found = texts(name, 1, {.min = 0, .max = SIZE_MAX});
    if (found.empty()) return otherwise;
    const std::string& text = found.front();
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error == std::errc{} && end == text.data() + text.size() && number >= min && number <= max) return number;
    wrong(name, "must be a whole number from " + std::to_string(min) + " to " + std::to_string(max));
    return otherwise;
}

void Query::wrong(std::string_view name, std::string message) {
    errors_.push_back({std::string(name), std::move(message)});
}

void Query::done() const {
    std::vector<FieldError> errors = errors_;
    for (const auto& [name, value] : values_) {
        if (!asked_.contains(name)) errors.push_back({name, "is unknown"});
    }
    if (!errors.empty()) throw invalid(std::move(errors));
}

}  // namespace http
