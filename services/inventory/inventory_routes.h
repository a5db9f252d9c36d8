// The HTTP face of stock and reservations.
#pragma once

#include <functional>

#include "common/http/router.h"
#include "inventory/inventory_metrics.h"
#include "inventory/inventory_store.h"

namespace inventory {

class Routes {
public:
    // `committed` is called after what may have put events into the outbox.
    Routes(Store& store, Metrics& metrics, std::function<void()> committed)
        : store_(store), metrics_(metrics), committed_(std::move(committed)) {}

    void add_to(http::Router& router);

private:
    http::Response show_available(const http::Call& call);
    http::Response show_stock(const http::Call& call);
    http::Response set_stock(const http::Call& call);
    http::Response reserve(const http::Call& call);
    http::Response show_reservation(const http::Call& call);
    http::Response confirm(const http::Call& call);
    http::Response release(const http::Call& call);

    Store& store_;
    Metrics& metrics_;
    const std::function<void()> committed_;
};

}  // namespace inventory
