// What each step of the saga asks of which service, and what the answers mean. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/rest/rest_client.h"
#include "order/saga_rules.h"

namespace order {

enum class Peer { Catalog, Inventory, Payment };
Peer peer_of(Step step);

// Equal each time it is asked for an order's step, so that a repetition, also by another process, is recognised by the peer.
rest::Request request_for(Step step, const Order& order, const std::string& payment_token);

struct Answered {
    Result result;
    std::vector<Line> priced;    // Of Price, where it is done: the order's lines with names and prices.
    std::optional<Money> total;  // The same.
};
Answered meaning_of(Step step, const Order& order, const rest::Answer& answer);

// The catalog's path that tells prices of these.
std::string prices_path(const std::vector<std::string>& skus);
// Sets names and prices from the catalog's answer; false where one of the lines is not in it, or it is not what it should be.
bool set_prices(std::vector<Line>& lines, const nlohmann::json& prices);

}  // namespace order
