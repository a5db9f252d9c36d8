// The statements, and the transactions made of them.
#include "order/saga_store.h"

#include <openssl/evp.h>

#include <array>
#include <stdexcept>

#include "common/data/messages.h"
#include "order/order_store.h"

namespace order {

namespace {

using Work = data::Database::Work;

constexpr auto kLog =
    "INSERT INTO saga_steps (order_id, step, outcome, next, tries) SELECT order_id, $6::text, $7::text, $3::text, $4::integer "
    "FROM moved RETURNING 1";

// A function of what happened, so that it can't be told as two: a UUID of version 8 from the SHA-256 of both.
std::string event_id(const std::string& order, const std::string& type) {
    const std::string text = type + ":" + order;
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int size = 0;
    if (EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1) {
        throw std::runtime_error("OpenSSL has no SHA-256");
    }
    digest[6] = static_cast<unsigned char>((digest[6] & 0x0F) | 0x80);
    digest[8] = static_cast<unsigned char>((digest[8] & 0x3F) | 0x80);
    constexpr auto kDigits = "0123456789abcdef";
    std::string id;
    for (std::size_t i = 0; i < 16; ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10) id += '-';
        id += {kDigits[digest[i] >> 4], kDigits[digest[i] & 15]};
    }
    return id;
}

// Of an order that has ended so; nothing where nobody has to know.
std::optional<data::Event> event_of(const Saga& saga, const Progress& end) {
    const Order& order = saga.order;
    if (end.step == Step::Confirmed) {
        nlohmann::json lines = to_json(order)["lines"];
        return data::Event{event_id(order.id, "order.confirmed"),
                           "order.confirmed",
                           {{"order_id", order.id},
                            {"user_id", order.user},
                            {"lines", std::move(lines)},
                            {"total", to_json(order.total.value())}},
                           saga.traceparent};
    }
    if (end.step == Step::Cancelled) {
        return data::Event{event_id(order.id, "order.cancelled"),
                           "order.cancelled",
                           {{"order_id", order.id}, {"reason", to_string(end.reason)}},
                           saga.traceparent};
    }
    return std::nullopt;
}

std::string text(std::string_view view) {
    return std::string(view);
}

bool end(Work& work, const Saga& saga, const Answered& answered, const Progress& next) {
    const Order& order = saga.order;
    const pqxx::result ended = work.exec_prepared("saga_end", order.id, saga.fence, text(to_string(next.step)), next.tries,
                                                  text(to_string(saga.progress.step)), text(to_string(answered.result.outcome)));
    if (ended.empty()) return false;
    work.exec_prepared("order_end", order.id, text(to_string(state_at(next.step))), text(to_string(next.reason)));
    if (next.step == Step::Confirmed) work.exec_prepared("cart_bought", order.user, order.id);
    if (const std::optional<data::Event> event = event_of(saga, next)) data::put(work, *event);
    return true;
}

}  // namespace

