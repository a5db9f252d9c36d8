#include "api/version.h"

#include <algorithm>
#include <compare>
#include <string>
#include <vector>

namespace api {

namespace {

std::vector<std::string_view> parts_of(std::string_view text) {
    std::vector<std::string_view> parts;
    while (!text.empty()) {
        const std::size_t dot = std::min(text.find('.'), text.size());
        parts.push_back(text.substr(0, dot));
        text.remove_prefix(std::min(dot + 1, text.size()));
    }
    return parts;
}

bool is_number(std::string_view part) {
    return !part.empty() && std::ranges::all_of(part, [](char c) { return c >= '0' && c <= '9'; });
}

// Numbers, of any size, go before words.
std::strong_ordering order_of_parts(std::string_view a, std::string_view b) {
    if (!is_number(a) || !is_number(b)) return is_number(a) != is_number(b) ? is_number(b) <=> is_number(a) : a <=> b;
    a.remove_prefix(std::min(a.find_first_not_of('0'), a.size()));
    b.remove_prefix(std::min(b.find_first_not_of('0'), b.size()));
    return a.size() != b.size() ? a.size() <=> b.size() : a <=> b;
}

std::strong_ordering order_of(std::string_view a, std::string_view b) {
    const std::vector<std::string_view> of_a = parts_of(a);
    const std::vector<std::string_view> of_b = parts_of(b);
    return std::lexicographical_compare_three_way(of_a.begin(), of_a.end(), of_b.begin(), of_b.end(), order_of_parts);
}

}  // namespace

bool is_before(std::string_view version, std::string_view other) {
    const auto dash_of = [](std::string_view text) { return std::min(text.find('-'), text.size()); };
    const std::size_t dash = dash_of(version);
    const std::size_t other_dash = dash_of(other);
    const auto release = order_of(version.substr(0, dash), other.substr(0, other_dash));
    if (release != 0) return release < 0;
    const bool is_release = dash == version.size();
    if (is_release || other_dash == other.size()) return !is_release && other_dash == other.size();
    return order_of(version.substr(dash + 1), other.substr(other_dash + 1)) < 0;
}

}  // namespace api
