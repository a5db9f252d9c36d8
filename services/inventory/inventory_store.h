// Stock and reservations in SQL.
#pragma once

#include <cstddef>
#include <exception>
#include <optional>
#include <string>
#include <vector>

#include "common/base/deadline.h"
#include "common/data/postgres.h"
#include "inventory/inventory_rules.h"

namespace inventory {

struct Stock {
    std::string sku;
    std::int64_t on_hand = 0;
    std::int64_t reserved = 0;

    std::int64_t available() const { return on_hand - reserved; }
};

struct Reservation {
    std::string order;
    State state = State::Reserved;
    std::string expires_at;  // RFC 3339; empty where it never reserved.
    std::vector<Line> lines;
    bool changed = false;  // By this call.
};

// Some lines ask for more than there is. Nothing was reserved.
class Shortage : public std::exception {
public:
    explicit Shortage(std::vector<Stock> short_of) : short_of_(std::move(short_of)) {}
    const char* what() const noexcept override { return "not enough stock"; }
    const std::vector<Stock>& short_of() const { return short_of_; }  // As it was then; zeros for an unknown SKU.

private:
    std::vector<Stock> short_of_;
};

// Whatever changes what is available tells so by stock.changed in the same transaction. A reservation is locked before any stock,
// and stock by SKU, so that transactions never wait for each other in a circle.
class Store {
public:
    using Work = data::Database::Work;

    static std::vector<data::Statement> statements();

    explicit Store(data::Database& database) : database_(database) {}

    std::optional<Stock> find_stock(const std::string& sku, const base::Deadline& deadline);
    // Nothing: more than that are reserved.
    std::optional<Stock> set_on_hand(const std::string& sku, std::int64_t on_hand, const std::string& traceparent,
                                     const base::Deadline& deadline);

    std::optional<Reservation> find(const std::string& order, const base::Deadline& deadline);
    // The order's reservation, `changed` where it is new. One that was there already may have other lines. Throws Shortage.
    Reservation reserve(const std::string& order, const std::vector<Line>& lines, std::int64_t ttl_seconds,
                        const std::string& traceparent, const base::Deadline& deadline);
    // Nothing: there is none. Where the rules refuse it, the reservation as it is.
    std::optional<Reservation> confirm(const std::string& order, const std::string& traceparent, const base::Deadline& deadline);
    // Of an order without a reservation it leaves the mark of one that was released.
    Reservation release(const std::string& order, const std::string& traceparent, const base::Deadline& deadline);
    static Reservation release(Work& work, const std::string& order, const std::string& traceparent);

    // Gives back what has expired, at most `limit` reservations; how many. Several processes may do so at once: each takes
    // others, and none that is just being confirmed or released.
    std::size_t expire(std::size_t limit, const base::Deadline& deadline);

private:
    data::Database& database_;
};

}  // namespace inventory
