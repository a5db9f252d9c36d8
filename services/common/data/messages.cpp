// The relay and the consumers of a process, started and stopped together.
#include "common/data/messages.h"

#include <prometheus/registry.h>

#include <chrono>

#include "common/data/event_consumer.h"
#include "common/data/outbox_relay.h"

namespace data {

struct Messages::Impl {
    Impl(Options given, Database& database, const std::shared_ptr<base::Tracer>& tracer, const base::Log& log,
         prometheus::Registry& registry)
        : options(std::move(given)),
          connected(prometheus::BuildGauge()
                        .Name("amqp_connected")
                        .Help("1 where the outbox and every consumer have their connections to the broker.")
                        .Register(registry)
                        .Add({})),
          relay(options, database, tracer, log, registry) {
        auto& consumed = prometheus::BuildCounter()
                             .Name("messages_consumed_total")
                             .Help("Events by what became of them: taken, duplicate, failed (tried again), dead.")
                             .Register(registry);
        for (const Subscription& subscription : options.subscriptions) {
            consumers.push_back(std::make_unique<InboxConsumer>(options, subscription, database, tracer, log, consumed));
        }
        if (!options.broadcasts.empty()) consumers.push_back(std::make_unique<BroadcastConsumer>(options, log, consumed));
    }

    bool are_all_connected() const {
        for (const auto& consumer : consumers) {
            if (!consumer->is_connected()) return false;
        }
        return relay.is_connected();
    }

    const Options options;
    prometheus::Gauge& connected;
    OutboxRelay relay;
    std::vector<std::unique_ptr<EventConsumer>> consumers;
};

Messages::Messages(Options options, Database& database, const std::shared_ptr<base::Tracer>& tracer, const base::Log& log,
                   prometheus::Registry& registry)
    : impl_(std::make_unique<Impl>(std::move(options), database, tracer, log, registry)) {}

Messages::~Messages() {
    stop(base::Duration{0});
}

void Messages::start() {
    const auto changed = [impl = impl_.get()] { impl->connected.Set(impl->are_all_connected() ? 1 : 0); };
    impl_->relay.start(changed);
    for (const auto& consumer : impl_->consumers) consumer->start(changed);
}

void Messages::ring() {
    impl_->relay.ring();
}

// The consumers first: what they do may put events.
void Messages::stop(base::Duration patience) {
    const auto until = std::chrono::steady_clock::now() + patience;
    for (const auto& consumer : impl_->consumers) consumer->ask_to_stop();
    for (const auto& consumer : impl_->consumers) consumer->stop();
    impl_->relay.stop(until);
}

bool Messages::connected() const {
    return impl_->are_all_connected();
}

}  // namespace data
