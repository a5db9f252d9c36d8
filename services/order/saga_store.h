// The sagas that have not ended, in SQL: who works on which, how far it is, and its end.
//
// Whoever takes a saga gets a fence, one higher than the last. Writing needs that fence to be the row's still, so a process that
// was slow, and whose lease another one has taken over, changes nothing any more; what both of them ask of other services is the
// same or refused there.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/base/deadline.h"
#include "common/data/postgres.h"
#include "order/saga_commands.h"
#include "order/saga_rules.h"

namespace order {

struct Saga {
    Order order;
    Progress progress;
    std::string payment_token;
    std::string traceparent;
    std::int64_t fence = 0;
    base::Duration age{0};  // When it was taken.
};

class SagaStore {
public:
    static std::vector<data::Statement> statements();

    explicit SagaStore(data::Database& database) : database_(database) {}

    // In the transaction that makes the order; the caller has it for kLease.
    static Saga begin(data::Database::Work& work, const Order& order, const std::string& payment_token,
                      const std::string& traceparent);

    // One that is due and that nobody works on, for kLease.
    std::optional<Saga> take(const base::Deadline& deadline);

    // Writes down what came of the step and what is to be done next, keeping the lease, or, where it is to wait, leaving the
    // saga to whoever comes first then. Where it ends: the order's state, its event, and the cart, in the same transaction.
    // False: somebody else has it by now.
    bool write(Saga& saga, const Answered& answered, const Decision& decision, const base::Deadline& deadline);

    // Leaves it to others at once.
    void hand_back(const Saga& saga, const base::Deadline& deadline);

    struct Unfinished {
        std::int64_t count = 0;
        double oldest_seconds = 0;
    };
    Unfinished unfinished(const base::Deadline& deadline);

private:
    data::Database& database_;
};

}  // namespace order
