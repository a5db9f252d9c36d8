// The statements, and rows as values.
#include "order/order_store.h"

#include "common/http/input.h"

namespace order {

const char* const kOrderColumns =
    "o.id, o.user_id, o.state, o.reason, o.lines::text AS lines, o.amount, o.currency, o.shipping_address::text AS address,"
    " to_char(o.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') AS created,"
    " to_char(o.updated_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') AS updated";

Order order_of(const pqxx::row& row) {
    Order order;
    order.id = row["id"].as<std::string>();
    order.user = row["user_id"].as<std::string>();
    order.state = state_from(row["state"].as<std::string>());
    order.reason = reason_from(row["reason"].as<std::string>());
    order.lines = stored_lines(nlohmann::json::parse(row["lines"].as<std::string>()));
    if (!row["amount"].is_null()) order.total = Money{row["amount"].as<std::int64_t>(), row["currency"].as<std::string>()};
    order.shipping_address = nlohmann::json::parse(row["address"].as<std::string>());
    order.created_at = row["created"].as<std::string>();
    order.updated_at = row["updated"].as<std::string>();
    return order;
}

std::vector<data::Statement> OrderStore::statements() {
    const std::string select = std::string("SELECT ") + kOrderColumns;
    return {
        // One order for each user and key: whoever else makes it now is waited for. Nothing comes of an empty cart.
        {"order_insert",
         "INSERT INTO orders AS o (id, user_id, idempotency_key, payload_digest, state, lines, shipping_address)"
         " SELECT $1::uuid, $2::uuid, $3::text, $4::text, 'PENDING', cart.lines, $5::jsonb FROM (SELECT "
         "jsonb_agg(jsonb_build_object('sku', sku,"
         " 'quantity', quantity, 'version', version) ORDER BY sku) AS lines FROM cart_items WHERE user_id = $2::uuid) AS cart"
         " WHERE cart.lines IS NOT NULL ON CONFLICT (user_id, idempotency_key) DO NOTHING RETURNING " +
             std::string(kOrderColumns)},
        {"order_by_key", select + ", o.payload_digest FROM orders o WHERE o.user_id = $1 AND o.idempotency_key = $2"},
        {"order_find", select + " FROM orders o WHERE o.id = $1"},
        {"order_list", select + " FROM orders o WHERE o.user_id = $1 ORDER BY o.id DESC LIMIT $2"},
        {"order_list_after", select + " FROM orders o WHERE o.user_id = $1 AND o.id < $2 ORDER BY o.id DESC LIMIT $3"},
    };
}

Begun OrderStore::begin(const CheckoutRequest& request, const base::Deadline& deadline) {
    const std::string id = http::new_uuid();
    return database_.transact(deadline, [&](data::Database::Work& work) {
        const pqxx::result made =
            work.exec_prepared("order_insert", id, request.user, request.key, request.digest, request.shipping_address.dump());
        if (!made.empty()) {
            Order order = order_of(made.front());
            Saga saga = SagaStore::begin(work, order, request.payment_token, request.traceparent);
            return Begun{std::move(order), request.digest, std::move(saga)};
        }
        const pqxx::result found = work.exec_prepared("order_by_key", request.user, request.key);
        if (found.empty()) return Begun{};
        return Begun{order_of(found.front()), found.front()["payload_digest"].as<std::string>(), {}};
    });
}

std::optional<Order> OrderStore::find(const std::string& id, const base::Deadline& deadline) {
    const pqxx::result rows = database_.query(deadline, "order_find", id);
    if (rows.empty()) return std::nullopt;
    return order_of(rows.front());
}

std::vector<Order> OrderStore::list(const std::string& user, const std::string& after, std::int64_t limit,
                                    const base::Deadline& deadline) {
    const pqxx::result rows = after.empty() ? database_.query(deadline, "order_list", user, limit)
                                            : database_.query(deadline, "order_list_after", user, after, limit);
    std::vector<Order> orders;
    for (const pqxx::row& row : rows) orders.push_back(order_of(row));
    return orders;
}

}  // namespace order
