// PostgreSQL: a pool of connections with prepared statements, and transactions that end at their deadline.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <pqxx/pqxx>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "common/base/deadline.h"
#include "common/base/log.h"

namespace prometheus {
class Registry;
}

namespace data {

// The database can't be asked now: no connection, none free before the deadline, or it stopped in the middle. Answered with 503.
class DatabaseUnavailable : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

// A statement ran into the deadline. Answered with 504.
class DeadlineExceeded : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

struct Statement {
    std::string name;
    std::string sql;
};

enum class Isolation { ReadCommitted, Serializable };

// Safe from several threads; calls block.
class Database {
public:
    using Work = pqxx::transaction_base;

    struct Options {
        std::function<std::string()> url;  // Asked again whenever a connection is refused, as passwords are rotated.
        std::size_t connections = 16;
        std::vector<Statement> statements;  // Prepared on each connection when it is first used there.
        base::Duration connect_time{2'000};
    };

    // Connects when first asked to. `registry` receives db_connections{state}, db_transaction_seconds{outcome}, db_wait_seconds.
    Database(Options options, const base::Log& log, prometheus::Registry& registry);
    ~Database();

    // Runs `body` in a transaction and commits it; whatever it throws rolls back. Run again (so `body` must have no effect
    // outside the transaction) after a serialization failure or deadlock, and after a connection that turned out to be dead
    // before the commit was sent. Throws DatabaseUnavailable (also where the connection was lost while committing: that may have
    // succeeded), DeadlineExceeded, and what `body` throws (pqxx::unique_violation …). A `body` that catches a failed
    // statement's exception and returns has the commit throw pqxx::sql_error: PostgreSQL would roll back and call it a success.
    template <class Body>
    auto transact(const base::Deadline& deadline, Body&& body, Isolation isolation = Isolation::ReadCommitted) {
        using Result = decltype(body(std::declval<Work&>()));
        if constexpr (std::is_void_v<Result>) {
            run(deadline, isolation, [&](Work& work) { body(work); });
        } else {
            std::optional<Result> result;
            run(deadline, isolation, [&](Work& work) { result.emplace(body(work)); });
            return std::move(*result);
        }
    }

    // One statement outside of an explicit transaction: a read that costs one round trip. Run again as by transact(), so a
    // write must be one that can be repeated.
    template <class... Arguments>
    pqxx::result query(const base::Deadline& deadline, const std::string& statement, const Arguments&... arguments) {
        pqxx::result result;
        run_single(deadline, [&](Work& work) { result = work.exec_prepared(statement, arguments...); });
        return result;
    }

    // The same for a statement that is not among the prepared ones.
    template <class... Arguments>
    pqxx::result query_text(const base::Deadline& deadline, const std::string& sql, const Arguments&... arguments) {
        pqxx::result result;
        run_single(deadline, [&](Work& work) { result = work.exec_params(sql, arguments...); });
        return result;
    }

    // From now on at most so many connections; whoever has one more keeps it to the end of their work.
    void set_connections(std::size_t connections);

    // Whether a trivial query is answered within a second; for readiness.
    bool reachable();

private:
    void run(const base::Deadline& deadline, Isolation isolation, const std::function<void(Work&)>& body);
    void run_single(const base::Deadline& deadline, const std::function<void(Work&)>& body);

    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace data
