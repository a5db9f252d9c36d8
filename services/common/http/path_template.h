// Templates of paths, such as "/api/v1/products/{id:uuid}". Internal to the router.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace http {

using PathParameters = std::map<std::string, std::string, std::less<>>;

// The path's segments, percent-decoded; nothing where it can be no route's: not absolute, malformed, with an empty segment, with
// "." or "..", or with a "/", backslash or control character that was encoded.
std::optional<std::vector<std::string>> segments_of(std::string_view path);

class PathTemplate {
public:
    // Throws std::invalid_argument where the text is no template.
    explicit PathTemplate(std::string_view text);

    const std::string& text() const { return text_; }

    // The parameters by name; nothing where the path does not fit.
    std::optional<PathParameters> match(const std::vector<std::string>& segments) const;

    // Of two that fit the same path, the one to be tried first: where they first differ, literals come before parameters, and
    // `rest` comes last.
    static bool before(const PathTemplate& a, const PathTemplate& b);

private:
    enum class Kind { Literal, Uuid, Int, Word, Rest };  // In the order of before().
    struct Segment {
        Kind kind;
        std::string text;  // A literal, or the parameter's name.
    };
    static Segment segment_from(std::string_view text, std::string_view whole);
    static std::optional<std::string> value_of(Kind kind, const std::string& text);

    std::string text_;
    std::vector<Segment> segments_;
};

}  // namespace http
