// Transactions on pooled connections: their time limits, and which failures run them again.
#include "common/data/postgres.h"

#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <chrono>
#include <cstdint>
#include <optional>
#include <thread>

#include "common/base/backoff.h"
#include "common/data/postgres_pool.h"

namespace data {

namespace {

using Time = std::chrono::steady_clock::time_point;

constexpr int kLostConnections = 4;  // So many in a row are no coincidence: the database is away.
constexpr int kConflicts = 30;       // With the waits below that is about two seconds.
constexpr base::BackoffPolicy kConflictBackoff{base::Duration{2}, base::Duration{100}, base::Jitter::Full};

// A transaction that begins, with its time limit, in one round trip, and that doesn't take a rollback for a commit.
class Transaction final : public pqxx::dbtransaction {
public:
    Transaction(pqxx::connection_base& connection, std::string begin)
        : namedclass("transaction"), dbtransaction(connection), begin_(std::move(begin)) {
        Begin();
    }
    ~Transaction() override { End(); }

private:
    void do_begin() override { direct_exec(begin_.c_str()); }

    // COMMIT of a transaction in which a statement failed rolls back and succeeds; the empty query before it fails there.
    void do_commit() override {
        try {
            direct_exec("SELECT; COMMIT");
        } catch (const std::exception& failure) {
            if (!conn().is_open()) throw pqxx::in_doubt_error(failure.what());
            do_abort();  // libpqxx takes a transaction for ended after a failed commit; this one is if COMMIT was what failed.
            throw;
        }
    }

    // What can't even be rolled back isn't used again.
    void do_abort() override {
        try {
            direct_exec("ROLLBACK");
        } catch (const std::exception&) {
            conn().disconnect();
        }
    }

    std::string begin_;
};

std::string begin_text(Isolation isolation, const base::Deadline& deadline) {
    const base::Duration left = deadline.left();
    const std::string limit =
        left == base::Duration::max() ? "0" : std::to_string(std::max<base::Duration::rep>(1, left.count()));
    return std::string(isolation == Isolation::Serializable ? "BEGIN ISOLATION LEVEL SERIALIZABLE" : "BEGIN") +
           "; SET LOCAL statement_timeout = " + limit;
}

// A single statement has the limit of its session, which costs a round trip to change. So one that is somewhat too long is left:
// then the pool cuts the connection soon after the deadline.
bool fits(base::Duration limit, base::Duration left) {
    if (left == base::Duration::max() || limit == base::Duration{0})
        return left == base::Duration::max() && limit == base::Duration{0};
    return limit >= left && limit / 4 < left;
}

void limit_session(PostgresPool::Session& session, pqxx::transaction_base& work, base::Duration left) {
    if (fits(session.statement_timeout, left)) return;
    base::Duration limit{0};
    if (left != base::Duration::max()) limit = base::Duration(std::bit_ceil(static_cast<std::uint64_t>(left.count())));
    work.exec("SET statement_timeout = " + std::to_string(limit.count()));
    session.statement_timeout = limit;
}

enum class Failure { Lost, Conflict, Deadline, Other };

// SQLSTATEs: 57014 the statement was cancelled by its timeout; 57P… the server ends; 25006 it has become a standby; 25P03 it
// ended a transaction that was idle for too long.
Failure failure_of(const pqxx::sql_error& error) {
    const std::string& state = error.sqlstate();
    if (state == "57014") return Failure::Deadline;
    if (state.rfind("57P", 0) == 0 || state == "25006" || state == "25P03") return Failure::Lost;
    if (state == "40001" || state == "40P01") return Failure::Conflict;
    return Failure::Other;
}

}  // namespace

struct Database::Impl {
    Impl(Options options, const base::Log& log, prometheus::Registry& registry)
        : pool(std::move(options), log, registry),
          durations(prometheus::BuildHistogram()
                        .Name("db_transaction_seconds")
                        .Help("Time of a transaction or single statement on its connection, by outcome.")
                        .Register(registry)),
          done(outcome("done")),
          failed(outcome("failed")),
          conflict(outcome("conflict")),
          lost(outcome("lost")),
          too_late(outcome("deadline")) {}

    prometheus::Histogram& outcome(const std::string& name) {
        return durations.Add({{"outcome", name}},
                             prometheus::Histogram::BucketBoundaries{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25,
                                                                     0.5, 1, 2.5, 5, 10});
    }

