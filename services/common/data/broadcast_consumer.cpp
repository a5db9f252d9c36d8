// Broadcasts: each process gets every event, as long as it is connected.
#include <openssl/rand.h>

#include <array>
#include <exception>

#include "common/data/event_consumer.h"

namespace data {

namespace {

// The oldest go where a listener can't follow: what it is told is worth nothing when it is late.
constexpr int kLongestQueue = 10'000;

// Named by us: the broker's own names (amq.gen-…) are outside of what a service's account may use.
std::string unique_suffix() {
    std::array<unsigned char, 16> random{};
    if (RAND_bytes(random.data(), static_cast<int>(random.size())) != 1) throw AmqpError("OpenSSL has no random numbers");
    constexpr auto kDigits = "0123456789abcdef";
    std::string text;
    for (const unsigned char byte : random) text += {kDigits[byte >> 4], kDigits[byte & 15]};
    return text;
}

}  // namespace

BroadcastConsumer::BroadcastConsumer(const Messages::Options& options, const base::Log& log,
                                     prometheus::Family<prometheus::Counter>& consumed)
    : EventConsumer(options, options.service + " broadcasts", log), consumed_(consumed) {}

void BroadcastConsumer::declare(AmqpConnection& broker) {
    broker.declare_exchange(std::string(kExchange), "topic");
    for (const Messages::Broadcast& broadcast : options_.broadcasts) {
        const std::string queue = options_.service + "." + broadcast.event + "." + unique_suffix();
        broker.declare_queue(queue, AmqpConnection::Lifetime::Connection,
                             {{"x-queue-type", "classic"}, {"x-max-length", kLongestQueue}});
        broker.bind(queue, std::string(kExchange), broadcast.event);
        broker.consume(queue, 0, false);
    }
}

void BroadcastConsumer::take(AmqpConnection&, AmqpConnection::Delivery delivery) {
    const AmqpMessage& message = delivery.message;
    const std::optional<Event> event = event_from(message.id, message.type, message.traceparent, message.body);
    if (!event) {
        log_.warn("a malformed event", {{"event_id", message.id}});
        return;
    }
    for (const Messages::Broadcast& broadcast : options_.broadcasts) {
        if (broadcast.event != event->type) continue;
        try {
            broadcast.listener(*event);
            consumed_.Add({{"event", broadcast.event}, {"outcome", "taken"}}).Increment();
        } catch (const std::exception& error) {
            consumed_.Add({{"event", broadcast.event}, {"outcome", "failed"}}).Increment();
            log_.warn("a listener failed", {{"event", event->type}, {"event_id", event->id}, {"error", error.what()}});
        }
    }
}

}  // namespace data
