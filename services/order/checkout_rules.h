// What a checkout is asked for with, and what it is answered with. Pure.
#pragma once

#include <string>
#include <string_view>

#include "common/http/message.h"
#include "order/order.h"

namespace order {

struct CheckoutBody {
    std::string payment_token;
    nlohmann::json shipping_address;
};
CheckoutBody checkout_body_from(const http::Request& request);  // Throws http::Problem.

// Tells whether a repeated key stands for the same request, without keeping the token. Hex.
std::string digest_of(const CheckoutBody& body);

// Of an order that has ended: the same each time, a Problem's too. Throws http::Problem.
http::Response answer_of(const Order& order);

// Of one that hasn't when there is no more time: 202.
http::Response pending_answer(const Order& order);

bool is_token(std::string_view text);  // Printable ASCII without blanks, up to 255, and no card number.

}  // namespace order
