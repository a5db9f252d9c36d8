// POST /api/v1/checkout: makes the order and runs its saga, or waits for the one that an equal request has made.
#pragma once

#include <memory>

#include "common/http/router.h"
#include "common/http/worker_pool.h"
#include "order/endings.h"
#include "order/order_store.h"
#include "order/saga_runner.h"

namespace order {

// Waiting costs no thread: only the saga itself runs on a worker, and goes on there when its client has no more time.
class Checkout {
public:
    Checkout(OrderStore& orders, SagaRunner& runner, Metrics& metrics, http::WorkerPool& workers,
             std::shared_ptr<Endings> endings)
        : orders_(orders), runner_(runner), metrics_(metrics), workers_(workers), endings_(std::move(endings)) {}

    void add_to(http::Router& router);

private:
    struct Visit;

    static boost::asio::awaitable<http::Response> handle(Checkout& self, std::shared_ptr<const http::Call> call);
    static boost::asio::awaitable<http::Response> await_end(Checkout& self, std::shared_ptr<const http::Call> call,
                                                            std::shared_ptr<Visit> visit);
    static boost::asio::awaitable<void> work(Checkout& self, std::shared_ptr<const http::Call> call,
                                             std::shared_ptr<Visit> visit);
    void begin_and_run(const http::Call& call, Visit& visit);

    OrderStore& orders_;
    SagaRunner& runner_;
    Metrics& metrics_;
    http::WorkerPool& workers_;
    const std::shared_ptr<Endings> endings_;
};

}  // namespace order
