// Waiters by order.
#include "order/endings.h"

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

namespace order {

namespace asio = boost::asio;

asio::awaitable<void> Wakeable::wait(base::Duration at_most) {
    if (!woken_) {
        boost::system::error_code ignored;
        timer_.expires_after(at_most);
        co_await timer_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
    woken_ = false;
}

void Wakeable::wake() {
    asio::post(timer_.get_executor(), [self = shared_from_this()] {
        self->woken_ = true;
        self->timer_.cancel();
    });
}

Endings::Listening::Listening(std::shared_ptr<Endings> endings, const std::string& order, std::shared_ptr<Wakeable> waiter)
    : endings_(std::move(endings)) {
    const std::lock_guard lock(endings_->mutex_);
    at_ = endings_->waiters_.emplace(order, std::move(waiter));
}

Endings::Listening::~Listening() {
    const std::lock_guard lock(endings_->mutex_);
    endings_->waiters_.erase(at_);
}

void Endings::tell(const std::string& order) {
    const std::lock_guard lock(mutex_);
    const auto [begin, end] = waiters_.equal_range(order);
    for (auto waiter = begin; waiter != end; ++waiter) waiter->second->wake();
}

}  // namespace order