std::vector<data::Statement> SagaStore::statements() {
    const std::string log = kLog;
    const std::string moved =
        "WITH moved AS (UPDATE sagas SET step = $3::text, tries = $4::integer, refusals = $8, reason = $9,"
        " resume_at = clock_timestamp() + $5 * interval '1 millisecond' WHERE order_id = $1 AND fence = $2 RETURNING order_id) ";
    return {
        {"saga_begin",
         "INSERT INTO sagas (order_id, step, payment_token, traceparent, resume_at) VALUES ($1, $2, $3, $4,"
         " clock_timestamp() + $5 * interval '1 millisecond') RETURNING fence"},
        {"saga_take",
         std::string(
             "UPDATE sagas s SET fence = s.fence + 1, resume_at = clock_timestamp() + $1 * interval '1 millisecond'"
             " FROM orders o WHERE o.id = s.order_id AND s.order_id = (SELECT order_id FROM sagas WHERE resume_at <= now()"
             " ORDER BY resume_at LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING s.step, s.tries, s.refusals,"
             " s.reason AS saga_reason, s.payment_token, s.traceparent, s.fence,"
             " (extract(epoch FROM now() - s.created_at) * 1000)::bigint AS age, ") +
             kOrderColumns},
        {"saga_move", moved + log},
        {"saga_end",
         "WITH moved AS (DELETE FROM sagas WHERE order_id = $1 AND fence = $2 RETURNING order_id)"
         " INSERT INTO saga_steps (order_id, step, outcome, next, tries) SELECT order_id, $5::text, $6::text, $3::text, "
         "$4::integer FROM moved"
         " RETURNING 1"},
        {"saga_hand_back", "UPDATE sagas SET resume_at = now() WHERE order_id = $1 AND fence = $2"},
        {"saga_unfinished", "SELECT count(*), coalesce(extract(epoch FROM now() - min(created_at)), 0)::float8 FROM sagas"},
        {"order_price", "UPDATE orders SET lines = $2::jsonb, amount = $3, currency = $4 WHERE id = $1"},
        {"order_end",
         "UPDATE orders SET state = $2, reason = $3, updated_at = clock_timestamp() WHERE id = $1 AND state = 'PENDING'"},
        {"cart_bought",
         "DELETE FROM cart_items c USING orders o, jsonb_to_recordset(o.lines) AS line (sku text, version uuid)"
         " WHERE o.id = $2 AND c.user_id = $1 AND c.sku = line.sku AND c.version = line.version"},
    };
}

Saga SagaStore::begin(Work& work, const Order& order, const std::string& payment_token, const std::string& traceparent) {
    Saga saga{order, Progress{}, payment_token, traceparent, 0, base::Duration{0}};
    const pqxx::result rows = work.exec_prepared("saga_begin", order.id, text(to_string(saga.progress.step)), payment_token,
                                                 traceparent, kLease.count());
    saga.fence = rows.front()[0].as<std::int64_t>();
    return saga;
}

std::optional<Saga> SagaStore::take(const base::Deadline& deadline) {
    const pqxx::result rows = database_.query(deadline, "saga_take", kLease.count());
    if (rows.empty()) return std::nullopt;
    const pqxx::row row = rows.front();
    Saga saga;
    saga.order = order_of(row);
    saga.progress = {step_from(row["step"].as<std::string>()), row["tries"].as<int>(), row["refusals"].as<int>(),
                     reason_from(row["saga_reason"].as<std::string>())};
    saga.payment_token = row["payment_token"].as<std::string>();
    saga.traceparent = row["traceparent"].as<std::string>();
    saga.fence = row["fence"].as<std::int64_t>();
    saga.age = base::Duration{row["age"].as<std::int64_t>()};
    return saga;
}

bool SagaStore::write(Saga& saga, const Answered& answered, const Decision& decision, const base::Deadline& deadline) {
    const Progress& next = decision.next;
    if (answered.total) {
        saga.order.lines = answered.priced;
        saga.order.total = answered.total;
    }
    const bool written = database_.transact(deadline, [&](Work& work) {
        if (is_end(next.step)) return end(work, saga, answered, next);
        const base::Duration resume = decision.wait > base::Duration{0} ? decision.wait : kLease;
        const pqxx::result moved =
            work.exec_prepared("saga_move", saga.order.id, saga.fence, text(to_string(next.step)), next.tries, resume.count(),
                               text(to_string(saga.progress.step)), text(to_string(answered.result.outcome)), next.refusals,
                               text(to_string(next.reason)));
        if (moved.empty()) return false;
        if (answered.total) {
            work.exec_prepared("order_price", saga.order.id, stored(saga.order.lines).dump(), answered.total->amount,
                               answered.total->currency);
        }
        return true;
    });
    if (written) saga.progress = next;
    return written;
}

void SagaStore::hand_back(const Saga& saga, const base::Deadline& deadline) {
    database_.query(deadline, "saga_hand_back", saga.order.id, saga.fence);
}

SagaStore::Unfinished SagaStore::unfinished(const base::Deadline& deadline) {
    const pqxx::result rows = database_.query(deadline, "saga_unfinished");
    return {rows.front()[0].as<std::int64_t>(), rows.front()[1].as<double>()};
}

}  // namespace order
