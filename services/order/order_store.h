// Orders in SQL, as customers make and read them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/base/deadline.h"
#include "common/data/postgres.h"
#include "order/order.h"
#include "order/saga_store.h"

namespace order {

struct CheckoutRequest {
    std::string user;
    std::string key;     // Idempotency-Key
    std::string digest;  // Of what was sent with it.
    std::string payment_token;
    nlohmann::json shipping_address;
    std::string traceparent;
};

// What a checkout found or made: its order, or nothing where the cart is empty.
struct Begun {
    std::optional<Order> order;
    std::string digest;        // Of the request that made the order.
    std::optional<Saga> saga;  // Where this request made it: the saga is the caller's to run.
};

class OrderStore {
public:
    static std::vector<data::Statement> statements();

    explicit OrderStore(data::Database& database) : database_(database) {}

    // Makes the order of the cart's lines and its saga, once for each user and key.
    Begun begin(const CheckoutRequest& request, const base::Deadline& deadline);

    std::optional<Order> find(const std::string& id, const base::Deadline& deadline);
    // The newest first, at most `limit`, those that come after the order `after` where it is not empty.
    std::vector<Order> list(const std::string& user, const std::string& after, std::int64_t limit,
                            const base::Deadline& deadline);

private:
    data::Database& database_;
};

// The columns that an order is made of, `o.` being the table, and the order of a row that has them.
extern const char* const kOrderColumns;
Order order_of(const pqxx::row& row);

}  // namespace order
