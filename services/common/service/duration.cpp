#include "common/service/duration.h"

#include <array>
#include <cmath>
#include <cstddef>
#include <utility>

namespace service {

namespace {

constexpr double kLongest = 100.0 * 365 * 24 * 3600 * 1000;  // In milliseconds; far from where doubles lose whole ones.

// Longer ones first, since "m" begins "ms".
constexpr std::array<std::pair<std::string_view, double>, 8> kUnits{{
    {"ms", 1},
    {"us", 1e-3},
    {"\u00b5s", 1e-3},  // The micro sign,
    {"\u03bcs", 1e-3},  // and the Greek letter, as Go reads both.
    {"ns", 1e-6},
    {"h", 3'600'000},
    {"m", 60'000},
    {"s", 1'000},
}};

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

// Takes "12", "1.5", "1." or ".5" off the front.
std::optional<double> take_number(std::string_view& text) {
    double value = 0;
    double scale = 1;
    bool point = false;
    std::size_t digits = 0;
    std::size_t length = 0;
    for (; length < text.size(); ++length) {
        const char c = text[length];
        if (c == '.' && !point) {
            point = true;
        } else if (is_digit(c)) {
            ++digits;
            if (point) scale /= 10;
            value = point ? value + scale * (c - '0') : value * 10 + (c - '0');
        } else {
            break;
        }
    }
    text.remove_prefix(length);
    return digits == 0 ? std::nullopt : std::optional(value);
}

std::optional<double> take_unit(std::string_view& text) {
    for (const auto& [name, milliseconds] : kUnits) {
        if (!text.starts_with(name)) continue;
        text.remove_prefix(name.size());
        return milliseconds;
    }
    return std::nullopt;
}

}  // namespace

std::optional<base::Duration> duration_from(std::string_view text) {
    if (text == "0") return base::Duration{0};
    if (text.empty()) return std::nullopt;
    double sum = 0;
    while (!text.empty()) {
        const std::optional<double> number = take_number(text);
        if (!number) return std::nullopt;
        const std::optional<double> unit = take_unit(text);
        if (!unit) return std::nullopt;
        sum += *number * *unit;
        if (!(sum <= kLongest)) return std::nullopt;
    }
    // Sums of decimal fractions fall short of whole numbers by some of the last bits.
    return base::Duration{static_cast<base::Duration::rep>(std::floor(sum + 1e-6))};
}

}  // namespace service
