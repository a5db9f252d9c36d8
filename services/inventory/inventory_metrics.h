// What is counted of reservations.
#pragma once

#include <prometheus/counter.h>

namespace prometheus {
class Registry;
}

namespace inventory {

class Metrics {
public:
    explicit Metrics(prometheus::Registry& registry);

    // inventory_reservations_total{outcome}
    prometheus::Counter& reserved;
    prometheus::Counter& out_of_stock;
    prometheus::Counter& confirmed;
    prometheus::Counter& released;
    prometheus::Counter& expired;

private:
    explicit Metrics(prometheus::Family<prometheus::Counter>& outcomes);
};

}  // namespace inventory
