// The payment service's HTTP API.
#pragma once

#include "common/http/router.h"
#include "payment/payment_store.h"
#include "payment/processor.h"

namespace payment {

class Routes {
public:
    Routes(Processor& processor, Store& store) : processor_(processor), store_(store) {}

    void add_to(http::Router& router);

private:
    http::Response authorize(const http::Call& call);
    http::Response change(const http::Call& call, Command command);
    http::Response get(const http::Call& call);
    http::Response get_own(const http::Call& call);
    http::Response ledger(const http::Call& call);

    Processor& processor_;
    Store& store_;
};

}  // namespace payment
