#include "client/pool.h"

#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace client {

namespace asio = boost::asio;
using Cause = ConnectionError::Cause;
using std::chrono::steady_clock;

Pool::Pool(asio::io_context& io, const Limits& limits) : io_(io), free_(limits.connections), idle_limit_(limits.idle) {}

awaitable<Pool::Lease> Pool::take(Time deadline) {
    const std::shared_ptr<Pool> self = shared_from_this();
    if (closed_) throw ConnectionError("the client was closed", Cause::Closed);
    if (free_ > 0) {
        --free_;
    } else {
        const auto waiter = std::make_shared<Waiter>(io_, deadline);
        waiters_.push_back(waiter);
        boost::system::error_code ignored;
        auto token = asio::redirect_error(asio::use_awaitable, ignored);
        co_await waiter->timer.async_wait(token);
        if (!waiter->served) {
            std::erase(waiters_, waiter);
            if (closed_) throw ConnectionError("the client was closed", Cause::Closed);
            throw ConnectionError("no connection free in time", Cause::Timeout);
        }
    }
    co_return Lease(self, take_idle(), generation_);
}

ConnectionPtr Pool::take_idle() {
    drop_old();
    while (!idle_.empty()) {
        ConnectionPtr connection = std::move(idle_.back().connection);
        idle_.pop_back();
        if (connection->idle()) return connection;
    }
    return nullptr;
}

Pool::Lease::~Lease() {
    if (pool_) pool_->give_back();
}

void Pool::Lease::keep(ConnectionPtr connection) {
    if (pool_->closed_ || generation_ != pool_->generation_) return;
    pool_->idle_.push_back({std::move(connection), steady_clock::now()});
    pool_->watch_age();
}

// The right passes straight to the first who waits, so that nobody overtakes.
void Pool::give_back() {
    if (waiters_.empty()) {
        ++free_;
        return;
    }
    const std::shared_ptr<Waiter> first = waiters_.front();
    waiters_.pop_front();
    first->served = true;
    first->timer.cancel();
}

void Pool::drop_old() {
    const Time oldest = steady_clock::now() - idle_limit_;
    std::erase_if(idle_, [oldest](const Idle& idle) { return idle.since <= oldest; });
}

void Pool::watch_age() {
    if (age_ || idle_.empty()) return;
    age_ = std::make_unique<asio::steady_timer>(io_, idle_.front().since + idle_limit_);
    age_->async_wait([weak = weak_from_this()](boost::system::error_code error) {
        const std::shared_ptr<Pool> pool = weak.lock();
        if (error || !pool) return;
        pool->age_.reset();
        pool->drop_old();
        pool->watch_age();
    });
}

void Pool::drop_idle() {
    ++generation_;
    idle_.clear();
}

void Pool::close() {
    closed_ = true;
    idle_.clear();
    age_.reset();
    for (const std::shared_ptr<Waiter>& waiter : waiters_) waiter->timer.cancel();
}

}  // namespace client
