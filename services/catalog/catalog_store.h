// Products and their popularity in SQL.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "catalog/cursor.h"
#include "catalog/product.h"
#include "common/base/deadline.h"
#include "common/data/postgres.h"

namespace catalog {

class DuplicateSku : public std::exception {
public:
    const char* what() const noexcept override { return "there is a product of that SKU"; }
};

struct Search {
    std::string text;
    std::string category;         // Empty: any.
    std::int64_t min_price = -1;  // -1: any.
    std::int64_t max_price = -1;
};

// Some of a list, and where it goes on.
struct Page {
    std::vector<Product> products;
    std::optional<Cursor> next;  // Without its query.
};

class Store {
public:
    static std::vector<data::Statement> statements();
    explicit Store(data::Database& database) : database_(database) {}

    std::optional<Product> find(const std::string& id, const base::Deadline& deadline);
    // In that order; those that are gone are left out.
    std::vector<Product> find_all(const std::vector<std::string>& ids, const base::Deadline& deadline);
    std::vector<Product> with_skus(const std::vector<std::string>& skus, const base::Deadline& deadline);

    Page list(const std::string& category, const std::optional<Cursor>& after, int limit, const base::Deadline& deadline);
    // The best by full text first.
    Page search_text(const Search& search, const std::optional<Cursor>& after, int limit, const base::Deadline& deadline);
    // Those with a word in their name that begins so.
    Page search_prefix(const Search& search, const std::optional<Cursor>& after, int limit, const base::Deadline& deadline);
    std::vector<std::pair<std::string, std::int64_t>> categories(const base::Deadline& deadline);

    // Of these categories (none: of all), the most bought first, without these.
    std::vector<Product> popular(const std::vector<std::string>& categories, const std::vector<std::string>& without, int limit,
                                 const base::Deadline& deadline);

    // With the event product.changed in the same transaction. Throw DuplicateSku.
    Product add(const Product& product, const std::string& traceparent, const base::Deadline& deadline);
    // Nothing: it is not there, or has another version; see find().
    std::optional<Product> replace(const Product& product, std::int64_t version, const std::string& traceparent,
                                   const base::Deadline& deadline);

    // Adds units sold; in the transaction of the event that says so.
    static void count_sold(data::Database::Work& work, const std::vector<std::pair<std::string, std::int64_t>>& units);

private:
    data::Database& database_;
};

}  // namespace catalog
