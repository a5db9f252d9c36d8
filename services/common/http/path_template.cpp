// Splits and matches paths.
#include "common/http/path_template.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <stdexcept>
#include <utility>

#include "common/http/encoding.h"
#include "common/http/input.h"

namespace http {
namespace {

constexpr std::size_t kLongestWord = 64;

bool is_word_character(char c) {
    const bool alphanumeric = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    return alphanumeric || c == '.' || c == '_' || c == '-';
}

// Positive, in 64 bits, in the one way of writing it.
bool is_positive(const std::string& text) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc{} && end == text.data() + text.size() && number > 0 && text.front() != '0';
}

bool is_word(const std::string& text) {
    return text.size() <= kLongestWord && std::all_of(text.begin(), text.end(), is_word_character);
}

std::vector<std::string_view> split(std::string_view path) {
    std::vector<std::string_view> parts;
    path.remove_prefix(1);
    while (true) {
        const std::size_t slash = path.find('/');
        parts.push_back(path.substr(0, slash));
        if (slash == path.npos) return parts;
        path.remove_prefix(slash + 1);
    }
}

}  // namespace

std::optional<std::vector<std::string>> segments_of(std::string_view path) {
    if (!path.starts_with('/')) return {};
    std::vector<std::string> segments;
    if (path == "/") return segments;
    for (const std::string_view part : split(path)) {
        std::optional<std::string> segment = percent_decoded(part);
        if (!segment || segment->empty() || *segment == "." || *segment == "..") return {};
        if (segment->find_first_of("/\\") != std::string::npos || has_control(*segment, false)) return {};
        segments.push_back(std::move(*segment));
    }
    return segments;
}

PathTemplate::PathTemplate(std::string_view text) : text_(text) {
    if (!text.starts_with('/')) throw std::invalid_argument("route \"" + text_ + "\": must begin with \"/\"");
    if (text == "/") return;
    for (const std::string_view part : split(text)) segments_.push_back(segment_from(part, text));
    for (std::size_t i = 0; i + 1 < segments_.size(); ++i) {
        if (segments_[i].kind == Kind::Rest) throw std::invalid_argument("route \"" + text_ + "\": rest must come last");
    }
}

PathTemplate::Segment PathTemplate::segment_from(std::string_view text, std::string_view whole) {
    const auto refuse = [&] {
        throw std::invalid_argument("route \"" + std::string(whole) + "\": \"" + std::string(text) + "\"");
    };
    if (!text.starts_with('{')) {
        if (text.empty()) refuse();
        return {Kind::Literal, std::string(text)};
    }
    static constexpr std::array<std::pair<std::string_view, Kind>, 4> kTypes{
        {{"uuid", Kind::Uuid}, {"int", Kind::Int}, {"word", Kind::Word}, {"rest", Kind::Rest}}};
    const std::size_t colon = text.find(':');
    if (!text.ends_with('}') || colon == text.npos || colon < 2) refuse();
    const std::string_view type = text.substr(colon + 1, text.size() - colon - 2);
    const auto found = std::find_if(kTypes.begin(), kTypes.end(), [type](const auto& entry) { return entry.first == type; });
    if (found == kTypes.end()) refuse();
    return {found->second, std::string(text.substr(1, colon - 1))};
}

std::optional<std::string> PathTemplate::value_of(Kind kind, const std::string& text) {
    if (kind == Kind::Int && !is_positive(text)) return {};
    if (kind == Kind::Word && !is_word(text)) return {};
    if (kind != Kind::Uuid) return text;
    std::string lower = text;
    for (char& c : lower) {
        if (c >= 'A' && c <= 'F') c = static_cast<char>(c - 'A' + 'a');
    }
    if (!is_uuid(lower)) return {};
    return lower;
}

std::optional<PathParameters> PathTemplate::match(const std::vector<std::string>& segments) const {
    const bool open_end = !segments_.empty() && segments_.back().kind == Kind::Rest;
    if (open_end ? segments.size() < segments_.size() : segments.size() != segments_.size()) return {};
    const std::size_t fixed = segments_.size() - (open_end ? 1 : 0);
    for (std::size_t i = 0; i < fixed; ++i) {
        if (segments_[i].kind == Kind::Literal && segments_[i].text != segments[i]) return {};
    }
    PathParameters parameters;
    for (std::size_t i = 0; i < fixed; ++i) {
        if (segments_[i].kind == Kind::Literal) continue;
        std::optional<std::string> value = value_of(segments_[i].kind, segments[i]);
        if (!value) return {};
        parameters.emplace(segments_[i].text, std::move(*value));
    }
    if (open_end) {
        std::string& rest = parameters[segments_.back().text];
        for (std::size_t i = fixed; i < segments.size(); ++i) rest += (i == fixed ? "" : "/") + segments[i];
    }
    return parameters;
}

bool PathTemplate::before(const PathTemplate& a, const PathTemplate& b) {
    const auto kind_before = [](const Segment& x, const Segment& y) { return x.kind < y.kind; };
    return std::lexicographical_compare(a.segments_.begin(), a.segments_.end(), b.segments_.begin(), b.segments_.end(),
                                        kind_before);
}

}  // namespace http
