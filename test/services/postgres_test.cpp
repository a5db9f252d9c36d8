// Transactions on a real server that is slow, silent, restarted, or full of conflicts.
#include "common/data/postgres.h"

#include <gmock/gmock.h>
#include <prometheus/registry.h>

#include <future>
#include <iostream>
#include <latch>
#include <set>
#include <thread>

#include "harness.h"

namespace services {
namespace {

using base::Deadline;
using data::Database;
using data::DatabaseUnavailable;
using data::DeadlineExceeded;
using data::Isolation;
using Work = Database::Work;

class PostgresAccess : public testing::Test {
protected:
    PostgresAccess() : url_(Url::of(sandbox_.database_url("users"))), wire_(url_.port) {
        wire_.open();
        url_.port = wire_.port();
        pqxx::connection owner(sandbox_.database_owner_url("users"));
        pqxx::work work(owner);
        work.exec("CREATE TABLE counters (name text PRIMARY KEY, value int NOT NULL)");
        work.exec("INSERT INTO counters VALUES ('a', 0), ('b', 0)");
        work.commit();
    }

    // Through a wire that the test can cut.
    std::unique_ptr<Database> database(std::size_t connections = 4) {
        return std::make_unique<Database>(
            Database::Options{.url = [this] { return url_.text("postgresql"); },
                              .connections = connections,
                              .statements = {{"value", "SELECT value FROM counters WHERE name = $1"},
                                             {"pid", "SELECT pg_backend_pid()"},
                                             {"sleep", "SELECT pg_sleep($1)"}}},
            base::Log(std::clog, base::Level::Error), registry_);
    }

    static int pid(Database& database) { return database.query(Deadline::in(10s), "pid")[0][0].as<int>(); }
    int value(const std::string& name) {
        return sandbox_.query("users", "SELECT value FROM counters WHERE name = '" + name + "'")[0][0].as<int>();
    }
    void terminate(int backend) {
        sandbox_.query("users", "SELECT pg_terminate_backend(" + std::to_string(backend) + ", 10000)");
    }
    static void add(Work& work, const std::string& name) {
        work.exec_params("UPDATE counters SET value = value + 1 WHERE name = $1", name);
    }

