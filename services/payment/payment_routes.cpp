// Reads requests and writes payments as JSON.
#include "payment/payment_routes.h"

#include "common/http/input.h"

namespace payment {

namespace {

using nlohmann::json;

json json_of(const Payment& payment, State state) {
    json body = {{"id", payment.id}, {"order_id", payment.id}, {"state", to_string(state)}};
    if (payment.amount > 0) {
        body["amount"] = payment.amount;
        body["currency"] = payment.currency;
    }
    if (!payment.reason.empty()) body["reason"] = payment.reason;
    return body;
}

json with_times(const Payment& payment) {
    json body = json_of(payment, payment.situation.state);
    body["created_at"] = payment.created_at;
    body["updated_at"] = payment.updated_at;
    return body;
}

Order order_from(const http::Request& request) {
    http::Input input(request);
    Order order;
    order.id = input.uuid("order_id");
    order.user = input.uuid("user_id");
    order.amount = input.integer("amount", 1, kMostMoney);
    order.currency = input.text("currency", {3, 3});
    if (!is_currency(order.currency)) input.wrong("currency", "must be three letters A-Z, as ISO 4217 has them");
    input.object("payment_method", [&](http::Input& method) {
        order.token = method.text("token", {1, 255});
        if (!is_token(order.token)) method.wrong("token", "must be a token of the provider's, not a card number");
    });
    input.done();
    return order;
}

Context context_of(const http::Call& call) {
    return {call.deadline, call.trace, call.log()};
}

}  // namespace

void Routes::add_to(http::Router& router) {
    router.on("POST", "/internal/v1/payments", [this](const http::Call& call) { return authorize(call); });
    for (const Command command : {Command::Capture, Command::Void, Command::Refund}) {
        router.on("POST", "/internal/v1/payments/{id:uuid}/" + std::string(to_string(command)),
                  [this, command](const http::Call& call) { return change(call, command); });
    }
    router.on("GET", "/internal/v1/payments/{id:uuid}", [this](const http::Call& call) { return get(call); });
    router.on("GET", "/api/v1/payments/{id:uuid}", [this](const http::Call& call) { return get_own(call); });
    router.on("GET", "/internal/v1/ledger", [this](const http::Call& call) { return ledger(call); });
}

http::Response Routes::authorize(const http::Call& call) {
    const std::string key = call.idempotency_key();
    const Order order = order_from(call.request);
    const Payment payment = processor_.authorize(order, key, context_of(call));
    // A repetition gets the answer of the first, whatever came after it.
    const State answer = payment.situation.state == State::Declined ? State::Declined : State::Authorized;
    Payment as_then = payment;
    if (answer == State::Authorized) as_then.reason.clear();
    return http::json_response(201, json_of(as_then, answer));
}

http::Response Routes::change(const http::Call& call, Command command) {
    const Payment payment = processor_.run(call.parameter("id"), command, context_of(call));
    return http::json_response(200, json_of(payment, payment.situation.state));
}

http::Response Routes::get(const http::Call& call) {
    const std::optional<Payment> payment = store_.find(call.parameter("id"), call.deadline);
    if (!payment) throw http::not_found("There is no such payment.");
    return http::json_response(200, with_times(*payment));
}

http::Response Routes::get_own(const http::Call& call) {
    const std::string user = call.user();
    const std::optional<Payment> payment = store_.find(call.parameter("id"), call.deadline);
    if (!payment || payment->user != user) throw http::not_found("There is no such payment.");
    return http::json_response(200, with_times(*payment));
}

http::Response Routes::ledger(const http::Call& call) {
    const std::vector<LedgerTotal> totals = store_.totals(call.deadline);
    json list = json::array();
    for (const LedgerTotal& total : totals) {
        list.push_back({{"account", total.account}, {"currency", total.currency}, {"amount", total.amount}});
    }
    return http::json_response(200, {{"totals", std::move(list)}, {"balanced", adds_up(totals)}});
}

}  // namespace payment
