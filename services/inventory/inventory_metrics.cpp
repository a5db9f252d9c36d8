// Registers the counters.
#include "inventory/inventory_metrics.h"

#include <prometheus/registry.h>

namespace inventory {

Metrics::Metrics(prometheus::Registry& registry)
    : Metrics(prometheus::BuildCounter()
                  .Name("inventory_reservations_total")
                  .Help("What became of reservations, and of the wish for one.")
                  .Register(registry)) {}

Metrics::Metrics(prometheus::Family<prometheus::Counter>& outcomes)
    : reserved(outcomes.Add({{"outcome", "reserved"}})),
      out_of_stock(outcomes.Add({{"outcome", "out_of_stock"}})),
      confirmed(outcomes.Add({{"outcome", "confirmed"}})),
      released(outcomes.Add({{"outcome", "released"}})),
      expired(outcomes.Add({{"outcome", "expired"}})) {}

}  // namespace inventory
