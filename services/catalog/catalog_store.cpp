// Statements of the catalogue.
#include "catalog/catalog_store.h"

#include <algorithm>
#include <map>

#include "common/data/messages.h"
#include "common/http/input.h"

namespace catalog {

namespace {

#define PRODUCT_COLUMNS                                                             \
    "id, sku, name, description, category, price_amount, price_currency, version, " \
    "to_char(updated_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"

constexpr std::string_view kFirst = "00000000-0000-0000-0000-000000000000";  // Before every id.
constexpr std::string_view kLast = "ffffffff-ffff-ffff-ffff-ffffffffffff";
constexpr std::int64_t kAnyPrice = 9'000'000'000'000'000'000;

Product product_of(const pqxx::row& row) {
    return {row[0].as<std::string>(), row[1].as<std::string>(), row[2].as<std::string>(),
            row[3].as<std::string>(), row[4].as<std::string>(), row[5].as<std::int64_t>(),
            row[6].as<std::string>(), row[8].as<std::string>(), row[7].as<std::int64_t>()};
}

std::vector<Product> products_of(const pqxx::result& rows) {
    std::vector<Product> products;
    for (const pqxx::row& row : rows) products.push_back(product_of(row));
    return products;
}

// One more than asked for was fetched: that there is one says that the list goes on.
Page page_of(const pqxx::result& rows, int limit, char list) {
    Page page;
    const bool more = rows.size() > static_cast<pqxx::result::size_type>(limit);
    for (const pqxx::row& row : rows) {
        if (static_cast<int>(page.products.size()) == limit) break;
        page.products.push_back(product_of(row));
        if (more && static_cast<int>(page.products.size()) == limit) {
            page.next = Cursor{list, {}, page.products.back().id, list == 't' ? row[9].as<std::string>() : std::string{}};
        }
    }
    return page;
}

// As an array's text. Every character is escaped that could mean something there.
std::string array_of(const std::vector<std::string>& values) {
    std::string text = "{";
    for (const std::string& value : values) {
        if (text.size() > 1) text += ',';
        text += '"';
        for (const char c : value) {
            if (c == '"' || c == '\\') text += '\\';
            text += c;
        }
        text += '"';
    }
    return text + "}";
}

std::string prefix_of(const std::string& text) {
    std::string escaped;
    for (const char c : text) {
        if (c == '%' || c == '_' || c == '\\') escaped += '\\';
        escaped += c;
    }
    return escaped + "%";
}

data::Event changed(const Product& product, const std::string& traceparent) {
    return {http::new_uuid(),
            "product.changed",
            {{"id", product.id}, {"sku", product.sku}, {"version", product.version}},
            traceparent};
}

}  // namespace

std::vector<data::Statement> Store::statements() {
    return {
        {"find_product", "SELECT " PRODUCT_COLUMNS " FROM products WHERE id = $1"},
        {"find_products", "SELECT " PRODUCT_COLUMNS " FROM products WHERE id = ANY($1::uuid[])"},
        {"products_with_skus", "SELECT " PRODUCT_COLUMNS " FROM products WHERE sku = ANY($1::text[]) ORDER BY sku"},
        {"list_products", "SELECT " PRODUCT_COLUMNS " FROM products WHERE id > $1 ORDER BY id LIMIT $2"},
        {"list_category",
         "SELECT " PRODUCT_COLUMNS " FROM products WHERE category = $1 AND id > $2 ORDER BY category, id LIMIT $3"},
        {"categories", "SELECT category, count(*) FROM products GROUP BY category ORDER BY category LIMIT 1000"},
        {"search_text",
         "WITH found AS (SELECT p.*, ts_rank(document, query) AS rank FROM products p, websearch_to_tsquery('english', $1) query"
         " WHERE document @@ query AND ($2 = '' OR category = $2) AND price_amount BETWEEN $3 AND $4)"
         " SELECT " PRODUCT_COLUMNS
         ", rank FROM found WHERE (rank, id) < ($5::float4, $6::uuid) ORDER BY rank DESC, id DESC LIMIT $7"},
        {"search_prefix",
         "SELECT " PRODUCT_COLUMNS " FROM products WHERE (lower(name) LIKE lower($1) OR lower(name) LIKE '% ' || lower($1))"
         " AND ($2 = '' OR category = $2) AND price_amount BETWEEN $3 AND $4 AND id > $5 ORDER BY id LIMIT $6"},
        {"popular", "SELECT " PRODUCT_COLUMNS " FROM products LEFT JOIN popularity USING (sku)"
                    " WHERE (cardinality($1::text[]) = 0 OR category = ANY($1::text[])) AND NOT id = ANY($2::uuid[])"
                    " ORDER BY sold DESC NULLS LAST, id LIMIT $3"},
        {"add_product",
         "INSERT INTO products (id, sku, name, description, category, price_amount, price_currency)"
         " VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING " PRODUCT_COLUMNS},
        {"replace_product",
         "UPDATE products SET sku = $2, name = $3, description = $4, category = $5, price_amount = $6, price_currency = $7,"
         " version = version + 1, updated_at = now() WHERE id = $1 AND version = $8 RETURNING " PRODUCT_COLUMNS},
        {"count_sold",
         "INSERT INTO popularity (sku, sold) VALUES ($1, $2)"
         " ON CONFLICT (sku) DO UPDATE SET sold = popularity.sold + excluded.sold"},
    };
}

std::optional<Product> Store::find(const std::string& id, const base::Deadline& deadline) {
    const pqxx::result rows = database_.query(deadline, "find_product", id);
    if (rows.empty()) return {};
    return product_of(rows[0]);
}

std::vector<Product> Store::find_all(const std::vector<std::string>& ids, const base::Deadline& deadline) {
    if (ids.empty()) return {};
    std::map<std::string, Product> found;
    for (Product& product : products_of(database_.query(deadline, "find_products", array_of(ids)))) {
        found.emplace(product.id, std::move(product));
    }
    std::vector<Product> products;
    for (const std::string& id : ids) {
        if (const auto one = found.find(id); one != found.end()) products.push_back(one->second);
    }
    return products;
}

std::vector<Product> Store::with_skus(const std::vector<std::string>& skus, const base::Deadline& deadline) {
    return products_of(database_.query(deadline, "products_with_skus", array_of(skus)));
}

Page Store::list(const std::string& category, const std::optional<Cursor>& after, int limit, const base::Deadline& deadline) {
    const std::string id = after ? after->id : std::string(kFirst);
    const pqxx::result rows = category.empty() ? database_.query(deadline, "list_products", id, limit + 1)
                                               : database_.query(deadline, "list_category", category, id, limit + 1);
    return page_of(rows, limit, 'p');
}

Page Store::search_text(const Search& search, const std::optional<Cursor>& after, int limit, const base::Deadline& deadline) {
    const std::int64_t most = search.max_price < 0 ? kAnyPrice : search.max_price;
    const std::string rank = after ? after->rank : std::string("3e37");
    const std::string id = after ? after->id : std::string(kLast);
    return page_of(
        database_.query(deadline, "search_text", search.text, search.category, search.min_price, most, rank, id, limit + 1),
        limit, 't');
}

Page Store::search_prefix(const Search& search, const std::optional<Cursor>& after, int limit, const base::Deadline& deadline) {
    const std::int64_t most = search.max_price < 0 ? kAnyPrice : search.max_price;
    const std::string id = after ? after->id : std::string(kFirst);
    return page_of(database_.query(deadline, "search_prefix", prefix_of(search.text), search.category, search.min_price, most, id,
                                   limit + 1),
                   limit, 's');
}

std::vector<std::pair<std::string, std::int64_t>> Store::categories(const base::Deadline& deadline) {
    std::vector<std::pair<std::string, std::int64_t>> result;
    for (const pqxx::row& row : database_.query(deadline, "categories")) {
        result.emplace_back(row[0].as<std::string>(), row[1].as<std::int64_t>());
    }
    return result;
}

std::vector<Product> Store::popular(const std::vector<std::string>& categories, const std::vector<std::string>& without,
                                    int limit, const base::Deadline& deadline) {
    return products_of(database_.query(deadline, "popular", array_of(categories), array_of(without), limit));
}

Product Store::add(const Product& product, const std::string& traceparent, const base::Deadline& deadline) {
    try {
        return database_.transact(deadline, [&](data::Database::Work& work) {
            const pqxx::result rows = work.exec_prepared("add_product", product.id, product.sku, product.name,
                                                         product.description, product.category, product.amount, product.currency);
            Product added = product_of(rows[0]);
            data::put(work, changed(added, traceparent));
            return added;
        });
    } catch (const pqxx::unique_violation&) {
        throw DuplicateSku();
    }
}

std::optional<Product> Store::replace(const Product& product, std::int64_t version, const std::string& traceparent,
                                      const base::Deadline& deadline) {
    try {
        return database_.transact(deadline, [&](data::Database::Work& work) -> std::optional<Product> {
            const pqxx::result rows =
                work.exec_prepared("replace_product", product.id, product.sku, product.name, product.description,
                                   product.category, product.amount, product.currency, version);
            if (rows.empty()) return {};
            Product replaced = product_of(rows[0]);
            data::put(work, changed(replaced, traceparent));
            return replaced;
        });
    } catch (const pqxx::unique_violation&) {
        throw DuplicateSku();
    }
}

void Store::count_sold(data::Database::Work& work, const std::vector<std::pair<std::string, std::int64_t>>& units) {
    std::map<std::string, std::int64_t> sorted;  // So that transactions never wait for each other in a circle.
    for (const auto& [sku, count] : units) sorted[sku] += count;
    for (const auto& [sku, count] : sorted) work.exec_prepared("count_sold", sku, count);
}

}  // namespace catalog
