// The business metrics of payments.
#include "payment/payment_metrics.h"

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>

#include <algorithm>
#include <map>
#include <string>

namespace payment {

namespace {

const char* name_of(Outcome::Kind kind) {
    switch (kind) {
        case Outcome::Kind::Done:
            return "done";
        case Outcome::Kind::Declined:
            return "declined";
        case Outcome::Kind::Refused:
            return "refused";
        case Outcome::Kind::Unknown:
            return "unknown";
    }
    return "unknown";
}

}  // namespace

Metrics::Metrics(prometheus::Registry& registry)
    : payments_(prometheus::BuildCounter().Name("payments_total").Help("Payments by the state they reached").Register(registry)),
      outcomes_(prometheus::BuildCounter()
                    .Name("payment_provider_outcomes_total")
                    .Help("What came of asking the provider")
                    .Register(registry)),
      reconciliations_(prometheus::BuildCounter()
                           .Name("payment_reconciliations_total")
                           .Help("Pending operations compared with the provider's books")
                           .Register(registry)),
      unresolved_(prometheus::BuildGauge()
                      .Name("payments_unresolved")
                      .Help("Payments whose outcome is unknown or whose cancellation remains to be done")
                      .Register(registry)
                      .Add({})),
      amounts_(prometheus::BuildGauge()
                   .Name("payment_ledger_amount")
                   .Help("Totals of the ledger's accounts in minor units")
                   .Register(registry)),
      balanced_(prometheus::BuildGauge()
                    .Name("payment_ledger_balanced")
                    .Help("1 while the ledger adds up to zero in each currency")
                    .Register(registry)
                    .Add({})) {
    balanced_.Set(1);
    for (const State state : kStates) {  // From zero on, so that rates see the first of each.
        if (state != State::None && state != State::Pending) payments_.Add({{"state", std::string(to_string(state))}});
    }
}

void Metrics::reached(State state) {
    payments_.Add({{"state", std::string(to_string(state))}}).Increment();
}

void Metrics::heard(Operation operation, Outcome::Kind kind) {
    outcomes_.Add({{"operation", std::string(to_string(operation))}, {"outcome", name_of(kind)}}).Increment();
}

void Metrics::reconciled(std::string_view result) {
    reconciliations_.Add({{"result", std::string(result)}}).Increment();
}

void Metrics::unresolved(std::int64_t count) {
    unresolved_.Set(static_cast<double>(count));
}

void Metrics::ledger(const std::vector<LedgerTotal>& totals) {
    for (const LedgerTotal& total : totals) {
        amounts_.Add({{"account", total.account}, {"currency", total.currency}}).Set(static_cast<double>(total.amount));
    }
    balanced_.Set(adds_up(totals) ? 1 : 0);
}

bool adds_up(const std::vector<LedgerTotal>& totals) {
    std::map<std::string, std::int64_t> sums;
    for (const LedgerTotal& total : totals) sums[total.currency] += total.amount;
    return std::all_of(sums.begin(), sums.end(), [](const auto& sum) { return sum.second == 0; });
}

}  // namespace payment
