// What the payment service counts of its business.
#pragma once

#include <string_view>
#include <vector>

#include "payment/payment_rules.h"
#include "payment/payment_store.h"

namespace prometheus {
template <typename T>
class Family;
class Counter;
class Gauge;
class Registry;
}  // namespace prometheus

namespace payment {

class Metrics {
public:
    // `registry` receives payments_total{state}, payment_provider_outcomes_total{operation,outcome},
    // payment_reconciliations_total{result}, payments_unresolved, payment_ledger_amount{account,currency} in minor units and
    // payment_ledger_balanced.
    explicit Metrics(prometheus::Registry& registry);

    void reached(State state);
    void heard(Operation operation, Outcome::Kind kind);
    void reconciled(std::string_view result);  // "found", "missing", "mismatch", "unreachable"
    void unresolved(std::int64_t count);
    void ledger(const std::vector<LedgerTotal>& totals);

private:
    prometheus::Family<prometheus::Counter>& payments_;
    prometheus::Family<prometheus::Counter>& outcomes_;
    prometheus::Family<prometheus::Counter>& reconciliations_;
    prometheus::Gauge& unresolved_;
    prometheus::Family<prometheus::Gauge>& amounts_;
    prometheus::Gauge& balanced_;
};

bool adds_up(const std::vector<LedgerTotal>& totals);  // To zero, in each currency.

}  // namespace payment
