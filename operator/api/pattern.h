// Regular expressions, in the part of their language that Go's RE2 and C++ share.
#pragma once

#include <string>

namespace api {

// Whether the pattern is found in the text; anchors (^ and $) stand in the pattern, as in a schema. For texts of up to some
// hundred characters: the library recurses over them.
bool matches(const std::string& text, const std::string& pattern);

}  // namespace api
