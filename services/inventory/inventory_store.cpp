// The statements, and the transactions made of them.
#include "inventory/inventory_store.h"

#include <nlohmann/json.hpp>
#include <stdexcept>
#include <utility>

#include "common/data/messages.h"
#include "common/http/input.h"

namespace inventory {

namespace {

using nlohmann::json;
using Work = Store::Work;

constexpr auto kReservation =
    "SELECT state, lines::text AS lines,"
    " to_char(expires_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') AS expires FROM reservations";

std::string text_of(const std::vector<Line>& lines) {
    json list = json::array();
    for (const Line& line : lines) list.push_back({{"sku", line.sku}, {"quantity", line.quantity}});
    return list.dump();
}

std::vector<Line> lines_from(const std::string& text) {
    std::vector<Line> lines;
    for (const json& line : json::parse(text)) lines.push_back({line.at("sku"), line.at("quantity")});
    return lines;
}

Reservation reservation_of(const std::string& order, const pqxx::row& row) {
    Reservation reservation;
    reservation.order = order;
    reservation.state = state_from(row["state"].as<std::string>());
    reservation.expires_at = row["expires"].as<std::string>("");
    reservation.lines = lines_from(row["lines"].as<std::string>());
    return reservation;
}

std::optional<Reservation> locked(Work& work, const std::string& order) {
    const pqxx::result rows = work.exec_prepared("reservation_lock", order);
    if (rows.empty()) return std::nullopt;
    return reservation_of(order, rows.front());
}

void tell(Work& work, const std::string& sku, std::int64_t available, const std::string& traceparent) {
    data::put(work, {http::new_uuid(), "stock.changed", {{"sku", sku}, {"available", available}}, traceparent});
}

// What is available then; nothing where less than `at_least` is, or the SKU is unknown.
std::optional<std::int64_t> move(Work& work, const Line& line, const Shift& shift, std::int64_t at_least) {
    const pqxx::result rows = work.exec_prepared("stock_move", line.sku, shift.on_hand * line.quantity,
                                                 shift.reserved * line.quantity, shift.sold * line.quantity, at_least);
    if (rows.empty()) return std::nullopt;
    return rows.front()[0].as<std::int64_t>();
}

void move_all(Work& work, const std::vector<Line>& lines, const Shift& shift, const std::string& traceparent) {
    if (shift == Shift{}) return;
    for (const Line& line : lines) {
        const std::optional<std::int64_t> available = move(work, line, shift, 0);
        if (!available) throw std::logic_error("stock of " + line.sku + " is gone");
        if (shift.available() != 0) tell(work, line.sku, *available, traceparent);
    }
}

void take(Work& work, const std::vector<Line>& lines, const std::string& traceparent) {
    std::vector<Stock> short_of;
    for (const Line& line : lines) {
        // After the first that is short this will be rolled back, so no further stock is locked.
        std::optional<std::int64_t> available;
        if (short_of.empty()) available = move(work, line, kReserve, line.quantity);
        if (available) {
            tell(work, line.sku, *available, traceparent);
            continue;
        }
        const pqxx::result rows = work.exec_prepared("stock_find", line.sku);
        Stock stock{line.sku, 0, 0};
        if (!rows.empty()) stock = {line.sku, rows.front()[0].as<std::int64_t>(), rows.front()[1].as<std::int64_t>()};
        // It may have grown since the first look; the first one that was short stays so.
        if (short_of.empty() || stock.available() < line.quantity) short_of.push_back(std::move(stock));
    }
    if (!short_of.empty()) throw Shortage(std::move(short_of));
}

void change(Work& work, Reservation& reservation, const Verdict& verdict, const std::string& traceparent) {
    if (verdict.kind != Verdict::Kind::Apply) return;
    work.exec_prepared("reservation_change", reservation.order, std::string(to_string(verdict.state)));
    move_all(work, reservation.lines, verdict.shift, traceparent);
    reservation.state = verdict.state;
    reservation.changed = true;
}

}  // namespace

std::vector<data::Statement> Store::statements() {
    return {
        {"stock_find", "SELECT on_hand, reserved FROM stock WHERE sku = $1"},
        {"stock_set",
         "INSERT INTO stock (sku, on_hand) VALUES ($1, $2) ON CONFLICT (sku) DO UPDATE SET on_hand = excluded.on_hand,"
         " updated_at = now() WHERE stock.reserved <= excluded.on_hand RETURNING on_hand, reserved"},
        {"stock_move",
         "UPDATE stock SET on_hand = on_hand + $2, reserved = reserved + $3, sold = sold + $4, updated_at = now()"
         " WHERE sku = $1 AND on_hand - reserved >= $5 RETURNING on_hand - reserved"},
        {"reservation_find", std::string(kReservation) + " WHERE order_id = $1"},
        {"reservation_lock", std::string(kReservation) + " WHERE order_id = $1 FOR UPDATE"},
        {"reservation_insert",
         "INSERT INTO reservations (order_id, state, lines, expires_at) VALUES ($1, 'RESERVED', $2::jsonb,"
         " now() + $3 * interval '1 second') ON CONFLICT (order_id) DO NOTHING"
         " RETURNING to_char(expires_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"},
        {"reservation_bury",
         "INSERT INTO reservations (order_id, state, lines) VALUES ($1, 'RELEASED', '[]') ON CONFLICT (order_id) DO NOTHING"},
        {"reservation_change", "UPDATE reservations SET state = $2, updated_at = now() WHERE order_id = $1"},
        {"reservation_expired",
         "SELECT order_id, lines::text AS lines FROM reservations WHERE state = 'RESERVED' AND expires_at <= now()"
         " ORDER BY expires_at LIMIT $1 FOR UPDATE SKIP LOCKED"},
    };
}

std::optional<Stock> Store::find_stock(const std::string& sku, const base::Deadline& deadline) {
    const pqxx::result rows = database_.query(deadline, "stock_find", sku);
    if (rows.empty()) return std::nullopt;
    return Stock{sku, rows.front()[0].as<std::int64_t>(), rows.front()[1].as<std::int64_t>()};
}

std::optional<Stock> Store::set_on_hand(const std::string& sku, std::int64_t on_hand, const std::string& traceparent,
                                        const base::Deadline& deadline) {
    return database_.transact(deadline, [&](Work& work) -> std::optional<Stock> {
        const pqxx::result rows = work.exec_prepared("stock_set", sku, on_hand);
        if (rows.empty()) return std::nullopt;
        const Stock stock{sku, rows.front()[0].as<std::int64_t>(), rows.front()[1].as<std::int64_t>()};
        tell(work, sku, stock.available(), traceparent);
        return stock;
    });
}

std::optional<Reservation> Store::find(const std::string& order, const base::Deadline& deadline) {
    const pqxx::result rows = database_.query(deadline, "reservation_find", order);
    if (rows.empty()) return std::nullopt;
    return reservation_of(order, rows.front());
}

Reservation Store::reserve(const std::string& order, const std::vector<Line>& lines, std::int64_t ttl_seconds,
                           const std::string& traceparent, const base::Deadline& deadline) {
    const std::vector<Line> ordered = in_order(lines);
    return database_.transact(deadline, [&](Work& work) {
        // Whoever else inserts it now is waited for, so that it is there for the look below.
        const pqxx::result inserted = work.exec_prepared("reservation_insert", order, text_of(ordered), ttl_seconds);
        if (inserted.empty()) return locked(work, order).value();
        take(work, ordered, traceparent);
        return Reservation{order, State::Reserved, inserted.front()[0].as<std::string>(), ordered, true};
    });
}

std::optional<Reservation> Store::confirm(const std::string& order, const std::string& traceparent,
                                          const base::Deadline& deadline) {
    return database_.transact(deadline, [&](Work& work) {
        std::optional<Reservation> reservation = locked(work, order);
        if (reservation) change(work, *reservation, decide(reservation->state, Action::Confirm), traceparent);
        return reservation;
    });
}

Reservation Store::release(const std::string& order, const std::string& traceparent, const base::Deadline& deadline) {
    return database_.transact(deadline, [&](Work& work) { return release(work, order, traceparent); });
}

Reservation Store::release(Work& work, const std::string& order, const std::string& traceparent) {
    const bool buried = work.exec_prepared("reservation_bury", order).affected_rows() == 1;
    Reservation reservation = locked(work, order).value();
    reservation.changed = buried;
    change(work, reservation, decide(reservation.state, Action::Release), traceparent);
    return reservation;
}

std::size_t Store::expire(std::size_t limit, const base::Deadline& deadline) {
    return database_.transact(deadline, [&](Work& work) {
        std::vector<Line> all;
        const pqxx::result rows = work.exec_prepared("reservation_expired", limit);
        const Verdict verdict = decide(State::Reserved, Action::Expire);
        for (const pqxx::row& row : rows) {
            work.exec_prepared("reservation_change", row["order_id"].as<std::string>(), std::string(to_string(verdict.state)));
            for (Line& line : lines_from(row["lines"].as<std::string>())) all.push_back(std::move(line));
        }
        move_all(work, added_up(all), verdict.shift, "");
        return static_cast<std::size_t>(rows.size());
    });
}

}  // namespace inventory
