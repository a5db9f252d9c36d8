// Migrations on a real server, by several at once and against what others have done.
#include "common/data/migrations.h"

#include <gmock/gmock.h>
#include <prometheus/registry.h>

#include <future>
#include <iostream>

#include "common/data/postgres.h"
#include "harness.h"

namespace services {
namespace {

using data::Migration;
using testing::AllOf;
using testing::HasSubstr;

class Migrations : public testing::Test {
protected:
    void migrate(const std::vector<Migration>& migrations) {
        data::migrate(owner_url_, migrations, base::Log(std::clog, base::Level::Error));
    }
    bool is_current(const std::vector<Migration>& migrations) { return is_current(sandbox_.database_url("catalog"), migrations); }
    static bool is_current(const std::string& url, const std::vector<Migration>& migrations) {
        prometheus::Registry registry;
        data::Database::Options options;
        options.url = [url] { return url; };
        data::Database database(std::move(options), base::Log(std::clog, base::Level::Error), registry);
        return data::is_current(database, migrations);
    }
    std::string refusal(const std::vector<Migration>& migrations) {
        try {
            migrate(migrations);
        } catch (const std::runtime_error& error) {
            return error.what();
        }
        return "";
    }
    std::size_t applied() { return sandbox_.query("catalog", "SELECT 1 FROM schema_migrations").size(); }

    Sandbox sandbox_;
    const std::string owner_url_ = sandbox_.database_owner_url("catalog");
    const std::vector<Migration> two_{{1, "0001_things.sql", "CREATE TABLE things (id int); INSERT INTO things VALUES (1)"},
                                      {2, "0002_names.sql", "ALTER TABLE things ADD COLUMN name text NOT NULL DEFAULT ''"}};
};

TEST_F(Migrations, AreAppliedInOrderAndOnceAndTheServingRoleSeesIt) {
    EXPECT_FALSE(is_current(two_));
    migrate({two_[0]});
    EXPECT_TRUE(is_current({two_[0]}));
    EXPECT_FALSE(is_current(two_));
    migrate(two_);
    migrate(two_);
    EXPECT_TRUE(is_current(two_));
    EXPECT_EQ(sandbox_.query("catalog", "SELECT id, name FROM things").size(), 1u);
    EXPECT_EQ(sandbox_.query("catalog", "SELECT 1 FROM schema_migrations WHERE length(sha256) = 64").size(), 2u);
}

TEST_F(Migrations, OfSeveralProcessesAtOnceAreAppliedOnceAndAllOfThemSucceed) {
    std::vector<Migration> slow = two_;
    slow.push_back({3, "0003_slow.sql", "SELECT pg_sleep(0.3); INSERT INTO things VALUES (2)"});
    std::vector<std::future<void>> all;
    for (int i = 0; i < 5; ++i) all.push_back(std::async(std::launch::async, [&] { migrate(slow); }));
    for (std::future<void>& one : all) EXPECT_NO_THROW(one.get());
    EXPECT_EQ(sandbox_.query("catalog", "SELECT 1 FROM things").size(), 2u);
    EXPECT_EQ(applied(), 3u);
}

TEST_F(Migrations, AppliedOneThatWasChangedIsRefusedByName) {
    migrate(two_);
    std::vector<Migration> changed = two_;
    changed[0].sql += " ";
    changed.push_back({3, "0003_more.sql", "CREATE TABLE more ()"});
    EXPECT_THAT(refusal(changed), AllOf(HasSubstr("0001_things.sql"), HasSubstr("changed")));
    EXPECT_EQ(applied(), 2u);
}

TEST_F(Migrations, OlderProgramLeavesADatabaseThatANewerOneHasChangedAsItIsAndMayServe) {
    migrate(two_);
    migrate({two_[0]});
    EXPECT_EQ(applied(), 2u);
    EXPECT_TRUE(is_current({two_[0]}));
    Migration changed = two_[0];
    changed.sql += " ";
    EXPECT_THAT(refusal({changed}), HasSubstr("0001_things.sql"));
}

TEST_F(Migrations, GapsAreRefusedBeforeAnythingIsDone) {
    EXPECT_THAT(refusal({two_[0], {3, "0003_late.sql", ""}}), AllOf(HasSubstr("0003_late.sql"), HasSubstr("2 is expected")));
    EXPECT_THAT(refusal({two_[1]}), HasSubstr("0002_names.sql"));
    EXPECT_THROW(applied(), pqxx::undefined_table);
}

TEST_F(Migrations, FailingOneLeavesNothingAndKeepsThoseBeforeIt) {
    EXPECT_THAT(refusal({two_[0], {2, "0002_bad.sql", "CREATE TABLE half (); SELECT nonsense"}}),
                AllOf(HasSubstr("0002_bad.sql"), HasSubstr("nonsense")));
    EXPECT_EQ(applied(), 1u);
    EXPECT_THROW(sandbox_.query("catalog", "SELECT 1 FROM half"), pqxx::undefined_table);
    migrate(two_);
    EXPECT_TRUE(is_current(two_));
}

TEST_F(Migrations, OneThatIsInTheMiddleOfAnothersWorkWaitsForIt) {
    migrate({two_[0]});
    pqxx::connection reader(sandbox_.database_admin_url("catalog"));
    auto reading = std::make_unique<pqxx::work>(reader);
    reading->exec("SELECT * FROM things");
    auto migrating = std::async(std::launch::async, [&] { migrate(two_); });
    EXPECT_TRUE(eventually([&] {
        return !sandbox_.query("catalog", "SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'things'::regclass").empty();
    }));
    reading.reset();
    EXPECT_NO_THROW(migrating.get());
    EXPECT_TRUE(is_current(two_));
}

TEST_F(Migrations, DatabaseThatIsAwayIsNotCurrent) {
    Url away = Url::of(sandbox_.database_url("catalog"));
    away.port = support::free_port();
    EXPECT_FALSE(is_current(away.text("postgresql"), two_));
}

}  // namespace
}  // namespace services
