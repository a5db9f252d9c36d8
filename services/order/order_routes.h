// The HTTP face of carts and of orders as they are; checkout.h is that of making one.
#pragma once

#include "common/http/router.h"
#include "common/rest/rest_client.h"
#include "order/cart_store.h"
#include "order/order_metrics.h"
#include "order/order_store.h"

namespace order {

class Routes {
public:
    Routes(CartStore& carts, OrderStore& orders, rest::Client& catalog, Metrics& metrics)
        : carts_(carts), orders_(orders), catalog_(catalog), metrics_(metrics) {}

    void add_to(http::Router& router);

private:
    http::Response show_cart(const http::Call& call);
    http::Response put_item(const http::Call& call);
    http::Response remove_item(const http::Call& call);
    http::Response clear_cart(const http::Call& call);
    http::Response list_orders(const http::Call& call);
    http::Response show_order(const http::Call& call);

    // With names and prices as they are now; as they were when they were put in where the catalog does not tell in time.
    std::vector<Line> current_lines(const http::Call& call);

    CartStore& carts_;
    OrderStore& orders_;
    rest::Client& catalog_;
    Metrics& metrics_;
};

nlohmann::json cart_json(const std::vector<Line>& lines);  // {"items":[…],"total":…}

}  // namespace order
