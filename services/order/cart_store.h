// Carts in SQL.
#pragma once

#include <string>
#include <vector>

#include "common/base/deadline.h"
#include "common/data/postgres.h"
#include "order/order.h"

namespace order {

class CartStore {
public:
    static std::vector<data::Statement> statements();

    explicit CartStore(data::Database& database) : database_(database) {}

    std::vector<Line> lines(const std::string& user, const base::Deadline& deadline);  // By when they were put in.
    // False: the cart has kMostLines others.
    bool put(const std::string& user, const Line& line, const base::Deadline& deadline);
    void remove(const std::string& user, const std::string& sku, const base::Deadline& deadline);
    void clear(const std::string& user, const base::Deadline& deadline);

private:
    data::Database& database_;
};

}  // namespace order
