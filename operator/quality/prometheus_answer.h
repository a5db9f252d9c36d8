// PURE: what a Prometheus answers to an instant query.
#pragma once

#include <optional>
#include <string_view>

namespace quality {

// The one number that it comes to, which may be NaN, as 0 / 0 is; nothing where there is no series. Throws std::invalid_argument:
// with its own words of an error, or that it is no such answer.
std::optional<double> number_from(std::string_view answer);

}  // namespace quality
