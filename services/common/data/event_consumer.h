// Takes events from queues, on a thread and a connection of its own.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/family.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "common/base/backoff.h"
#include "common/data/amqp_connection.h"
#include "common/data/messages.h"

namespace data {

// Connects, calls `declare`, and then `take` for each delivery and in between; again and again until stop().
class EventConsumer {
public:
    EventConsumer(const Messages::Options& options, std::string name, base::Log log);
    virtual ~EventConsumer() = default;  // stop() must have been called.
    EventConsumer(const EventConsumer&) = delete;
    EventConsumer& operator=(const EventConsumer&) = delete;

    void start(std::function<void()> connection_changed);
    void ask_to_stop() { is_stopping_ = true; }
    void stop();  // Waits for the delivery that is being handled.
    bool is_connected() const { return is_connected_; }

protected:
    using Time = std::chrono::steady_clock::time_point;

    virtual void declare(AmqpConnection& broker) = 0;
    virtual void take(AmqpConnection& broker, AmqpConnection::Delivery delivery) = 0;
    // Does one thing that is due without a delivery; when the next one is.
    virtual Time take_due(AmqpConnection&) { return Time::max(); }
    virtual void disconnected() {}

    const Messages::Options& options_;
    base::Log log_;

private:
    void run();
    void consume(AmqpConnection& broker);
    void set_connected(bool value);

    const std::string name_;
    std::function<void()> connection_changed_;
    std::atomic<bool> is_stopping_{false};
    std::atomic<bool> is_connected_{false};
    std::thread thread_;
};

// One subscription: its quorum queue SERVICE.EVENT, its dead letters SERVICE.EVENT.dead, and the inbox.
class InboxConsumer final : public EventConsumer {
public:
    InboxConsumer(const Messages::Options& options, const Messages::Subscription& subscription, Database& database,
                  std::shared_ptr<base::Tracer> tracer, const base::Log& log, prometheus::Family<prometheus::Counter>& consumed);

private:
    // A delivery that is tried again by and by; the broker keeps it for us as long as the connection lasts.
    struct Held {
        AmqpConnection::Delivery delivery;
        Event event;
        base::Backoff backoff;
        Time due{};
        bool counts = false;  // Whether the next try is to be noted in the inbox first.
        int failures = 0;     // Of this delivery.
    };
    enum class Outcome { Taken, Duplicate, Failed, Hopeless, NotNow };

    void declare(AmqpConnection& broker) override;
    void take(AmqpConnection& broker, AmqpConnection::Delivery delivery) override;
    Time take_due(AmqpConnection& broker) override;
    void disconnected() override { held_.clear(); }

    // False: it is done with.
    bool try_to_take(AmqpConnection& broker, Held& held);
    Outcome handle(Held& held, std::string& error);
    Outcome try_to_handle(Held& held, const Event& event, std::string& error);
    int note_attempt(const Held& held);
    void bury(AmqpConnection& broker, const AmqpConnection::Delivery& delivery, const std::string& why);
    void count(const char* outcome);

    const Messages::Subscription& subscription_;
    const std::string queue_;
    Database& database_;
    std::shared_ptr<base::Tracer> tracer_;
    prometheus::Family<prometheus::Counter>& consumed_;
    std::list<Held> held_;
};

// The broadcasts of this process, each with a queue that lives as long as the connection.
class BroadcastConsumer final : public EventConsumer {
public:
    BroadcastConsumer(const Messages::Options& options, const base::Log& log, prometheus::Family<prometheus::Counter>& consumed);

private:
    void declare(AmqpConnection& broker) override;
    void take(AmqpConnection& broker, AmqpConnection::Delivery delivery) override;

    prometheus::Family<prometheus::Counter>& consumed_;
};

}  // namespace data
