// Text within HTML and XML.
#pragma once

#include <string>
#include <string_view>

namespace base {

// With &, <, > and both quotes as references, so that it is text wherever it stands, in an attribute's value too.
std::string html_escaped(std::string_view text);

}  // namespace base
