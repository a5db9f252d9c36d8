// Events between services: an outbox that loses none, an inbox that takes none twice.
//
// A service writes an event into its own database in the transaction that makes it true. The relay publishes it to the topic
// exchange `ecommerce.events` and forgets it when the broker has confirmed it. A consumer notes an event's id in the transaction
// in which it acts on it. The tables are in kMessagesSchema, which each service's migrations include.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/log.h"
#include "common/base/trace.h"
#include "common/data/postgres.h"

namespace prometheus {
class Registry;
}

namespace data {

inline constexpr std::string_view kExchange = "ecommerce.events";

struct Event {
    std::string id;    // A UUID.
    std::string type;  // The routing key: "order.confirmed".
    nlohmann::json payload;
    std::string traceparent;  // Empty: none.
};

// SQL of the tables outbox and inbox: version 1 of a service that sends or takes events, whose own files begin with 0002.
extern const char* const kMessagesSchema;

// Writes an event into the outbox of the transaction's database. Events are published in the order of their puts. Throws
// std::invalid_argument where id or type is malformed. Give it an id that is a function of what happened where a
// repetition of the transaction must not tell it twice.
void put(Database::Work& work, const Event& event);

// What an AMQP message says; nothing where it is malformed. Headers: message-id, type, traceparent; the body is JSON.
std::optional<Event> event_from(std::string_view id, std::string_view type, std::string_view traceparent, std::string_view body);

// Connects to the broker, again and again while it is away. Threads of its own.
class Messages {
public:
    // Called in a transaction in which the event was just noted as taken, and again as Database::transact says. What it throws
    // has it called again later, at most `attempts` times over all processes, and then the event goes to the dead letters.
    // DatabaseUnavailable does not count as an attempt. The event's traceparent is that of the span it is taken in.
    using Handler = std::function<void(Database::Work&, const Event&)>;

    struct Subscription {
        std::string event;  // "order.confirmed"; the queue is SERVICE.EVENT, its dead letters SERVICE.EVENT.dead.
        Handler handler;
    };

    // For what concerns this process and not its database: a queue of the connection's own, each process gets every event that
    // is published while it is connected.
    using Listener = std::function<void(const Event&)>;
    struct Broadcast {
        std::string event;
        Listener listener;
    };

    struct Options {
        std::string service;               // "order"
        std::function<std::string()> url;  // amqp://USER:PASSWORD@HOST:PORT/VHOST; asked again when it is refused.
        std::vector<Subscription> subscriptions;
        std::vector<Broadcast> broadcasts;
        // Events that count as delivered where no queue is bound to them. Any other one stays in the outbox until there is a
        // queue: after its consumer's first start, or after a broker that lost everything. Until then those of its type wait, and
        // no others.
        std::vector<std::string> may_go_unheard;
        int attempts = 10;
        std::size_t batch = 100;   // Events that the relay publishes before it waits for confirms, and a consumer's prefetch.
        base::Duration poll{200};  // How often the relay looks for what nobody rang for, such as another replica's leftovers.
    };

    // `registry` receives messages_published_total{event,outcome}, messages_consumed_total{event,outcome}, outbox_events,
    // outbox_oldest_seconds, amqp_connected. `database` holds the outbox and the inbox.
    Messages(Options options, Database& database, const std::shared_ptr<base::Tracer>& tracer, const base::Log& log,
             prometheus::Registry& registry);
    ~Messages();

    void start();
    void ring();  // There is something in the outbox: publish it now.
    // Stops to consume, lets handlers end (each has 30 s by itself), publishes what is left for at most that long.
    void stop(base::Duration patience);

    bool connected() const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace data
