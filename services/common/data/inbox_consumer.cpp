// Subscriptions: each event is acted on once, tried again when that fails, and laid aside when it keeps failing.
#include <algorithm>
#include <cstdint>
#include <exception>

#include "common/data/event_consumer.h"

namespace data {

namespace {

constexpr base::Duration kHandlerTime{30'000};
constexpr base::BackoffPolicy kHandlerBackoff{base::Duration{200}, base::Duration{30'000}, base::Jitter::Equal};

// The broker's own count takes every lost connection for a failure of all that was delivered on it, so it is not the one that
// `attempts` means. It is for an event that ends the process each time. RabbitMQ 4 has 20 unless told.
constexpr int kDeliveryLimit = 1'000;

AmqpConnection::Arguments queue_arguments(const std::string& service, const std::string& dead_letters) {
    return {{"x-queue-type", "quorum"},
            {"x-delivery-limit", kDeliveryLimit},
            {"x-dead-letter-exchange", service + ".dead"},
            {"x-dead-letter-routing-key", dead_letters},
            // A dead letter is kept until the other queue has confirmed it, which RabbitMQ allows with this overflow only.
            {"x-dead-letter-strategy", "at-least-once"},
            {"x-overflow", "reject-publish"}};
}

}  // namespace

InboxConsumer::InboxConsumer(const Messages::Options& options, const Messages::Subscription& subscription, Database& database,
                             std::shared_ptr<base::Tracer> tracer, const base::Log& log,
                             prometheus::Family<prometheus::Counter>& consumed)
    : EventConsumer(options, options.service + " " + subscription.event, log.with({{"event", subscription.event}})),
      subscription_(subscription),
      queue_(options.service + "." + subscription.event),
      database_(database),
      tracer_(std::move(tracer)),
      consumed_(consumed) {}

void InboxConsumer::declare(AmqpConnection& broker) {
    const std::string dead_letters = queue_ + ".dead";
    const std::string dead_exchange = options_.service + ".dead";
    broker.declare_exchange(std::string(kExchange), "topic");
    broker.declare_exchange(dead_exchange, "direct");
    broker.declare_queue(dead_letters, AmqpConnection::Lifetime::Durable, {{"x-queue-type", "quorum"}});
    broker.bind(dead_letters, dead_exchange, dead_letters);
    broker.declare_queue(queue_, AmqpConnection::Lifetime::Durable, queue_arguments(options_.service, dead_letters));
    broker.bind(queue_, std::string(kExchange), subscription_.event);
    broker.consume(queue_, static_cast<std::uint16_t>(std::min<std::size_t>(options_.batch, 1'000)), true);
}

void InboxConsumer::take(AmqpConnection& broker, AmqpConnection::Delivery delivery) {
    const AmqpMessage& message = delivery.message;
    std::optional<Event> event = event_from(message.id, message.type, message.traceparent, message.body);
    if (!event || event->type != subscription_.event) {
        bury(broker, delivery, "it is malformed");
        return;
    }
    const bool counts = delivery.redelivered;
    Held held{std::move(delivery), std::move(*event), {kHandlerBackoff, base::system_random()}, {}, counts};
    if (try_to_take(broker, held)) held_.push_back(std::move(held));
}

EventConsumer::Time InboxConsumer::take_due(AmqpConnection& broker) {
    const auto first = std::min_element(held_.begin(), held_.end(), [](const Held& a, const Held& b) { return a.due < b.due; });
    if (first == held_.end()) return Time::max();
    if (first->due > std::chrono::steady_clock::now()) return first->due;
    if (!try_to_take(broker, *first)) held_.erase(first);
    return Time{};
}

bool InboxConsumer::try_to_take(AmqpConnection& broker, Held& held) {
    std::string error;
    const Outcome outcome = handle(held, error);
    if (outcome == Outcome::Taken || outcome == Outcome::Duplicate) {
        count(outcome == Outcome::Taken ? "taken" : "duplicate");
        broker.acknowledge(held.delivery);
        return false;
    }
    if (outcome == Outcome::Hopeless) {
        bury(broker, held.delivery, error);
        return false;
    }
    count("failed");
    if (outcome == Outcome::Failed) {
        held.counts = true;
        ++held.failures;
    }
    const base::Duration delay = held.backoff.next();
    held.due = std::chrono::steady_clock::now() + delay;
    log_.warn("can't take an event yet", {{"event_id", held.event.id}, {"error", error}, {"retry_in_ms", delay.count()}});
    return true;
}

InboxConsumer::Outcome InboxConsumer::handle(Held& held, std::string& error) {
    if (!tracer_) return try_to_handle(held, held.event, error);
    base::Span span =
        tracer_->start("take " + held.event.type, base::SpanKind::Consumer, base::trace_context_from(held.event.traceparent));
    span.set("messaging.system", "rabbitmq");
    span.set("messaging.destination.name", queue_);
    span.set("messaging.message.id", held.event.id);
    Event event = held.event;
    event.traceparent = base::traceparent(span.context());
    const Outcome outcome = try_to_handle(held, event, error);
    if (!error.empty()) span.fail(error);
    return outcome;
}

InboxConsumer::Outcome InboxConsumer::try_to_handle(Held& held, const Event& event, std::string& error) {
    int attempt = held.failures + 1;
    try {
        if (held.counts) attempt = note_attempt(held);
        held.counts = false;
        if (attempt > options_.attempts) {
            error = "earlier attempts did not end";
            return Outcome::Hopeless;
        }
        return database_.transact(base::Deadline::in(kHandlerTime), [&](Database::Work& work) {
            const pqxx::result noted = work.exec_params(
                "INSERT INTO inbox (id, type, taken_at) VALUES ($1, $2, now())"
                " ON CONFLICT (id) DO UPDATE SET taken_at = now() WHERE inbox.taken_at IS NULL RETURNING id",
                event.id, event.type);
            if (noted.empty()) return Outcome::Duplicate;
            subscription_.handler(work, event);
            return Outcome::Taken;
        });
    } catch (const DatabaseUnavailable& failure) {
        error = failure.what();
        return Outcome::NotNow;
    } catch (const std::exception& failure) {
        error = failure.what();
        return attempt >= options_.attempts ? Outcome::Hopeless : Outcome::Failed;
    }
}

// Before the attempt, so that one that ends the process is counted too. The first one is not noted: an event that is delivered
// again has had one. Of an event that is delivered for the first time the earlier attempts are forgotten: somebody put a dead
// letter back into the queue. One that is taken already has its first: it turns out to be a duplicate.
int InboxConsumer::note_attempt(const Held& held) {
    return database_.transact(base::Deadline::in(kHandlerTime), [&](Database::Work& work) {
        const bool goes_on = held.delivery.redelivered;
        const pqxx::result noted = work.exec_params(
            "INSERT INTO inbox (id, type, attempts) VALUES ($1, $2, $3)"
            " ON CONFLICT (id) DO UPDATE SET attempts = CASE WHEN $4 THEN inbox.attempts + 1 ELSE $3 END"
            " WHERE inbox.taken_at IS NULL RETURNING attempts",
            held.event.id, held.event.type, goes_on ? 2 : held.failures + 1, goes_on);
        return noted.empty() ? 1 : noted[0][0].as<int>();
    });
}

void InboxConsumer::bury(AmqpConnection& broker, const AmqpConnection::Delivery& delivery, const std::string& why) {
    log_.error("an event goes to the dead letters", {{"event_id", delivery.message.id}, {"error", why}});
    count("dead");
    broker.reject(delivery);
}

void InboxConsumer::count(const char* outcome) {
    consumed_.Add({{"event", subscription_.event}, {"outcome", outcome}}).Increment();
}

}  // namespace data
