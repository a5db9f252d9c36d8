// Reads requests and writes stock and reservations as JSON.
#include "inventory/inventory_routes.h"

#include <algorithm>
#include <set>

#include "common/http/input.h"

namespace inventory {

namespace {

using nlohmann::json;

json json_of(const Stock& stock) {
    return {{"sku", stock.sku}, {"on_hand", stock.on_hand}, {"reserved", stock.reserved}, {"available", stock.available()}};
}

json json_of(const Reservation& reservation) {
    json body = {{"order_id", reservation.order}, {"state", to_string(reservation.state)}, {"lines", json::array()}};
    for (const Line& line : reservation.lines) body["lines"].push_back({{"sku", line.sku}, {"quantity", line.quantity}});
    if (!reservation.expires_at.empty()) body["expires_at"] = reservation.expires_at;
    return body;
}

struct Wish {
    std::string order;
    std::vector<Line> lines;
    std::int64_t ttl_seconds = 0;
};

Wish wish_from(const http::Request& request) {
    http::Input input(request);
    Wish wish;
    wish.order = input.uuid("order_id");
    wish.ttl_seconds = input.integer("ttl_seconds", 1, kLongestTtl);
    std::set<std::string> skus;
    input.each("lines", 1, kMostLines, [&](http::Input& line) {
        Line read{line.text("sku", {1, 64}), line.integer("quantity", 1, kMostOfALine)};
        if (!is_sku(read.sku)) line.wrong("sku", "must be a word of A-Z a-z 0-9 . _ -");
        if (!skus.insert(read.sku).second) line.wrong("sku", "stands in another line too");
        wish.lines.push_back(std::move(read));
    });
    input.done();
    return wish;
}

// Names each line of the request that is short.
http::Problem problem_of(const Shortage& shortage, const std::vector<Line>& lines) {
    std::vector<http::FieldError> errors;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        for (const Stock& stock : shortage.short_of()) {
            if (stock.sku != lines[i].sku) continue;
            errors.push_back({"/lines/" + std::to_string(i) + "/quantity",
                              "only " + std::to_string(stock.available()) + " of " + stock.sku + " are available"});
        }
    }
    return {409, "There is not enough stock.", std::move(errors)};
}

}  // namespace

void Routes::add_to(http::Router& router) {
    router.on("GET", "/api/v1/stock/{sku:word}", [this](const http::Call& call) { return show_available(call); });
    router.on("GET", "/internal/v1/stock/{sku:word}", [this](const http::Call& call) { return show_stock(call); });
    router.on("PUT", "/internal/v1/stock/{sku:word}", [this](const http::Call& call) { return set_stock(call); });
    const std::string reservation = "/internal/v1/reservations/{order_id:uuid}";
    router.on("POST", "/internal/v1/reservations", [this](const http::Call& call) { return reserve(call); });
    router.on("GET", reservation, [this](const http::Call& call) { return show_reservation(call); });
    router.on("POST", reservation + "/confirm", [this](const http::Call& call) { return confirm(call); });
    router.on("POST", reservation + "/release", [this](const http::Call& call) { return release(call); });
}

http::Response Routes::show_available(const http::Call& call) {
    const std::optional<Stock> stock = store_.find_stock(call.parameter("sku"), call.deadline);
    if (!stock) throw http::not_found("There is no such SKU.");
    return http::json_response(200, {{"sku", stock->sku}, {"available", stock->available()}});
}

http::Response Routes::show_stock(const http::Call& call) {
    const std::optional<Stock> stock = store_.find_stock(call.parameter("sku"), call.deadline);
    if (!stock) throw http::not_found("There is no such SKU.");
    return http::json_response(200, json_of(*stock));
}

http::Response Routes::set_stock(const http::Call& call) {
    http::Input input(call.request);
    const std::int64_t on_hand = input.integer("on_hand", 0, kMostOnHand);
    input.done();
    const std::optional<Stock> stock =
        store_.set_on_hand(call.parameter("sku"), on_hand, base::traceparent(call.trace), call.deadline);
    if (!stock) throw http::conflict("More than that are reserved.");
    committed_();
    return http::json_response(200, json_of(*stock));
}

http::Response Routes::reserve(const http::Call& call) {
    const Wish wish = wish_from(call.request);
    try {
        const Reservation reservation =
            store_.reserve(wish.order, wish.lines, wish.ttl_seconds, base::traceparent(call.trace), call.deadline);
        if (!reservation.changed) {
            if (const auto refusal = refusal_of_repetition(reservation.state)) throw http::conflict(std::string(*refusal));
            if (reservation.lines != in_order(wish.lines)) {
                throw http::Problem(422, "The order has a reservation with other lines.");
            }
            return http::json_response(200, json_of(reservation));
        }
        metrics_.reserved.Increment();
        committed_();
        return http::json_response(201, json_of(reservation));
    } catch (const Shortage& shortage) {
        metrics_.out_of_stock.Increment();
        throw problem_of(shortage, wish.lines);
    }
}

http::Response Routes::show_reservation(const http::Call& call) {
    const std::optional<Reservation> reservation = store_.find(call.parameter("order_id"), call.deadline);
    if (!reservation) throw http::not_found("The order has no reservation.");
    return http::json_response(200, json_of(*reservation));
}

http::Response Routes::confirm(const http::Call& call) {
    const std::optional<Reservation> reservation =
        store_.confirm(call.parameter("order_id"), base::traceparent(call.trace), call.deadline);
    if (!reservation) throw http::not_found("The order has no reservation.");
    const Verdict again = decide(reservation->state, Action::Confirm);
    if (again.kind == Verdict::Kind::Refuse) throw http::conflict(std::string(again.why));
    if (reservation->changed) metrics_.confirmed.Increment();
    return http::json_response(200, json_of(*reservation));
}

http::Response Routes::release(const http::Call& call) {
    const Reservation reservation = store_.release(call.parameter("order_id"), base::traceparent(call.trace), call.deadline);
    if (reservation.changed) {
        metrics_.released.Increment();
        committed_();
    }
    return http::json_response(200, json_of(reservation));
}

}  // namespace inventory
