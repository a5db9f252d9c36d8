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
        forget_attempts(held.event);
        return false;
    }
    count("failed");
    held.counts = held.counts || outcome == Outcome::Failed;
    const base::Duration delay = held.backoff.next();
    held.due = std::chrono::steady_clock::now() + delay;
    log_.warn("can't take an event yet", {{"event_id", held.event.id}, {"error", error}, {"retry_in_ms", delay.count()}});
    return true;
}

InboxConsumer::Outcome InboxConsumer::handle(Held& held, std::string& error) {
    if (!tracer_) return handle_in(held.event, held.counts, error);
    base::Span span =
        tracer_->start("take " + held.event.type, base::SpanKind::Consumer, base::trace_context_from(held.event.traceparent));
    span.set("messaging.system", "rabbitmq");
    span.set("messaging.destination.name", queue_);
    span.set("messaging.message.id", held.event.id);
    Event event = held.event;
    event.traceparent = base::traceparent(span.context());
    const Outcome outcome = handle_in(event, held.counts, error);
    if (!error.empty()) span.fail(error);
    return outcome;
}

InboxConsumer::Outcome InboxConsumer::handle_in(const Event& event, bool& counts, std::string& error) {
    int attempt = 1;
    try {
        if (counts) attempt = note_attempt(event);
        counts = false;
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

// Before the attempt, so that one that ends the process is counted too. The first one is not noted: it needs no row, as an event
// that is delivered again has had one. Of an event that is taken already it is the first: it turns out to be a duplicate.
int InboxConsumer::note_attempt(const Event& event) {
    return database_.transact(base::Deadline::in(kHandlerTime), [&](Database::Work& work) {
        const pqxx::result noted = work.exec_params(
            "INSERT INTO inbox (id, type, attempts) VALUES ($1, $2, 2)"
            " ON CONFLICT (id) DO UPDATE SET attempts = inbox.attempts + 1 WHERE inbox.taken_at IS NULL RETURNING attempts",
            event.id, event.type);
        return noted.empty() ? 1 : noted[0][0].as<int>();
    });
}

void InboxConsumer::bury(AmqpConnection& broker, const AmqpConnection::Delivery& delivery, const std::string& why) {
    log_.error("an event goes to the dead letters", {{"event_id", delivery.message.id}, {"error", why}});
    count("dead");
    broker.reject(delivery);
}

// Put back into its queue, a dead letter shall have all its attempts again.
void InboxConsumer::forget_attempts(const Event& event) {
    try {
        database_.query_text(base::Deadline::in(kHandlerTime), "DELETE FROM inbox WHERE id = $1 AND taken_at IS NULL", event.id);
    } catch (const std::exception& failure) {
        log_.warn("can't forget the attempts of a dead letter", {{"event_id", event.id}, {"error", failure.what()}});
    }
}

void InboxConsumer::count(const char* outcome) {
    consumed_.Add({{"event", subscription_.event}, {"outcome", outcome}}).Increment();
}

}  // namespace data
