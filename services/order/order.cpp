// Names, sums, and JSON.
#include "order/order.h"

#include <algorithm>
#include <array>
#include <stdexcept>

namespace order {

namespace {

using nlohmann::json;

constexpr std::array kStateNames{"PENDING", "CONFIRMED", "CANCELLED", "NEEDS_ATTENTION"};
constexpr std::array kReasonNames{"",
                                  "payment_declined",
                                  "out_of_stock",
                                  "unknown_product",
                                  "mixed_currencies",
                                  "total_out_of_range",
                                  "reservation_lost",
                                  "payment_refused",
                                  "unavailable"};

template <class Enum, std::size_t N>
Enum named(const std::array<const char*, N>& names, std::string_view name, const char* what) {
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) throw std::invalid_argument(std::string("no such ") + what + ": " + std::string(name));
    return static_cast<Enum>(found - names.begin());
}

json to_json(const Line& line) {
    json result = {{"sku", line.sku}, {"quantity", line.quantity}, {"name", nullptr}, {"price", nullptr}};
    if (line.price) {
        result["name"] = line.name;
        result["price"] = to_json(*line.price);
    }
    return result;
}

}  // namespace

std::string_view to_string(State state) {
    return kStateNames.at(static_cast<std::size_t>(state));
}

State state_from(std::string_view name) {
    return named<State>(kStateNames, name, "state of an order");
}

std::string_view to_string(Reason reason) {
    return kReasonNames.at(static_cast<std::size_t>(reason));
}

Reason reason_from(std::string_view name) {
    return named<Reason>(kReasonNames, name, "reason");
}

Total total_of(const std::vector<Line>& lines) {
    Money sum;
    for (const Line& line : lines) {
        const Money& price = line.price.value();
        if (sum.currency.empty()) sum.currency = price.currency;
        if (price.currency != sum.currency) return {std::nullopt, Reason::MixedCurrencies};
        // Neither product nor sum can overflow: 100 lines of 99 at such a price are below 10^16.
        if (price.amount < 0 || price.amount > kMostMoney) return {std::nullopt, Reason::TotalOutOfRange};
        sum.amount += price.amount * line.quantity;
    }
    if (sum.amount < 1 || sum.amount > kMostMoney) return {std::nullopt, Reason::TotalOutOfRange};
    return {sum, Reason::None};
}

json to_json(const Money& money) {
    return {{"amount", money.amount}, {"currency", money.currency}};
}

json to_json(const Order& order) {
    json lines = json::array();
    for (const Line& line : order.lines) lines.push_back(to_json(line));
    return {{"id", order.id},
            {"state", to_string(order.state)},
            {"reason", order.reason == Reason::None ? json(nullptr) : json(to_string(order.reason))},
            {"lines", std::move(lines)},
            {"total", order.total ? to_json(*order.total) : json(nullptr)},
            {"shipping_address", order.shipping_address},
            {"created_at", order.created_at},
            {"updated_at", order.updated_at}};
}

json stored(const std::vector<Line>& lines) {
    json result = json::array();
    for (const Line& line : lines) {
        json each = to_json(line);
        each["version"] = line.version;
        result.push_back(std::move(each));
    }
    return result;
}

std::vector<Line> stored_lines(const json& stored) {
    std::vector<Line> lines;
    for (const json& each : stored) {
        Line line{each.at("sku"), each.at("quantity"), each.at("version"), {}, {}};
        const json price = each.value("price", json(nullptr));
        if (!price.is_null()) {
            line.name = each.at("name");
            line.price = Money{price.at("amount"), price.at("currency")};
        }
        lines.push_back(std::move(line));
    }
    return lines;
}

}  // namespace order
