// An order and a cart as values, and how clients and events see them.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace order {

inline constexpr std::int64_t kMostOfALine = 99;
inline constexpr std::size_t kMostLines = 100;               // What catalog and inventory take in one request.
inline constexpr std::int64_t kMostMoney = 999'999'999'999;  // Minor units; what payment takes.

struct Money {
    std::int64_t amount = 0;  // Minor units.
    std::string currency;     // ISO 4217

    friend bool operator==(const Money&, const Money&) = default;
};

struct Line {
    std::string sku;
    std::int64_t quantity = 0;
    std::string version;         // Of the cart's line that it was; a line changed since then is another wish.
    std::string name;            // From the catalog, as the price: empty until then.
    std::optional<Money> price;  // Of one.

    friend bool operator==(const Line&, const Line&) = default;
};

enum class State { Pending, Confirmed, Cancelled, NeedsAttention };
std::string_view to_string(State state);  // "NEEDS_ATTENTION"
State state_from(std::string_view name);  // Throws std::invalid_argument.

// Why an order is cancelled, or is being cancelled.
enum class Reason {
    None,
    PaymentDeclined,
    OutOfStock,
    UnknownProduct,   // The catalog has it no more.
    MixedCurrencies,  // The prices are in several.
    TotalOutOfRange,  // Nothing to pay, or more than can be.
    ReservationLost,  // It expired before it was confirmed, or was released.
    PaymentRefused,   // Payment won't have it, for another reason than the customer's bank.
    Unavailable,      // A service that is needed was away for too long.
};
inline constexpr Reason kReasons[] = {Reason::None,
                                      Reason::PaymentDeclined,
                                      Reason::OutOfStock,
                                      Reason::UnknownProduct,
                                      Reason::MixedCurrencies,
                                      Reason::TotalOutOfRange,
                                      Reason::ReservationLost,
                                      Reason::PaymentRefused,
                                      Reason::Unavailable};
std::string_view to_string(Reason reason);  // "payment_declined"; empty for None.
Reason reason_from(std::string_view name);  // Throws std::invalid_argument.

struct Order {
    std::string id;
    std::string user;
    State state = State::Pending;
    Reason reason = Reason::None;
    std::vector<Line> lines;
    std::optional<Money> total;  // Once it has prices.
    nlohmann::json shipping_address;
    std::string created_at;  // RFC 3339
    std::string updated_at;
};

// The sum, or why there is none.
struct Total {
    std::optional<Money> money;
    Reason reason = Reason::None;
};
Total total_of(const std::vector<Line>& lines);  // Each with a price.

nlohmann::json to_json(const Money& money);
nlohmann::json to_json(const Order& order);             // As clients see it.
nlohmann::json stored(const std::vector<Line>& lines);  // As it is kept.
std::vector<Line> stored_lines(const nlohmann::json& stored);

}  // namespace order