    Sandbox sandbox_;
    Url url_;
    support::Forwarder wire_;
    prometheus::Registry registry_;
};

std::chrono::milliseconds time_of(const std::function<void()>& what) {
    const auto began = std::chrono::steady_clock::now();
    what();
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - began);
}

TEST_F(PostgresAccess, ReadCostsOneRoundTripAndATransactionTwoMore) {
    const auto db = database(1);
    db->query(Deadline::in(10s), "value", "a");
    wire_.delay(50ms);
    const auto read = time_of([&] { db->query(Deadline::in(10s), "value", "a"); });
    EXPECT_LT(read, 200ms);
    const auto transaction =
        time_of([&] { db->transact(Deadline::in(10s), [](Work& work) { work.exec_prepared("value", "a"); }); });
    EXPECT_GE(transaction, 300ms);
    EXPECT_LT(transaction, 400ms);
}

TEST_F(PostgresAccess, StatementEndsAtTheDeadlineAndLeavesItsConnectionWell) {
    const auto db = database(1);
    const int before = pid(*db);
    const auto took = time_of([&] {
        EXPECT_THROW(db->transact(Deadline::in(300ms), [](Work& work) { work.exec_prepared("sleep", 20); }), DeadlineExceeded);
    });
    EXPECT_GE(took, 290ms);
    EXPECT_LT(took, 2s);
    EXPECT_EQ(pid(*db), before);
    EXPECT_LT(time_of([&] { EXPECT_THROW(db->query(Deadline::in(300ms), "sleep", 20), DeadlineExceeded); }), 2s);
    EXPECT_EQ(db->query(Deadline::in(10s), "value", "a")[0][0].as<int>(), 0);
}

TEST_F(PostgresAccess, PassedDeadlineRollsBackInsteadOfCommitting) {
    const auto db = database();
    EXPECT_THROW(db->transact(Deadline::in(100ms),
                              [](Work& work) {
                                  add(work, "a");
                                  std::this_thread::sleep_for(150ms);
                              }),
                 DeadlineExceeded);
    EXPECT_EQ(value("a"), 0);
}

TEST_F(PostgresAccess, ServerThatFallsSilentHoldsNobodyBeyondTheDeadline) {
    const auto db = database(1);
    pid(*db);
    wire_.stall();
    const auto took = time_of([&] { EXPECT_THROW(db->query(Deadline::in(300ms), "value", "a"), DeadlineExceeded); });
    EXPECT_LT(took, 2s);
    wire_.resume();
    EXPECT_EQ(db->query(Deadline::in(10s), "value", "a")[0][0].as<int>(), 0);
}

TEST_F(PostgresAccess, ExhaustedPoolRefusesAtTheDeadlineAndServesWhoeverStillWaits) {
    const auto db = database(2);
    std::latch all_taken(3);
    std::promise<void> release;
    const std::shared_future<void> released(release.get_future());
    const auto hold = [&] {
        db->transact(Deadline::in(30s), [&](Work& work) {
            work.exec_prepared("pid");
            all_taken.count_down();
            released.wait();
        });
    };
    const std::jthread first(hold), second(hold);
    all_taken.arrive_and_wait();
    const auto took = time_of([&] { EXPECT_THROW(db->query(Deadline::in(300ms), "pid"), DatabaseUnavailable); });
    EXPECT_GE(took, 290ms);
    EXPECT_LT(took, 2s);
    auto waiting = std::async(std::launch::async, [&] { return pid(*db); });
    release.set_value();
    EXPECT_GT(waiting.get(), 0);
}

TEST_F(PostgresAccess, PoolFollowsItsLimitBothWays) {
    const auto db = database(1);
    const auto all = [&](std::ptrdiff_t count) {  // So many transactions at a time.
        std::latch together(count);
        std::vector<std::jthread> threads;
        for (std::ptrdiff_t i = 0; i < count; ++i) {
            threads.emplace_back([&] {
                db->transact(Deadline::in(30s), [&](Work& work) {
                    work.exec_prepared("pid");
                    together.arrive_and_wait();
                });
            });
        }
    };
    all(1);
    db->set_connections(3);
    all(3);
    db->set_connections(1);
    std::set<int> backends;
    for (int i = 0; i < 20; ++i) backends.insert(pid(*db));
    EXPECT_EQ(backends.size(), 1U);
    db->transact(Deadline::in(10s), [&](Work&) {
        EXPECT_THROW(db->query(Deadline::in(100ms), "pid"), DatabaseUnavailable);  // It is taken, and there is no other.
        db->set_connections(2);
        EXPECT_GT(pid(*db), 0);
        db->set_connections(1);
    });
    const auto open = "SELECT count(*) FROM pg_stat_activity WHERE datname = '" + url_.rest.substr(1) + "' AND usename = 'users'";
    EXPECT_TRUE(eventually([&] { return sandbox_.query("users", open)[0][0].as<int>() == 1; }));
}

TEST_F(PostgresAccess, BusyPoolIsNotTakenForADatabaseThatIsAway) {
    const auto db = database(1);
    std::atomic<bool> stop = false;
    const auto load = [&] {
        while (!stop) db->transact(Deadline::in(30s), [](Work& work) { work.exec_prepared("sleep", 0.3); });
    };
    const std::jthread one(load), two(load), three(load);
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(db->reachable());
    stop = true;
}

TEST_F(PostgresAccess, ConflictsAreRunAgainUntilAllAreDone) {
    const auto db = database(4);
    constexpr int kThreads = 4, kRounds = 15;
    std::atomic<int> runs = 0;
    {
        std::vector<std::jthread> threads;
        threads.reserve(4);
        for (int thread = 0; thread < kThreads; ++thread) {
            threads.emplace_back([&] {
                for (int round = 0; round < kRounds; ++round) {
                    db->transact(
                        Deadline::in(60s),
                        [&](Work& work) {
                            ++runs;
                            const int read = work.exec_prepared1("value", "a")[0].as<int>();
                            std::this_thread::sleep_for(1ms);
                            work.exec_params("UPDATE counters SET value = $1 WHERE name = 'a'", read + 1);
                        },
                        Isolation::Serializable);
                }
            });
        }
    }
    EXPECT_EQ(value("a"), kThreads * kRounds);
    EXPECT_GT(runs, kThreads * kRounds);
}

TEST_F(PostgresAccess, DeadlockIsRunAgain) {
    const auto db = database(2);
    std::latch both(2);
    std::atomic<int> runs = 0;
    const auto add_both = [&](const char* first, const char* second) {
        bool is_first_run = true;
        db->transact(Deadline::in(60s), [&](Work& work) {
            ++runs;
            add(work, first);
            if (std::exchange(is_first_run, false)) both.arrive_and_wait();
            add(work, second);
        });
    };
    {
        const std::jthread one([&] { add_both("a", "b"); });
        const std::jthread two([&] { add_both("b", "a"); });
    }
    EXPECT_GE(runs, 3);  // The one that is run again may be quicker than the other and meet it once more.
    EXPECT_EQ(value("a"), 2);
    EXPECT_EQ(value("b"), 2);
}

TEST_F(PostgresAccess, BackendKilledInTheMiddleHasTheWorkDoneOnceByAnother) {
    const auto db = database();
    int runs = 0;
    db->transact(Deadline::in(30s), [&](Work& work) {
        ++runs;
        add(work, "a");
        if (runs == 1) terminate(work.exec_prepared1("pid")[0].as<int>());
        add(work, "b");
    });
    EXPECT_EQ(runs, 2);
    EXPECT_EQ(value("a"), 1);
    EXPECT_EQ(value("b"), 1);
}

TEST_F(PostgresAccess, ConnectionsThatDiedIdleAreNotNoticedByTheirUsers) {
    const auto db = database(4);
    for (int round = 0; round < 3; ++round) {
        std::vector<std::jthread> threads;
        threads.reserve(4);
        for (int i = 0; i < 4; ++i) threads.emplace_back([&] { db->query(Deadline::in(10s), "sleep", 0.1); });
        threads.clear();
        const pqxx::result killed = sandbox_.query("users",
                                                   "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE usename "
                                                   "= 'users' AND datname = current_database()");
        EXPECT_GE(killed.size(), 1u);
        EXPECT_EQ(db->query(Deadline::in(10s), "value", "a")[0][0].as<int>(), 0);
    }
}

TEST_F(PostgresAccess, DatabaseThatIsAwayIsToldAtOnceAndComesBackByItself) {
    const auto db = database();
    pid(*db);
    wire_.close();
    const auto took = time_of([&] {
        for (int i = 0; i < 20; ++i) EXPECT_THROW(pid(*db), DatabaseUnavailable);
    });
    EXPECT_LT(took, 5s);
    EXPECT_FALSE(db->reachable());
    support::Forwarder repaired(Url::of(sandbox_.database_url("users")).port);
    repaired.open();
    url_.port = repaired.port();
    EXPECT_TRUE(eventually([&] { return db->reachable(); }));
    EXPECT_GT(pid(*db), 0);
}

TEST_F(PostgresAccess, RotatedPasswordIsReadAgainWhenTheOldOneIsRefused) {
    const std::string role = "rotated_" + sandbox_.name();
    sandbox_.query("users", "CREATE ROLE " + role + " LOGIN PASSWORD 'old'; GRANT CONNECT ON DATABASE users_" + sandbox_.name() +
                                " TO " + role);
    url_.user = role;
    url_.password = "old";
    {
        const auto db = database();
        const int before = pid(*db);
        sandbox_.query("users", "ALTER ROLE " + role + " PASSWORD 'new'");
        url_.password = "new";
        EXPECT_EQ(pid(*db), before);
        terminate(before);
        EXPECT_NE(pid(*db), before);
    }
    sandbox_.query("users", "DROP OWNED BY " + role + "; DROP ROLE " + role);
}

TEST_F(PostgresAccess, WhatTheBodyThrowsRollsBackAndArrives) {
    const auto db = database();
    const auto insert = [&] {
        db->transact(Deadline::in(10s), [](Work& work) {
            add(work, "b");
            work.exec("INSERT INTO counters VALUES ('a', 1)");
        });
    };
    EXPECT_THROW(insert(), pqxx::unique_violation);
    EXPECT_THROW(db->transact(Deadline::in(10s),
                              [](Work& work) -> int {
                                  add(work, "b");
                                  throw std::domain_error("no");
                              }),
                 std::domain_error);
    EXPECT_EQ(value("b"), 0);
    EXPECT_EQ(db->transact(Deadline::in(10s), [](Work& work) { return work.exec_prepared1("value", "b")[0].as<int>(); }), 0);
}

TEST_F(PostgresAccess, TransactionWithAFailedStatementIsNeverTakenForCommitted) {
    const auto db = database(1);
    const auto careless = [&] {
        db->transact(Deadline::in(10s), [](Work& work) {
            add(work, "a");
            try {
                work.exec_params("SELECT 1 / $1::int", 0);
            } catch (const pqxx::sql_error&) {
            }
        });
    };
    EXPECT_THROW(careless(), pqxx::sql_error);
    EXPECT_EQ(value("a"), 0);
    db->transact(Deadline::in(10s), [](Work& work) { add(work, "a"); });
    EXPECT_EQ(value("a"), 1);
}

TEST_F(PostgresAccess, DeferredConstraintThatFailsAtTheCommitIsToldAsSuch) {
    pqxx::connection owner(sandbox_.database_owner_url("users"));
    {
        pqxx::nontransaction work(owner);
        work.exec("CREATE TABLE children (parent text REFERENCES counters (name) DEFERRABLE INITIALLY DEFERRED)");
    }
    const auto db = database(1);
    EXPECT_THROW(db->transact(Deadline::in(10s), [](Work& work) { work.exec("INSERT INTO children VALUES ('nobody')"); }),
                 pqxx::foreign_key_violation);
    EXPECT_GT(pid(*db), 0);
}

}  // namespace
}  // namespace services
