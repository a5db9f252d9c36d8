// Requests and the reading of answers.
#include "order/saga_commands.h"

#include <map>
#include <stdexcept>

namespace order {

namespace {

using nlohmann::json;

const std::string kReservations = "/internal/v1/reservations";
const std::string kPayments = "/internal/v1/payments";

rest::Request post(std::string path, std::string endpoint, json body = json::object()) {
    rest::Request request;
    request.method = "POST";
    request.path = std::move(path);
    request.endpoint = std::move(endpoint);
    request.body = std::move(body);
    request.repeatable = true;
    return request;
}

rest::Request on_reservation(const Order& order, const std::string& action) {
    return post(kReservations + "/" + order.id + "/" + action, kReservations + "/{order_id}/" + action, nullptr);
}

rest::Request on_payment(const Order& order, const std::string& action) {
    return post(kPayments + "/" + order.id + "/" + action, kPayments + "/{id}/" + action, nullptr);
}

json lines_to_reserve(const Order& order) {
    json lines = json::array();
    for (const Line& line : order.lines) lines.push_back({{"sku", line.sku}, {"quantity", line.quantity}});
    return lines;
}

rest::Request authorize(const Order& order, const std::string& token) {
    const Money& total = order.total.value();
    rest::Request request = post(kPayments, kPayments,
                                 {{"order_id", order.id},
                                  {"user_id", order.user},
                                  {"amount", total.amount},
                                  {"currency", total.currency},
                                  {"payment_method", {{"token", token}}}});
    request.headers.emplace_back("Idempotency-Key", order.id);
    return request;
}

// 408 and 429 say that it was not tried; of a 5xx nobody knows.
bool is_clear_refusal(int status) {
    return status >= 400 && status < 500 && status != 408 && status != 429;
}

std::string state_in(const json& body) {
    if (!body.is_object()) return {};
    const auto state = body.find("state");
    return state != body.end() && state->is_string() ? state->get<std::string>() : std::string{};
}

Result refused(Reason reason) {
    return {Outcome::Refused, reason};
}

// Of a request that has done its work when the answer is a success with one of these states.
Result by_state(const rest::Answer& answer, std::initializer_list<const char*> states, Reason reason) {
    if (is_clear_refusal(answer.status)) return refused(reason);
    if (answer.status != 200 && answer.status != 201) return {};
    const std::string state = state_in(answer.body);
    for (const char* each : states) {
        if (state == each) return {Outcome::Done};
    }
    return {};
}

Result reserved(const rest::Answer& answer) {
    const bool names_lines = answer.body.is_object() && !answer.body.value("errors", json::array()).empty();
    return by_state(answer, {"RESERVED", "CONFIRMED"},
                    answer.status == 409 && names_lines ? Reason::OutOfStock : Reason::ReservationLost);
}

Result authorized(const rest::Answer& answer) {
    const bool declined = (answer.status == 200 || answer.status == 201) && state_in(answer.body) == "DECLINED";
    if (declined) return refused(Reason::PaymentDeclined);
    return by_state(answer, {"AUTHORIZED", "CAPTURED"}, Reason::PaymentRefused);
}

Answered priced(const Order& order, const rest::Answer& answer) {
    if (is_clear_refusal(answer.status)) return {refused(Reason::UnknownProduct), {}, {}};
    if (answer.status != 200 || !answer.body.is_object()) return {};
    std::vector<Line> lines = order.lines;
    if (!set_prices(lines, answer.body)) return {refused(Reason::UnknownProduct), {}, {}};
    Total total = total_of(lines);
    if (!total.money) return {refused(total.reason), {}, {}};
    return {{Outcome::Done}, std::move(lines), total.money};
}

}  // namespace

Peer peer_of(Step step) {
    switch (step) {
        case Step::Price:
            return Peer::Catalog;
        case Step::Reserve:
        case Step::Confirm:
        case Step::Release:
            return Peer::Inventory;
        default:
            return Peer::Payment;
    }
}

rest::Request request_for(Step step, const Order& order, const std::string& payment_token) {
    switch (step) {
        case Step::Price: {
            std::vector<std::string> skus;
            for (const Line& line : order.lines) skus.push_back(line.sku);
            rest::Request request;
            request.method = "GET";
            request.path = prices_path(skus);
            request.repeatable = true;
            return request;
        }
        case Step::Reserve:
            return post(kReservations, kReservations,
                        {{"order_id", order.id},
                         {"lines", lines_to_reserve(order)},
                         {"ttl_seconds", std::chrono::duration_cast<std::chrono::seconds>(kReservationTtl).count()}});
        case Step::Authorize:
            return authorize(order, payment_token);
        case Step::Confirm:
            return on_reservation(order, "confirm");
        case Step::Capture:
            return on_payment(order, "capture");
        case Step::Void:
            return on_payment(order, "void");
        case Step::Refund:
            return on_payment(order, "refund");
        case Step::Release:
            return on_reservation(order, "release");
        case Step::Confirmed:
        case Step::Cancelled:
        case Step::NeedsAttention:
            break;
    }
    throw std::logic_error("nothing is asked for at the end of a saga");
}

Answered meaning_of(Step step, const Order& order, const rest::Answer& answer) {
    switch (step) {
        case Step::Price:
            return priced(order, answer);
        case Step::Reserve:
            return {reserved(answer), {}, {}};
        case Step::Authorize:
            return {authorized(answer), {}, {}};
        case Step::Confirm:
            return {by_state(answer, {"CONFIRMED"}, Reason::ReservationLost), {}, {}};
        case Step::Capture:
            return {by_state(answer, {"CAPTURED"}, Reason::PaymentRefused), {}, {}};
        case Step::Void:
            return {by_state(answer, {"VOIDED", "DECLINED"}, Reason::None), {}, {}};
        case Step::Refund:
            return {by_state(answer, {"REFUNDED"}, Reason::None), {}, {}};
        case Step::Release:
            return {by_state(answer, {"RELEASED"}, Reason::None), {}, {}};
        case Step::Confirmed:
        case Step::Cancelled:
        case Step::NeedsAttention:
            break;
    }
    throw std::logic_error("nothing is answered at the end of a saga");
}

std::string prices_path(const std::vector<std::string>& skus) {
    std::string path = "/internal/v1/prices";
    // A SKU has no character that a query would have to escape.
    for (std::size_t i = 0; i < skus.size(); ++i) path += (i == 0 ? "?sku=" : "&sku=") + skus[i];
    return path;
}

bool set_prices(std::vector<Line>& lines, const json& prices) {
    try {
        std::map<std::string, const json*> items;
        for (const json& item : prices.at("items")) items[item.at("sku").get<std::string>()] = &item;
        for (Line& line : lines) {
            const auto found = items.find(line.sku);
            if (found == items.end()) return false;
            const json& price = found->second->at("price");
            const json& amount = price.at("amount");
            if (!amount.is_number_integer()) return false;  // A part of a minor unit would be cut off.
            line.name = found->second->at("name").get<std::string>();
            line.price = Money{amount.get<std::int64_t>(), price.at("currency").get<std::string>()};
        }
        return true;
    } catch (const json::exception&) {
        return false;
    }
}

}  // namespace order
