// Payments and the ledger in SQL.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/base/deadline.h"
#include "common/data/postgres.h"
#include "payment/payment_rules.h"

namespace payment {

struct Payment {
    std::string id;
    Situation situation;
    std::string user;  // With amount, currency and key: empty of one that was voided before it was authorised.
    std::int64_t amount = 0;
    std::string currency;
    std::string key;
    std::string digest;
    std::string provider_id;
    std::string token;
    std::string reason;
    bool busy = false;       // A process asks the provider for it.
    int tries = 0;           // That ended without a clear answer.
    std::string created_at;  // RFC 3339
    std::string updated_at;
};

struct LedgerTotal {
    std::string account;
    std::string currency;
    std::int64_t amount = 0;
};

struct Unresolved {
    std::string id;
    bool cancelled = false;
};

// A row changes only under its lock, so lock() comes first in a transaction.
class Store {
public:
    using Work = data::Database::Work;

    static std::vector<data::Statement> statements();

    explicit Store(data::Database& database) : database_(database) {}

    std::optional<Payment> find(const std::string& id, const base::Deadline& deadline);
    std::vector<LedgerTotal> totals(const base::Deadline& deadline);
    // Those whose time has come to be settled or cancelled, the longest waiting first.
    std::vector<Unresolved> due(int limit, const base::Deadline& deadline);
    std::int64_t count_unresolved(const base::Deadline& deadline);

    static std::optional<Payment> lock(Work& work, const std::string& id);
    // Inserts a payment whose authorisation is intended. False: there is one of that id by now. Throws pqxx::unique_violation
    // where the key is another payment's.
    static bool insert(Work& work, const Order& order, const std::string& key, base::Duration busy);
    // Inserts a voided one. False: there is one of that id by now.
    static bool bury(Work& work, const std::string& id);
    // The intent to ask, or to ask again; others keep away for `busy`.
    static void intend(Work& work, const std::string& id, Operation operation, base::Duration busy);
    // What came of it: state and ledger, in one. `again` is when to go on with what remains to be done. Returns the new state.
    static State settle(Work& work, const Payment& payment, Operation operation, const Outcome& outcome, base::Duration again);
    // The outcome is unknown: tried again after `again`, by whomever.
    static void release(Work& work, const std::string& id, base::Duration again);
    // The order was cancelled. True: it was noted as voided at once, as there was no payment.
    static bool cancel(Work& work, const std::string& id);
    static void cancel_done(Work& work, const std::string& id);

private:
    data::Database& database_;
};

}  // namespace payment