    // Runs `work` on a connection, again and again where that may help.
    void repeat(const base::Deadline& deadline, const std::function<void(PostgresPool::Session&)>& work);
    // Once. Rethrows what is not to be repeated.
    Failure attempt(const base::Deadline& deadline, const std::function<void(PostgresPool::Session&)>& work, std::string& reason);
    [[noreturn]] void throw_too_late() { throw DeadlineExceeded("the deadline passed before the database was done"); }

    PostgresPool pool;
    prometheus::Family<prometheus::Histogram>& durations;
    prometheus::Histogram& done;
    prometheus::Histogram& failed;
    prometheus::Histogram& conflict;
    prometheus::Histogram& lost;
    prometheus::Histogram& too_late;
    std::atomic<Time> last_success{Time{}};
};

void Database::Impl::repeat(const base::Deadline& deadline, const std::function<void(PostgresPool::Session&)>& work) {
    std::optional<base::Backoff> conflicts;  // Seldom needed.
    int losses = 0;
    while (true) {
        std::string reason;
        const Failure failure = attempt(deadline, work, reason);
        if (failure == Failure::Other) return;
        if (failure == Failure::Deadline || deadline.passed()) throw_too_late();
        if (failure == Failure::Lost) {
            if (++losses == kLostConnections) throw DatabaseUnavailable("lost the connection to the database: " + reason);
            continue;
        }
        if (!conflicts) conflicts.emplace(kConflictBackoff, base::system_random());
        const base::Duration wait = conflicts->next();
        if (conflicts->failures() == kConflicts)
            throw DatabaseUnavailable("conflicts with other transactions don't end: " + reason);
        std::this_thread::sleep_for(std::min(wait, deadline.left()));
    }
}

// Failure::Other stands for none here.
Failure Database::Impl::attempt(const base::Deadline& deadline, const std::function<void(PostgresPool::Session&)>& work,
                                std::string& reason) {
    if (deadline.passed()) throw_too_late();
    const PostgresPool::Lease lease = pool.take(deadline);
    if (deadline.passed()) throw_too_late();
    const Time began = std::chrono::steady_clock::now();
    const auto observe = [&](prometheus::Histogram& outcome) {
        outcome.Observe(std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count());
    };
    Failure failure = Failure::Other;
    try {
        work(*lease);
        observe(done);
        last_success = std::chrono::steady_clock::now();
        return Failure::Other;
    } catch (const pqxx::in_doubt_error& error) {
        observe(lost);
        if (deadline.passed()) throw_too_late();
        throw DatabaseUnavailable(std::string("lost the connection while committing, which may have succeeded: ") + error.what());
    } catch (const pqxx::transaction_rollback& error) {
        failure = Failure::Conflict;
        reason = error.what();
    } catch (const pqxx::sql_error& error) {
        failure = failure_of(error);
        reason = error.what();
        if (!lease->connection.is_open()) failure = Failure::Lost;
        if (failure == Failure::Other) {
            observe(failed);
            throw;
        }
    } catch (const pqxx::failure& error) {
        failure = Failure::Lost;
        reason = error.what();
        if (lease->connection.is_open()) {
            observe(failed);
            throw;
        }
    } catch (...) {
        observe(failed);
        throw;
    }
    if (failure == Failure::Lost) lease->connection.disconnect();
    observe(failure == Failure::Lost ? lost : failure == Failure::Conflict ? conflict : too_late);
    return failure;
}

Database::Database(Options options, const base::Log& log, prometheus::Registry& registry)
    : impl_(std::make_unique<Impl>(std::move(options), log, registry)) {}

Database::~Database() = default;

void Database::run(const base::Deadline& deadline, Isolation isolation, const std::function<void(Work&)>& body) {
    impl_->repeat(deadline, [&](PostgresPool::Session& session) {
        Transaction work(session.connection, begin_text(isolation, deadline));
        body(work);
        if (deadline.passed()) throw DeadlineExceeded("the deadline passed before the commit");
        work.commit();
    });
}

void Database::run_single(const base::Deadline& deadline, const std::function<void(Work&)>& body) {
    impl_->repeat(deadline, [&](PostgresPool::Session& session) {
        pqxx::nontransaction work(session.connection);
        limit_session(session, work, deadline.left());
        body(work);
    });
}

void Database::set_connections(std::size_t connections) {
    impl_->pool.set_limit(connections);
}

bool Database::reachable() {
    constexpr base::Duration kPatience{1'000};
    try {
        run_single(base::Deadline::in(kPatience), [](Work& work) { work.exec("SELECT 1"); });
        return true;
    } catch (const std::exception&) {
        // Busy is not away: others may have all connections and get their answers.
        return impl_->pool.is_exhausted() && std::chrono::steady_clock::now() - impl_->last_success.load() < kPatience;
    }
}

}  // namespace data
