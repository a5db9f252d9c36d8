// Sends Events, without hurry and without a second try.
#include "runtime/events.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <optional>
#include <random>
#include <utility>

namespace runtime {

namespace asio = boost::asio;
using asio::awaitable;

namespace {

std::uint64_t random_seed() {
    std::random_device device;
    return (std::uint64_t{device()} << 32) | device();
}

}  // namespace

EventRecorder::EventRecorder(asio::io_context& io, client::Client& client, std::string instance, const base::Clock& clock,
                             base::Log log, EventLimits limits)
    : client_(client),
      clock_(clock),
      log_(std::move(log)),
      book_(std::move(instance), random_seed(), clock, limits),
      timer_(io) {}

void EventRecorder::publish(const Reference& regarding, EventType type, std::string reason, std::string action,
                            std::string note) {
    const bool kept = book_.add({regarding, type, std::move(reason), std::move(action), std::move(note)});
    if (!kept && !dropping_) log_.warn("too many events wait to be sent; more are dropped");
    dropping_ = !kept;
    timer_.cancel();
}

awaitable<void> EventRecorder::run() {
    while (true) {
        std::optional<EventWrite> write = next_write();
        if (write) {
            co_await send(std::move(*write));
        } else if (stopped_) {
            co_return;
        } else {
            co_await wait();
        }
    }
}

void EventRecorder::stop() {
    stopped_ = true;
    timer_.cancel();
}

std::optional<EventWrite> EventRecorder::next_write() {
    return stopped_ ? book_.take_any() : book_.take();
}

awaitable<kube::Json> EventRecorder::call_for(const EventWrite& write) {
    if (write.is_new) return client_.create(kube::kEvent, write.json);
    return client_.merge_patch(kube::kEvent, write.key, write.json);
}

awaitable<void> EventRecorder::send(EventWrite write) {
    const std::uint64_t id = write.id;
    try {
        awaitable<kube::Json> call = call_for(write);
        co_await std::move(call);
        failing_ = false;
    } catch (const std::exception& failure) {
        book_.forget(id);
        // Once per outage for people, the rest for whoever looks closer.
        const bool first = !std::exchange(failing_, true);
        if (first) log_.warn("can't send an event", {{"problem", failure.what()}});
        if (!first) log_.debug("can't send an event", {{"problem", failure.what()}});
    }
}

awaitable<void> EventRecorder::wait() {
    const std::optional<base::SteadyTime> due = book_.next_due();
    if (due) {
        timer_.expires_after(std::max(*due - clock_.now(), base::Duration{1}));
    } else {
        timer_.expires_at(asio::steady_timer::time_point::max());
    }
    boost::system::error_code ignored;
    co_await timer_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

}  // namespace runtime
