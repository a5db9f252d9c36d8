// The statements, and rows as values.
#include "payment/payment_store.h"

namespace payment {

namespace {

constexpr auto kColumns =
    "id, state, pending, cancelled, user_id, amount, currency, idempotency_key, payload_digest, provider_id, token, reason,"
    " busy_until > clock_timestamp() AS busy, tries,"
    " to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') AS created,"
    " to_char(updated_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') AS updated";

std::string text(const pqxx::field& field) {
    return field.is_null() ? std::string{} : field.as<std::string>();
}

Payment payment_of(const pqxx::row& row) {
    Payment payment;
    payment.id = row["id"].as<std::string>();
    payment.situation.state = state_from(row["state"].as<std::string>());
    if (!row["pending"].is_null()) payment.situation.pending = operation_from(row["pending"].as<std::string>());
    payment.situation.cancelled = row["cancelled"].as<bool>();
    payment.user = text(row["user_id"]);
    payment.amount = row["amount"].as<std::int64_t>(0);
    payment.currency = text(row["currency"]);
    payment.key = text(row["idempotency_key"]);
    payment.digest = text(row["payload_digest"]);
    payment.provider_id = text(row["provider_id"]);
    payment.token = text(row["token"]);
    payment.reason = text(row["reason"]);
    payment.busy = row["busy"].as<bool>();
    payment.tries = row["tries"].as<int>();
    payment.created_at = row["created"].as<std::string>();
    payment.updated_at = row["updated"].as<std::string>();
    return payment;
}

std::optional<Payment> first_of(const pqxx::result& rows) {
    if (rows.empty()) return std::nullopt;
    return payment_of(rows.front());
}

std::string millis(base::Duration duration) {
    return std::to_string(duration.count()) + " ms";
}

}  // namespace

std::vector<data::Statement> Store::statements() {
    const std::string select = std::string("SELECT ") + kColumns + " FROM payments WHERE id = $1";
    return {
        {"payment_find", select},
        {"payment_lock", select + " FOR UPDATE"},
        {"payment_insert",
         "INSERT INTO payments (id, state, pending, user_id, amount, currency, idempotency_key, payload_digest, token, "
         "busy_until,"
         " due_at) VALUES ($1, 'PENDING', 'authorize', $2, $3, $4, $5, $6, $7, clock_timestamp() + $8::interval,"
         " clock_timestamp() + $8::interval) ON CONFLICT (id) DO NOTHING"},
        {"payment_bury", "INSERT INTO payments (id, state) VALUES ($1, 'VOIDED') ON CONFLICT (id) DO NOTHING"},
        {"payment_intend",
         "UPDATE payments SET pending = $2, busy_until = clock_timestamp() + $3::interval,"
         " due_at = clock_timestamp() + $3::interval, updated_at = now() WHERE id = $1"},
        {"payment_settle",
         "UPDATE payments SET state = $2, pending = NULL, token = NULL, provider_id = coalesce(nullif($3, ''), provider_id),"
         " reason = nullif($4, ''), busy_until = '-infinity', tries = 0, updated_at = now(),"
         " cancelled = $5, due_at = CASE WHEN $5 THEN clock_timestamp() + $6::interval END WHERE id = $1"},
        {"payment_release",
         "UPDATE payments SET busy_until = '-infinity', due_at = clock_timestamp() + $2::interval, tries = tries + 1 WHERE id = "
         "$1"},
        {"payment_cancel",
         "INSERT INTO payments AS p (id, state) VALUES ($1, 'VOIDED') ON CONFLICT (id) DO UPDATE SET cancelled = true,"
         " due_at = greatest(now(), p.busy_until) WHERE p.state IN ('PENDING', 'AUTHORIZED', 'CAPTURED')"
         " RETURNING xmax = 0 AS inserted"},
        {"payment_cancel_done", "UPDATE payments SET cancelled = false, due_at = NULL WHERE id = $1 AND pending IS NULL"},
        {"payment_due",
         "SELECT id, cancelled FROM payments WHERE due_at <= now() AND busy_until <= now() ORDER BY due_at LIMIT $1"},
        {"payment_unresolved", "SELECT count(*) FROM payments WHERE due_at IS NOT NULL"},
        {"ledger_transaction", "INSERT INTO ledger_transactions (payment_id, operation) VALUES ($1, $2) RETURNING id"},
        {"ledger_entry", "INSERT INTO ledger_entries (transaction_id, account, currency, amount) VALUES ($1, $2, $3, $4)"},
        {"ledger_totals",
         "SELECT account, currency, sum(amount)::bigint AS amount FROM ledger_entries GROUP BY account, currency"
         " ORDER BY account, currency"},
    };
}

std::optional<Payment> Store::find(const std::string& id, const base::Deadline& deadline) {
    return first_of(database_.query(deadline, "payment_find", id));
}

std::vector<LedgerTotal> Store::totals(const base::Deadline& deadline) {
    std::vector<LedgerTotal> totals;
    for (const pqxx::row& row : database_.query(deadline, "ledger_totals")) {
        totals.push_back({row["account"].as<std::string>(), row["currency"].as<std::string>(), row["amount"].as<std::int64_t>()});
    }
    return totals;
}

std::vector<Unresolved> Store::due(int limit, const base::Deadline& deadline) {
    std::vector<Unresolved> found;
    for (const pqxx::row& row : database_.query(deadline, "payment_due", limit)) {
        found.push_back({row["id"].as<std::string>(), row["cancelled"].as<bool>()});
    }
    return found;
}

std::int64_t Store::count_unresolved(const base::Deadline& deadline) {
    return database_.query(deadline, "payment_unresolved").front()[0].as<std::int64_t>();
}

std::optional<Payment> Store::lock(Work& work, const std::string& id) {
    return first_of(work.exec_prepared("payment_lock", id));
}

bool Store::insert(Work& work, const Order& order, const std::string& key, base::Duration busy) {
    return work.exec_prepared("payment_insert", order.id, order.user, order.amount, order.currency, key, digest_of(key, order),
                              order.token, millis(busy))
               .affected_rows() == 1;
}

bool Store::bury(Work& work, const std::string& id) {
    return work.exec_prepared("payment_bury", id).affected_rows() == 1;
}

void Store::intend(Work& work, const std::string& id, Operation operation, base::Duration busy) {
    work.exec_prepared("payment_intend", id, std::string(to_string(operation)), millis(busy));
}

State Store::settle(Work& work, const Payment& payment, Operation operation, const Outcome& outcome, base::Duration again) {
    State state = payment.situation.state;
    const bool refused = outcome.kind == Outcome::Kind::Refused && operation == Operation::Authorize;
    if (outcome.kind == Outcome::Kind::Declined || refused) state = State::Declined;
    if (outcome.kind == Outcome::Kind::Done) {
        const Effect effect = effect_of(operation, payment.amount);
        state = effect.state;
        const std::string name(to_string(operation));
        const auto transaction = work.exec_prepared("ledger_transaction", payment.id, name).front()[0].as<std::int64_t>();
        for (const Entry& entry : effect.entries) {
            work.exec_prepared("ledger_entry", transaction, std::string(to_string(entry.account)), payment.currency,
                               entry.amount);
        }
    }
    const bool remains = payment.situation.cancelled && (state == State::Authorized || state == State::Captured);
    work.exec_prepared("payment_settle", payment.id, std::string(to_string(state)), outcome.provider_id, outcome.reason, remains,
                       millis(again));
    return state;
}

void Store::release(Work& work, const std::string& id, base::Duration again) {
    work.exec_prepared("payment_release", id, millis(again));
}

bool Store::cancel(Work& work, const std::string& id) {
    const pqxx::result rows = work.exec_prepared("payment_cancel", id);
    return !rows.empty() && rows.front()["inserted"].as<bool>();
}

void Store::cancel_done(Work& work, const std::string& id) {
    work.exec_prepared("payment_cancel_done", id);
}

}  // namespace payment
