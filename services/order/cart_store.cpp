// The statements.
#include "order/cart_store.h"

namespace order {

std::vector<data::Statement> CartStore::statements() {
    return {
        {"cart_lines",
         "SELECT sku, quantity, version, name, amount, currency FROM cart_items WHERE user_id = $1 ORDER BY added_at, sku"},
        {"cart_lock", "SELECT pg_advisory_xact_lock(hashtextextended('cart ' || $1, 0))"},
        {"cart_others", "SELECT count(*) FROM cart_items WHERE user_id = $1 AND sku <> $2"},
        {"cart_put",
         "INSERT INTO cart_items (user_id, sku, quantity, name, amount, currency) VALUES ($1, $2, $3, $4, $5, $6)"
         " ON CONFLICT (user_id, sku) DO UPDATE SET quantity = excluded.quantity, name = excluded.name, amount = excluded.amount,"
         " currency = excluded.currency, version = excluded.version"},
        {"cart_remove", "DELETE FROM cart_items WHERE user_id = $1 AND sku = $2"},
        {"cart_clear", "DELETE FROM cart_items WHERE user_id = $1"},
    };
}

std::vector<Line> CartStore::lines(const std::string& user, const base::Deadline& deadline) {
    std::vector<Line> lines;
    for (const pqxx::row& row : database_.query(deadline, "cart_lines", user)) {
        Line line;
        line.sku = row["sku"].as<std::string>();
        line.quantity = row["quantity"].as<std::int64_t>();
        line.version = row["version"].as<std::string>();
        line.name = row["name"].as<std::string>();
        line.price = Money{row["amount"].as<std::int64_t>(), row["currency"].as<std::string>()};
        lines.push_back(std::move(line));
    }
    return lines;
}

bool CartStore::put(const std::string& user, const Line& line, const base::Deadline& deadline) {
    return database_.transact(deadline, [&](data::Database::Work& work) {
        work.exec_prepared("cart_lock", user);  // Or two at once could both be the last that fits.
        const pqxx::result others = work.exec_prepared("cart_others", user, line.sku);
        if (others.front()[0].as<std::size_t>() >= kMostLines) return false;
        work.exec_prepared("cart_put", user, line.sku, line.quantity, line.name, line.price.value().amount,
                           line.price.value().currency);
        return true;
    });
}

void CartStore::remove(const std::string& user, const std::string& sku, const base::Deadline& deadline) {
    database_.query(deadline, "cart_remove", user, sku);
}

void CartStore::clear(const std::string& user, const base::Deadline& deadline) {
    database_.query(deadline, "cart_clear", user);
}

}  // namespace order
