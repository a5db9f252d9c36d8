// Payloads of events, read with care: another service wrote them, perhaps of another version.
#include "catalog/order_events.h"

#include <prometheus/family.h>
#include <prometheus/registry.h>

#include <stdexcept>

#include "catalog/product.h"
#include "common/http/input.h"

namespace catalog {

namespace {

constexpr std::int64_t kMostUnits = 1'000'000;

}  // namespace

std::vector<Sold> sold_in(const nlohmann::json& payload) {
    const auto lines = payload.is_object() ? payload.find("lines") : payload.end();
    if (lines == payload.end() || !lines->is_array()) throw std::runtime_error("order.confirmed: there are no lines");
    std::vector<Sold> sold;
    for (const nlohmann::json& line : *lines) {
        const bool whole = line.is_object() && line.contains("sku") && line["sku"].is_string() && line.contains("quantity") &&
                           line["quantity"].is_number_integer();
        if (!whole) throw std::runtime_error("order.confirmed: a line without sku or quantity");
        const auto sku = line["sku"].get<std::string>();
        const auto quantity = line["quantity"].get<std::int64_t>();
        if (!is_sku(sku) || quantity < 1 || quantity > kMostUnits)
            throw std::runtime_error("order.confirmed: a line that can't be");
        sold.emplace_back(sku, quantity);
    }
    return sold;
}

std::optional<std::pair<std::string, std::int64_t>> change_in(const nlohmann::json& payload) {
    if (!payload.is_object() || !payload.contains("id") || !payload["id"].is_string()) return {};
    const auto id = payload["id"].get<std::string>();
    const auto version = payload.find("version");
    if (!http::is_uuid(id) || version == payload.end() || !version->is_number_integer()) return {};
    return std::pair{id, version->get<std::int64_t>()};
}

Sales::Sales(prometheus::Registry& registry)
    : units_(prometheus::BuildCounter()
                 .Name("catalog_units_sold_total")
                 .Help("Units in confirmed orders that this process has heard of.")
                 .Register(registry)
                 .Add({})) {}

void Sales::count(const std::vector<Sold>& sold) {
    for (const auto& [sku, units] : sold) units_.Increment(static_cast<double>(units));
}

}  // namespace catalog
