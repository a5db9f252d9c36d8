// Registers and counts.
#include "order/order_metrics.h"

#include <prometheus/registry.h>

#include <string>

namespace order {

namespace {

prometheus::Family<prometheus::Counter>& counters(prometheus::Registry& registry, const std::string& name,
                                                  const std::string& help) {
    return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
}

prometheus::Gauge& gauge(prometheus::Registry& registry, const std::string& name, const std::string& help) {
    return prometheus::BuildGauge().Name(name).Help(help).Register(registry).Add({});
}

}  // namespace

Metrics::Metrics(prometheus::Registry& registry)
    : cart_changes(counters(registry, "cart_changes_total", "Times that something was put into a cart.").Add({})),
      checkouts(counters(registry, "checkouts_total", "Orders that were begun.").Add({})),
      orders_(counters(registry, "orders_total", "Orders that ended, by state and reason.")),
      steps_(counters(registry, "saga_steps_total", "Tries of a checkout's steps, by outcome.")),
      unfinished_(gauge(registry, "sagas_unfinished", "Checkouts that have not ended, of all processes.")),
      oldest_(gauge(registry, "saga_oldest_seconds", "How long ago the oldest of those was begun.")) {}

void Metrics::ended(State state, Reason reason) {
    orders_.Add({{"state", std::string(to_string(state))}, {"reason", std::string(to_string(reason))}}).Increment();
}

void Metrics::stepped(Step step, Outcome outcome) {
    steps_.Add({{"step", std::string(to_string(step))}, {"outcome", std::string(to_string(outcome))}}).Increment();
}

void Metrics::unfinished(double count, double oldest_seconds) {
    unfinished_.Set(count);
    oldest_.Set(oldest_seconds);
}

}  // namespace order
