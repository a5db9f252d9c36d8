// Reads requests and writes carts and orders as JSON.
#include "order/order_routes.h"

#include <algorithm>

#include "common/http/input.h"
#include "order/saga_commands.h"

namespace order {

namespace {

using nlohmann::json;

constexpr auto kUsualCurrency = "EUR";        // Of an empty cart's total.
constexpr base::Duration kCartPatience{500};  // A cart is shown with older prices rather than late.

rest::Request prices_request(const std::vector<std::string>& skus) {
    rest::Request request;
    request.method = "GET";
    request.path = prices_path(skus);
    request.repeatable = true;
    return request;
}

// One product that is to be put in.
Line priced_line(rest::Client& catalog, const std::string& sku, std::int64_t quantity, const http::Call& call) {
    const rest::Answer answer = catalog.call(prices_request({sku}), call.deadline, call.trace);
    if (answer.status != 200) throw http::unavailable("The catalog does not tell prices now.");
    std::vector<Line> lines{{sku, quantity, {}, {}, {}}};
    if (!set_prices(lines, answer.body)) throw http::not_found("There is no such product.");
    return lines.front();
}

}  // namespace

json cart_json(const std::vector<Line>& lines) {
    json items = json::array();
    Money total{0, lines.empty() ? kUsualCurrency : lines.front().price->currency};
    for (const Line& line : lines) {
        items.push_back({{"sku", line.sku}, {"name", line.name}, {"quantity", line.quantity}, {"price", to_json(*line.price)}});
        total.amount += line.price->amount * line.quantity;
    }
    return {{"items", std::move(items)}, {"total", to_json(total)}};
}

void Routes::add_to(http::Router& router) {
    router.on("GET", "/api/v1/cart", [this](const http::Call& call) { return show_cart(call); });
    router.on("DELETE", "/api/v1/cart", [this](const http::Call& call) { return clear_cart(call); });
    router.on("PUT", "/api/v1/cart/items/{sku:word}", [this](const http::Call& call) { return put_item(call); });
    router.on("DELETE", "/api/v1/cart/items/{sku:word}", [this](const http::Call& call) { return remove_item(call); });
    router.on("GET", "/api/v1/orders", [this](const http::Call& call) { return list_orders(call); });
    router.on("GET", "/api/v1/orders/{id:uuid}", [this](const http::Call& call) { return show_order(call); });
}

std::vector<Line> Routes::current_lines(const http::Call& call) {
    std::vector<Line> lines = carts_.lines(call.user(), call.deadline);
    if (lines.empty()) return lines;
    std::vector<std::string> skus;
    skus.reserve(lines.size());
    for (const Line& line : lines) skus.push_back(line.sku);
    try {
        const rest::Answer answer = catalog_.call(prices_request(skus), call.deadline.at_most(kCartPatience), call.trace);
        std::vector<Line> now = lines;
        if (answer.status == 200 && set_prices(now, answer.body)) lines = std::move(now);
    } catch (const rest::Unreachable&) {
        call.log().debug("a cart is shown with the prices of when it was filled");
    }
    return lines;
}

http::Response Routes::show_cart(const http::Call& call) {
    return http::json_response(200, cart_json(current_lines(call)));
}

http::Response Routes::put_item(const http::Call& call) {
    const std::string user = call.user();
    http::Input input(call.request);
    const std::int64_t quantity = input.integer("quantity", 1, kMostOfALine);
    input.done();
    const Line line = priced_line(catalog_, call.parameter("sku"), quantity, call);
    std::vector<Line> lines = carts_.lines(user, call.deadline);
    for (const Line& other : lines) {
        if (other.sku != line.sku && other.price->currency != line.price->currency) {
            throw http::conflict("The cart has prices in " + other.price->currency + "; this product's is in another currency.");
        }
    }
    if (!carts_.put(user, line, call.deadline)) {
        throw http::conflict("The cart has " + std::to_string(kMostLines) + " products already.");
    }
    metrics_.cart_changes.Increment();
    lines = carts_.lines(user, call.deadline);
    return http::json_response(200, cart_json(lines));
}

http::Response Routes::remove_item(const http::Call& call) {
    carts_.remove(call.user(), call.parameter("sku"), call.deadline);
    http::Response response;
    response.status = 204;
    return response;
}

http::Response Routes::clear_cart(const http::Call& call) {
    carts_.clear(call.user(), call.deadline);
    http::Response response;
    response.status = 204;
    return response;
}

http::Response Routes::list_orders(const http::Call& call) {
    const std::string user = call.user();
    http::Query query(call.request);
    const std::int64_t limit = query.integer("limit", 1, 100, 20);
    const std::string after = query.text("cursor").value_or("");
    if (!after.empty() && !http::is_uuid(after)) query.wrong("cursor", "must be a next_cursor of this list");
    query.done();
    std::vector<Order> orders = orders_.list(user, after, limit + 1, call.deadline);  // One more tells whether there are more.
    json next = nullptr;
    if (orders.size() > static_cast<std::size_t>(limit)) {
        orders.pop_back();
        next = orders.back().id;
    }
    json items = json::array();
    for (const Order& order : orders) items.push_back(to_json(order));
    return http::json_response(200, {{"items", std::move(items)}, {"next_cursor", std::move(next)}});
}

http::Response Routes::show_order(const http::Call& call) {
    const std::string user = call.user();
    const std::optional<Order> order = orders_.find(call.parameter("id"), call.deadline);
    if (!order || order->user != user) throw http::not_found("There is no such order.");
    return http::json_response(200, to_json(*order));
}

}  // namespace order
