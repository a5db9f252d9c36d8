// What is counted of orders and sagas.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/gauge.h>

#include "order/saga_rules.h"

namespace prometheus {
class Registry;
}

namespace order {

class Metrics {
public:
    explicit Metrics(prometheus::Registry& registry);

    prometheus::Counter& cart_changes;                     // cart_changes_total: with the next two, how many carts are abandoned.
    prometheus::Counter& checkouts;                        // checkouts_total: repetitions of one are not counted.
    void ended(State state, Reason reason);                // orders_total{state,reason}
    void stepped(Step step, Outcome outcome);              // saga_steps_total{step,outcome}
    void unfinished(double count, double oldest_seconds);  // sagas_unfinished, saga_oldest_seconds

private:
    prometheus::Family<prometheus::Counter>& orders_;
    prometheus::Family<prometheus::Counter>& steps_;
    prometheus::Gauge& unfinished_;
    prometheus::Gauge& oldest_;
};

}  // namespace order
