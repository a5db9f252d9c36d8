// Looks into headers and queries.
#include "common/http/message.h"

#include <algorithm>

#include "common/base/ascii.h"

namespace http {

std::optional<std::string_view> find(const Headers& headers, std::string_view name) {
    const auto found = std::find_if(headers.begin(), headers.end(),
                                    [&](const auto& header) { return base::same_ignoring_case(header.first, name); });
    if (found == headers.end()) return {};
    return found->second;
}

std::string list_of(const Headers& headers, std::string_view name) {
    std::string list;
    for (const auto& [each, value] : headers) {
        if (!base::same_ignoring_case(each, name)) continue;
        if (!list.empty()) list += ", ";
        list += value;
    }
    return list;
}

bool has_query(const Request& request, std::string_view name) {
    std::string_view rest = request.query;
    while (!rest.empty()) {
        const std::string_view pair = rest.substr(0, rest.find('&'));
        if (pair.substr(0, pair.find('=')) == name) return true;
        rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
    }
    return false;
}

}  // namespace http
