// What a user probably likes, from what they said and what they looked at. No I/O.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace catalog {

struct Taste {
    std::vector<std::string> categories;  // The most liked first.
    std::vector<std::string> seen;        // Products, the newest first.
};

// Of the user service's answers about preferences and history; what is missing or malformed counts as nothing. A category that
// was chosen counts as much as five views, and newer views count more.
Taste taste_of(const nlohmann::json& preferences, const nlohmann::json& history);

}  // namespace catalog
