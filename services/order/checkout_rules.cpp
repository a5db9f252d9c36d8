// Reads what a checkout is asked for with; writes its answers.
#include "order/checkout_rules.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <stdexcept>

#include "common/http/input.h"

namespace order {

namespace {

using nlohmann::json;

constexpr std::size_t kLongestToken = 255;
constexpr std::ptrdiff_t kShortestCardNumber = 12;  // ISO/IEC 7812
constexpr std::ptrdiff_t kLongestCardNumber = 19;

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_card_number(std::string_view text) {
    if (!std::all_of(text.begin(), text.end(), [](char c) { return is_digit(c) || c == '-'; })) return false;
    const auto digits = std::count_if(text.begin(), text.end(), is_digit);
    return digits >= kShortestCardNumber && digits <= kLongestCardNumber;
}

bool is_country(std::string_view text) {
    return text.size() == 2 && std::all_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

std::string why(Reason reason) {
    switch (reason) {
        case Reason::PaymentDeclined:
            return "The payment was declined.";
        case Reason::OutOfStock:
            return "There is not enough stock for what is in the cart.";
        case Reason::UnknownProduct:
            return "The cart has a product that is not sold any more.";
        case Reason::MixedCurrencies:
            return "The cart has prices in several currencies, which can't be paid at once.";
        case Reason::TotalOutOfRange:
            return "There is nothing to pay, or more than can be paid at once.";
        case Reason::ReservationLost:
            return "What was reserved for the order was given back before it could be completed.";
        case Reason::PaymentRefused:
            return "The payment can't be made.";
        case Reason::Unavailable:
        case Reason::None:
            break;
    }
    return "The order could not be completed in time, and was taken back.";
}

}  // namespace

CheckoutBody checkout_body_from(const http::Request& request) {
    http::Input input(request);
    CheckoutBody body;
    input.object("payment_method", [&](http::Input& method) {
        body.payment_token = method.text("token", {1, kLongestToken});
        if (!is_token(body.payment_token)) method.wrong("token", "must be a token of the provider's, not a card number");
    });
    input.object("shipping_address", [&](http::Input& address) {
        json& kept = body.shipping_address = json::object();
        kept["name"] = address.text("name", {1, 100});
        kept["line1"] = address.text("line1", {1, 200});
        if (const std::optional<std::string> line2 = address.optional_text("line2", {1, 200})) kept["line2"] = *line2;
        kept["city"] = address.text("city", {1, 100});
        kept["postal_code"] = address.text("postal_code", {1, 16});
        kept["country"] = address.text("country", {2, 2});
        if (!is_country(kept["country"].get<std::string>())) {
            address.wrong("country", "must be two letters A-Z, as ISO 3166-1 has them");
        }
    });
    input.done();
    return body;
}

std::string digest_of(const CheckoutBody& body) {
    const std::string text = json{{"token", body.payment_token}, {"address", body.shipping_address}}.dump();
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int size = 0;
    if (EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1) {
        throw std::runtime_error("OpenSSL has no SHA-256");
    }
    constexpr auto kHex = "0123456789abcdef";
    std::string hex;
    for (unsigned int i = 0; i < size; ++i) hex += {kHex[digest[i] >> 4], kHex[digest[i] & 15]};
    return hex;
}

http::Response answer_of(const Order& order) {
    switch (order.state) {
        case State::Confirmed:
            return http::json_response(201, to_json(order), {{"Location", "/api/v1/orders/" + order.id}});
        case State::Cancelled:
            throw http::Problem(order.reason == Reason::PaymentDeclined ? 402 : 409, why(order.reason));
        case State::Pending:
        case State::NeedsAttention:
            break;
    }
    return pending_answer(order);
}

http::Response pending_answer(const Order& order) {
    return http::json_response(202, to_json(order), {{"Location", "/api/v1/orders/" + order.id}});
}

bool is_token(std::string_view text) {
    const bool printable = std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7F'; });
    return !text.empty() && text.size() <= kLongestToken && printable && !is_card_number(text);
}

}  // namespace order
