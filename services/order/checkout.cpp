// The request's side and the worker's side of a checkout, and what they tell each other.
#include "order/checkout.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <mutex>

#include "order/checkout_rules.h"

namespace order {

namespace asio = boost::asio;
using asio::awaitable;

namespace {

// Of a request's time, kept back so that the answer is there before the client has given up.
constexpr base::Duration kAnswerTime{200};
// How long a saga is run for a request; then it is for whoever looks for what is due.
constexpr base::Duration kRunTime{15'000};
// How often to look for an ending that another process may have written.
constexpr base::BackoffPolicy kLook{base::Duration{25}, base::Duration{500}, base::Jitter::Equal};
constexpr base::Duration kForEver{3'600'000};  // Who waits so is woken.

}  // namespace

// What the worker's side tells.
struct Checkout::Visit {
    explicit Visit(const asio::any_io_executor& executor) : wakeable(std::make_shared<Wakeable>(executor)) {}

    struct News {
        std::optional<Order> order;  // As it was begun or found.
        bool is_own = false;         // It was begun by this request.
        std::exception_ptr failure;  // Before there was an order.
    };
    News read() {
        const std::lock_guard lock(mutex);
        return news;
    }
    void tell(const std::function<void(News&)>& change) {
        {
            const std::lock_guard lock(mutex);
            change(news);
        }
        wakeable->wake();
    }

    std::mutex mutex;
    News news;
    const std::shared_ptr<Wakeable> wakeable;
};

void Checkout::add_to(http::Router& router) {
    router.on_loop("POST", "/api/v1/checkout",
                   [this](std::shared_ptr<const http::Call> call) { return handle(*this, std::move(call)); });
}

awaitable<http::Response> Checkout::handle(Checkout& self, std::shared_ptr<const http::Call> call) {
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    const auto visit = std::make_shared<Visit>(executor);
    asio::co_spawn(executor, work(self, call, visit), asio::detached);

    const base::Duration all = call->deadline.left();
    const base::Duration kept = std::min(kAnswerTime, all / 4);
    while (true) {
        const Visit::News news = visit->read();
        if (news.order) break;
        if (news.failure) std::rethrow_exception(news.failure);
        const base::Duration left = call->deadline.left();
        if (left <= kept) throw http::timed_out("The checkout could not be begun in time.");
        co_await visit->wakeable->wait(std::min(left - kept, kForEver));
    }
    awaitable<http::Response> ending = await_end(self, call, visit);
    co_return co_await std::move(ending);
}

awaitable<http::Response> Checkout::await_end(Checkout& self, std::shared_ptr<const http::Call> call,
                                              std::shared_ptr<Visit> visit) {
    const std::string id = visit->read().order->id;
    const base::Duration kept = std::min(kAnswerTime, call->deadline.left() / 4);
    // Who comes to know of the end in this process is woken; the looks are for what another process ends.
    const Endings::Listening listening(self.endings_, id, visit->wakeable);
    base::Backoff pause(kLook, base::system_random());
    while (true) {
        const Visit::News news = visit->read();
        if (news.order->state != State::Pending) co_return answer_of(*news.order);
        const base::Duration left = call->deadline.left();
        if (left <= kept) {
            if (news.is_own) co_return pending_answer(*news.order);
            throw http::conflict("An equal request is being worked on still.");
        }
        co_await visit->wakeable->wait(std::min(left - kept, pause.next()));
        if (visit->read().order->state != State::Pending || call->deadline.left() <= kept) continue;
        std::function<http::Response()> look = [&orders = self.orders_, id, visit, deadline = call->deadline] {
            std::optional<Order> found = orders.find(id, deadline);
            const std::lock_guard lock(visit->mutex);
            // The end may have been told meanwhile.
            if (found && visit->news.order->state == State::Pending) visit->news.order = std::move(found);
            return http::Response{};
        };
        try {
            co_await self.workers_.run(std::move(look));
        } catch (const http::Problem&) {  // All workers are busy: look again later.
            continue;
        }
    }
}

awaitable<void> Checkout::work(Checkout& self, std::shared_ptr<const http::Call> call, std::shared_ptr<Visit> visit) {
    std::exception_ptr failure;
    try {
        std::function<http::Response()> job = [&self, call, visit] {
            self.begin_and_run(*call, *visit);
            return http::Response{};
        };
        co_await self.workers_.run(std::move(job));
    } catch (...) {
        failure = std::current_exception();
    }
    if (failure) visit->tell([&](Visit::News& news) { news.failure = failure; });
}

void Checkout::begin_and_run(const http::Call& call, Visit& visit) {
    if (call.deadline.passed()) throw http::timed_out("The deadline passed while the request waited for its turn.");
    CheckoutRequest request;
    request.user = call.user();
    const CheckoutBody body = checkout_body_from(call.request);
    request.key = call.idempotency_key();
    request.digest = digest_of(body);
    request.payment_token = body.payment_token;
    request.shipping_address = body.shipping_address;
    request.traceparent = base::traceparent(call.trace);

    Begun begun = orders_.begin(request, call.deadline);
    if (!begun.order) throw http::conflict("The cart is empty.");
    if (begun.digest != request.digest) {
        throw http::Problem(422, "The Idempotency-Key was used for a checkout with another payment method or address.");
    }
    visit.tell([&](Visit::News& news) {
        news.order = begun.order;
        news.is_own = begun.saga.has_value();
    });
    if (!begun.saga) return;
    metrics_.checkouts.Increment();
    try {
        if (!runner_.run(*begun.saga, base::Deadline::in(kRunTime))) return;
        // Read again, as its times are the database's.
        const std::optional<Order> ended = orders_.find(begun.order->id, base::Deadline::in(kRunTime));
        visit.tell([&](Visit::News& news) { news.order = ended; });
    } catch (const std::exception& error) {
        // The order is there, and goes on when its lease has ended.
        call.log().warn("a checkout was interrupted", {{"order_id", begun.order->id}, {"error", error.what()}});
    }
}

}  // namespace order
