// What the catalogue reads from events: units sold, and products that changed.
#pragma once

#include <prometheus/counter.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace prometheus {
class Registry;
}

namespace catalog {

using Sold = std::pair<std::string, std::int64_t>;  // SKU, units.

// Of order.confirmed. Throws std::runtime_error where the lines are none, so that the event goes to the dead letters.
std::vector<Sold> sold_in(const nlohmann::json& payload);

// Of product.changed: id and version. Nothing where it is malformed.
std::optional<std::pair<std::string, std::int64_t>> change_in(const nlohmann::json& payload);

// catalog_units_sold_total
class Sales {
public:
    explicit Sales(prometheus::Registry& registry);
    void count(const std::vector<Sold>& sold);

private:
    prometheus::Counter& units_;
};

}  // namespace catalog
