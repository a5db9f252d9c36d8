// What every consumer does: connect, declare, take, and come back after a loss.
#include "common/data/event_consumer.h"

#include <algorithm>
#include <exception>

namespace data {

namespace {

constexpr base::BackoffPolicy kConsumerReconnect{base::Duration{100}, base::Duration{5'000}, base::Jitter::Equal};
constexpr base::Duration kLongestWait{250};  // How soon stop() is noticed.

}  // namespace

EventConsumer::EventConsumer(const Messages::Options& options, std::string name, base::Log log)
    : options_(options), log_(std::move(log)), name_(std::move(name)) {}

void EventConsumer::start(std::function<void()> connection_changed) {
    connection_changed_ = std::move(connection_changed);
    thread_ = std::thread([this] { run(); });
}

void EventConsumer::stop() {
    ask_to_stop();
    if (thread_.joinable()) thread_.join();
}

void EventConsumer::run() {
    base::Backoff backoff(kConsumerReconnect, base::system_random());
    while (!is_stopping_) {
        try {
            AmqpConnection broker(options_.url(), name_);
            declare(broker);
            backoff.reset();
            set_connected(true);
            consume(broker);
            set_connected(false);
            broker.close();
        } catch (const std::exception& error) {
            set_connected(false);
            disconnected();
            base::Duration delay = backoff.next();
            log_.warn("can't take events", {{"consumer", name_}, {"error", error.what()}, {"retry_in_ms", delay.count()}});
            for (; delay > base::Duration{0} && !is_stopping_; delay -= kLongestWait) {
                std::this_thread::sleep_for(std::min(delay, kLongestWait));
            }
        }
    }
}

void EventConsumer::consume(AmqpConnection& broker) {
    while (!is_stopping_) {
        const Time due = take_due(broker);
        const Time now = std::chrono::steady_clock::now();
        const Time until = std::min(due, now + kLongestWait);
        const auto wait = std::max(base::Duration{0}, std::chrono::ceil<base::Duration>(until - now));
        if (std::optional<AmqpConnection::Delivery> delivery = broker.next(wait)) take(broker, std::move(*delivery));
    }
}

void EventConsumer::set_connected(bool value) {
    is_connected_ = value;
    connection_changed_();
}

}  // namespace data
