// What text from outside may hold. Internal to http.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace http {

std::optional<std::size_t> code_points(std::string_view text);  // How many; nothing where the text is not UTF-8.
bool has_control(std::string_view text, bool lines);            // U+0000 to U+001F and U+007F; `lines` excepts \n, \r and \t.

}  // namespace http
