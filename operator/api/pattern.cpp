#include "api/pattern.h"

#include <map>

// GCC 12 takes a member of the library's own for uninitialised when AddressSanitizer is on (GCC bug 105562).
#pragma GCC diagnostic push
#ifndef __clang__
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <regex>

namespace api {

bool matches(const std::string& text, const std::string& pattern) {
    thread_local std::map<std::string, std::regex> patterns;  // The schema's and rules' few, compiled once each.
    auto found = patterns.find(pattern);
    if (found == patterns.end()) found = patterns.emplace(pattern, std::regex(pattern)).first;
    return std::regex_search(text, found->second);
}

}  // namespace api

#pragma GCC diagnostic pop
