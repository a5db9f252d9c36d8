// Publishes what is in the outbox, on a thread of its own.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "common/base/backoff.h"
#include "common/data/amqp_connection.h"
#include "common/data/messages.h"

namespace prometheus {
class Registry;
}

namespace data {

// One relay of all replicas works at a time (an advisory lock of the transaction), so that events keep their order. It holds the
// rows' transaction open until the broker has confirmed them: where that is not learnt they are published again, and the
// consumers' inboxes see to it.
class OutboxRelay {
public:
    OutboxRelay(const Messages::Options& options, Database& database, std::shared_ptr<base::Tracer> tracer, base::Log log,
                prometheus::Registry& registry);
    ~OutboxRelay();

    void start(std::function<void()> connection_changed);
    void ring();
    // Publishes what is left, until then. Events that stay are another replica's, or the next process's.
    void stop(std::chrono::steady_clock::time_point until);
    bool is_connected() const { return is_connected_; }

private:
    using Time = std::chrono::steady_clock::time_point;

    struct Row {
        std::string position;
        AmqpMessage message;
    };
    // Events of a type that nobody hears yet.
    struct Unheard {
        base::Backoff backoff;
        Time not_before;
    };
    enum class Pass { Done, More, Busy };  // Busy: another replica is at it, or the broker takes nothing now.

    class Attached;

    void run();
    void connect_and_relay(base::Backoff& backoff);
    void relay(AmqpConnection& broker);
    bool has_work();
    Pass pass(AmqpConnection& broker);
    std::vector<Row> waiting(Database::Work& work) const;
    std::vector<std::string> publish(AmqpConnection& broker, const std::vector<Row>& rows, bool& refused);
    bool is_done_with(const Row& row, AmqpConnection::Answer answer);
    std::string withheld_types() const;
    void count(const std::string& type, const char* outcome);
    void keep_house();
    void attach(AmqpConnection* connection);
    base::Deadline pass_deadline() const;
    bool is_stopping() const;
    bool must_end(bool nothing_left) const;
    void pause(base::Duration duration);          // Ends early where stop()'s time is up.
    bool wait_for_ring(base::Duration duration);  // Says whether it was rung.

    const Messages::Options& options_;
    Database& database_;
    std::shared_ptr<base::Tracer> tracer_;
    base::Log log_;
    prometheus::Family<prometheus::Counter>& published_;
    prometheus::Gauge& events_;
    prometheus::Gauge& oldest_;
    std::function<void()> connection_changed_;

    std::map<std::string, Unheard> unheard_;
    Time next_measure_{};
    Time next_cleaning_{};

    mutable std::mutex mutex_;
    std::condition_variable wake_;
    bool is_rung_ = true;  // There may be something from before.
    bool is_stopping_ = false;
    bool has_ended_ = false;
    Time until_ = Time::max();
    AmqpConnection* connection_ = nullptr;
    std::atomic<bool> is_connected_{false};
    std::thread thread_;
};

}  // namespace data
