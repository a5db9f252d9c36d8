// PURE: what a Prometheus answers.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "kube/object.h"

namespace quality {

// Each throws std::invalid_argument: with its own words of an error, or that it is no such answer.

// Of an instant query: the one number that it comes to, which may be NaN, as 0 / 0 is; nothing where there is no series.
std::optional<double> number_from(std::string_view answer);

// Of an instant query: the values that the series have of that label.
std::set<std::string> values_from(std::string_view answer, const char* label);

// Of /api/v1/rules: the names of the alerts, in the order of the alphabet, in groups of which a rule is about that platform.
std::vector<std::string> alerts_from(std::string_view answer, const kube::Key& platform);

}  // namespace quality
