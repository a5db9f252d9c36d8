// Weighs categories.
#include "catalog/recommending.h"

#include <algorithm>
#include <map>

#include "common/base/json.h"
#include "common/http/input.h"

namespace catalog {

namespace {

using base::text_of;

constexpr double kChosen = 5;
constexpr double kFading = 0.95;            // Of a view against the one after it.
constexpr std::size_t kMostCategories = 5;  // More would be all of the shop.

nlohmann::json list_of(const nlohmann::json& object, const char* name) {
    if (!object.is_object()) return nlohmann::json::array();
    const auto found = object.find(name);
    return found != object.end() && found->is_array() ? *found : nlohmann::json::array();
}

}  // namespace

Taste taste_of(const nlohmann::json& preferences, const nlohmann::json& history) {
    Taste taste;
    std::map<std::string, double> weights;
    for (const nlohmann::json& category : list_of(preferences, "categories")) {
        if (category.is_string()) weights[category.get<std::string>()] += kChosen;
    }
    double weight = 1;
    for (const nlohmann::json& view : list_of(history, "items")) {
        const std::string category = text_of(view, "category");
        const std::string product = text_of(view, "product_id");
        if (!category.empty()) weights[category] += weight;
        if (http::is_uuid(product)) taste.seen.push_back(product);
        weight *= kFading;
    }
    std::vector<std::pair<double, std::string>> sorted;
    sorted.reserve(weights.size());
    for (const auto& [category, sum] : weights) sorted.emplace_back(sum, category);
    std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
    for (const auto& [sum, category] : sorted) {
        if (taste.categories.size() < kMostCategories) taste.categories.push_back(category);
    }
    return taste;
}

}  // namespace catalog
