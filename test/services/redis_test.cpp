// Redis as one node that goes and comes back, and as a cluster of three whose slots move and one of whose nodes dies.
#include "common/data/redis.h"

#include <gmock/gmock.h>
#include <prometheus/registry.h>

#include <array>
#include <atomic>
#include <csignal>
#include <iostream>
#include <optional>
#include <thread>

#include "common/base/metrics.h"
#include "common/data/redis_connection.h"
#include "harness.h"

namespace services {
namespace {

using base::Deadline;
using data::Redis;
using data::RedisUnavailable;
using testing::HasSubstr;
using Kind = data::Redis::Reply::Kind;

constexpr const char* kAppend = "redis.call('APPEND', KEYS[1], ARGV[1]) return redis.call('GET', KEYS[1])";

Deadline soon() {
    return Deadline::in(5s);
}

class RedisAccess : public testing::Test {
protected:
    // Through a wire that the test can cut.
    RedisAccess() : url_(Url::of(sandbox_.redis_url())), wire_(url_.port) {
        wire_.open();
        url_.port = wire_.port();
    }

    std::unique_ptr<Redis> redis(Redis::Options options = {}) {
        if (!options.url) options.url = [this] { return url_.text("redis"); };
        return std::make_unique<Redis>(std::move(options), base::Log(std::clog, base::Level::Error), registry_);
    }
    std::string metrics() const { return base::exposition({&registry_}); }

    Sandbox sandbox_;
    Url url_;
    support::Forwarder wire_;
    prometheus::Registry registry_;
};

TEST_F(RedisAccess, KeepsAndForgetsValues) {
    const auto client = redis();
    EXPECT_EQ(client->get(soon(), "a"), std::nullopt);
    const std::string value("b\0\r\n\xff", 5);
    client->set(soon(), "a", value, 10s);
    EXPECT_EQ(client->get(soon(), "a"), value);
    EXPECT_FALSE(client->set_if_absent(soon(), "a", "c", 10s));
    EXPECT_TRUE(client->set_if_absent(soon(), "d", "e", 10s));
    EXPECT_TRUE(client->remove(soon(), "a"));
    EXPECT_FALSE(client->remove(soon(), "a"));
    client->set(soon(), "short", "x", 1ms);
    EXPECT_TRUE(eventually([&] { return !client->get(soon(), "short"); }));
    EXPECT_TRUE(client->reachable());
    EXPECT_THAT(metrics(), HasSubstr(R"(redis_commands_total{command="DEL",outcome="ok"} 2)"));
    EXPECT_THAT(metrics(), HasSubstr("redis_connections 1"));
}

TEST_F(RedisAccess, ReturnsErrorsAsValues) {
    const auto client = redis();
    client->call(soon(), {"RPUSH", "list", "a", "b"});
    const Redis::Reply list = client->call(soon(), {"LRANGE", "list", "0", "-1"});
    ASSERT_EQ(list.list.size(), 2U);
    EXPECT_EQ(list.list[1].text, "b");
    EXPECT_EQ(client->call(soon(), {"INCR", "n"}).integer, 1);
    const Redis::Reply wrong = client->call(soon(), {"INCR", "list"});
    EXPECT_EQ(wrong.kind, Kind::Error);
    EXPECT_THAT(wrong.text, HasSubstr("WRONGTYPE"));
    EXPECT_THROW(client->get(soon(), "list"), RedisUnavailable);
    EXPECT_THAT(metrics(), HasSubstr(R"(redis_commands_total{command="INCR",outcome="error"} 1)"));
}

TEST_F(RedisAccess, LoadsScriptsThatAreMissing) {
    const auto client = redis();
    EXPECT_EQ(client->script(soon(), kAppend, {"k"}, {"a"}).text, "a");
    EXPECT_EQ(client->script(soon(), kAppend, {"k"}, {"b"}).text, "ab");
    client->call(soon(), {"SCRIPT", "FLUSH"});
    EXPECT_EQ(client->script(soon(), kAppend, {"k"}, {"c"}).text, "abc");
    EXPECT_THAT(metrics(), HasSubstr(R"(redis_commands_total{command="EVAL",outcome="ok"} 2)"));
}

TEST_F(RedisAccess, GivesUpAtItsTime) {
    Redis::Options options;
    options.call_time = 200ms;
    const auto client = redis(options);
    client->set(soon(), "a", "b", 10s);
    wire_.stall();
    const auto before = std::chrono::steady_clock::now();
    EXPECT_THROW(client->get(Deadline::in(50ms), "a"), RedisUnavailable);
    EXPECT_LT(std::chrono::steady_clock::now() - before, 190ms);
    EXPECT_THROW(client->get(soon(), "a"), RedisUnavailable);
    EXPECT_LT(std::chrono::steady_clock::now() - before, 3s);
    wire_.resume();
    EXPECT_TRUE(eventually([&] { return client->reachable(); }));
    EXPECT_EQ(client->get(soon(), "a"), "b");
}

TEST_F(RedisAccess, NoticesThatItsConnectionsWereClosed) {
    const auto client = redis();
    client->set(soon(), "n", "1", 10s);
    for (int i = 2; i < 5; ++i) {
        wire_.drop();
        EXPECT_EQ(client->call(soon(), {"INCR", "n"}).integer, i);
    }
}

TEST_F(RedisAccess, FailsFastWhileItIsAwayAndComesBack) {
    url_.port = sandbox_.redis_port();
    const auto client = redis();
    client->set(soon(), "a", "b", 10s);
    sandbox_.stop_redis();
    for (int i = 0; i < 6; ++i) EXPECT_THROW(client->get(soon(), "a"), RedisUnavailable);
    const auto before = std::chrono::steady_clock::now();
    for (int i = 0; i < 1000; ++i) EXPECT_THROW(client->get(soon(), "a"), RedisUnavailable);
    EXPECT_LT(std::chrono::steady_clock::now() - before, 900ms);
    EXPECT_FALSE(client->reachable());
    EXPECT_THAT(metrics(), HasSubstr(R"(redis_commands_total{command="GET",outcome="unavailable"})"));
    EXPECT_THAT(metrics(), HasSubstr("redis_connections 0"));
    sandbox_.start_redis();
    EXPECT_TRUE(eventually([&] { return client->reachable(); }));
    EXPECT_EQ(client->get(soon(), "a"), std::nullopt);
}

TEST_F(RedisAccess, AsksForTheUrlAgainWhenItIsRefused) {
    Url url = url_;
    url.password = "wrong";
    const auto client = redis({.url = [&] { return url.text("redis"); }});
    try {
        client->get(soon(), "a");
        FAIL();
    } catch (const RedisUnavailable& error) {
        EXPECT_THAT(error.what(), HasSubstr("WRONGPASS"));
    }
    url.password = url_.password;
    EXPECT_EQ(client->get(soon(), "a"), std::nullopt);
}

TEST_F(RedisAccess, SharesItsConnections) {
    const auto client = redis({.url = {}, .connections = 2});
    std::vector<std::thread> threads;
    threads.reserve(8);
    for (int thread = 0; thread < 8; ++thread) {
        threads.emplace_back([&] {
            for (int i = 0; i < 200; ++i) client->call(soon(), {"INCR", "n"});
        });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(client->get(soon(), "n"), "1600");
    EXPECT_THAT(metrics(), HasSubstr("redis_connections 2"));
}

TEST_F(RedisAccess, WaitsForAFreeConnectionNoLongerThanItMay) {
    const auto client = redis({.url = {}, .connections = 1, .call_time = 2s});
    std::thread busy([&] { client->call(soon(), {"BLPOP", "nothing", "1"}); });
    EXPECT_TRUE(eventually([&] {
        try {
            client->get(Deadline::in(20ms), "a");
        } catch (const RedisUnavailable& error) {
            return std::string(error.what()).find("in use") != std::string::npos;
        }
        return false;
    }));
    busy.join();
    EXPECT_EQ(client->get(soon(), "a"), std::nullopt);
}

TEST_F(RedisAccess, RefusesAUrlThatIsNone) {
    EXPECT_THROW(redis({.url = [] { return std::string("nonsense"); }}), std::invalid_argument);
}

// A cluster of this test's own.
class RedisCluster : public testing::Test {
protected:
    RedisCluster() {
        for (std::size_t i = 0; i < ports_.size(); ++i) {
            ports_[i] = support::free_port();
            buses_[i] = support::free_port();
            start(i);
        }
        for (std::size_t i = 0; i < ports_.size(); ++i) {
            const std::string first = std::to_string(16384 * i / 3);
            const std::string last = std::to_string(16384 * (i + 1) / 3 - 1);
            tell(i, {"CLUSTER", "SET-CONFIG-EPOCH", std::to_string(i + 1)});
            tell(i, {"CLUSTER", "ADDSLOTSRANGE", first, last});
            if (i > 0) tell(0, {"CLUSTER", "MEET", "127.0.0.1", std::to_string(ports_[i]), std::to_string(buses_[i])});
        }
        await_ok();
        client_ = std::make_unique<Redis>(
            Redis::Options{.url = [this] { return "redis://127.0.0.1:" + std::to_string(ports_[0]) + "/?cluster=true"; }},
            base::Log(std::clog, base::Level::Error), registry_);
    }

    void start(std::size_t i) {
        const std::string name = "node-" + std::to_string(i);
        nodes_[i] = std::make_unique<support::Background>(
            std::vector<std::string>{"redis-server", "--bind", "127.0.0.1", "--port", std::to_string(ports_[i]), "--cluster-port",
                                     std::to_string(buses_[i]), "--cluster-enabled", "yes", "--cluster-node-timeout", "1000",
                                     "--cluster-require-full-coverage", "no", "--cluster-config-file", name + ".conf", "--save",
                                     "", "--dir", sandbox_.folder()},
            sandbox_.folder() + "/" + name + ".log");
        const bool answers = eventually([&] {
            try {
                return ask(i, {"PING"}).text == "PONG";
            } catch (const data::RedisConnectionError&) {
                return false;
            }
        });
        if (!answers) throw std::runtime_error(name + " does not answer");
    }

    Redis::Reply ask(std::size_t i, const std::vector<std::string>& command) const {
        return data::RedisConnection({"127.0.0.1", ports_[i]}, {}, soon()).call(command, soon());
    }
    void tell(std::size_t i, const std::vector<std::string>& command) const {
        const Redis::Reply reply = ask(i, command);
        ASSERT_NE(reply.kind, Kind::Error) << command[1] << ": " << reply.text;
    }
    std::string id(std::size_t i) const { return ask(i, {"CLUSTER", "MYID"}).text; }

    // Every node knows of the owner of every slot.
    void await_ok() const {
        ASSERT_TRUE(eventually([this] {
            for (std::size_t i = 0; i < ports_.size(); ++i) {
                const std::string info = ask(i, {"CLUSTER", "INFO"}).text;
                if (info.find("cluster_state:ok") == info.npos || info.find("cluster_slots_ok:16384") == info.npos) return false;
            }
            return true;
        }));
    }

    static std::string key_of(std::size_t i) {
        for (int n = 0;; ++n) {
            std::string key = "key" + std::to_string(n);
            if (std::size_t{data::key_slot(key)} * 3 / 16384 == i) return key;
        }
    }

    Sandbox sandbox_;
    std::array<std::uint16_t, 3> ports_{};
    std::array<std::uint16_t, 3> buses_{};
    std::array<std::unique_ptr<support::Background>, 3> nodes_;
    prometheus::Registry registry_;
    std::unique_ptr<Redis> client_;
};

TEST_F(RedisCluster, FindsEachKeysNode) {
    for (int i = 0; i < 100; ++i) client_->set(soon(), "k" + std::to_string(i), std::to_string(i), 60s);
    for (int i = 0; i < 100; ++i) EXPECT_EQ(client_->get(soon(), "k" + std::to_string(i)), std::to_string(i));
    EXPECT_TRUE(client_->reachable());
    EXPECT_EQ(client_->script(soon(), kAppend, {"{a}1"}, {"x"}).text, "x");
    EXPECT_EQ(client_->script(soon(), kAppend, {"{b}1"}, {"y"}).text, "y");
    EXPECT_EQ(client_->script(soon(), kAppend, {"{b}1"}, {"z"}).text, "yz");
}

TEST_F(RedisCluster, FollowsASlotThatMoves) {
    const std::string key = key_of(0);
    const std::string slot = std::to_string(data::key_slot(key));
    client_->set(soon(), key, "1", 60s);

    // On its way: what is at the old node is served there, what is not is asked for at the new one.
    tell(1, {"CLUSTER", "SETSLOT", slot, "IMPORTING", id(0)});
    tell(0, {"CLUSTER", "SETSLOT", slot, "MIGRATING", id(1)});
    EXPECT_EQ(client_->get(soon(), key), "1");
    const std::string other = "{" + key + "}other";
    client_->set(soon(), other, "2", 60s);
    EXPECT_EQ(client_->get(soon(), other), "2");
    EXPECT_EQ(ask(0, {"CLUSTER", "COUNTKEYSINSLOT", slot}).integer, 1);
    EXPECT_EQ(ask(1, {"CLUSTER", "COUNTKEYSINSLOT", slot}).integer, 1);
    EXPECT_EQ(client_->script(soon(), kAppend, {other}, {"3"}).text, "23");

    tell(0, {"MIGRATE", "127.0.0.1", std::to_string(ports_[1]), key, "0", "5000"});
    EXPECT_EQ(client_->get(soon(), key), "1");
    for (const std::size_t i : {1U, 0U, 2U}) tell(i, {"CLUSTER", "SETSLOT", slot, "NODE", id(1)});
    for (int i = 0; i < 3; ++i) EXPECT_EQ(client_->get(soon(), key), "1");
    EXPECT_EQ(client_->call(soon(), {"INCR", key}).integer, 2);
    EXPECT_EQ(client_->get(soon(), other), "23");
}

TEST_F(RedisCluster, ServesTheOthersWhileOneNodeIsAway) {
    for (std::size_t i = 0; i < 3; ++i) client_->set(soon(), key_of(i), std::to_string(i), 60s);
    nodes_[0].reset();  // The one that the URL names, too.
    EXPECT_THROW(client_->get(soon(), key_of(0)), RedisUnavailable);
    EXPECT_FALSE(client_->reachable());
    for (int round = 0; round < 50; ++round) {
        EXPECT_THROW(client_->get(soon(), key_of(0)), RedisUnavailable);
        EXPECT_EQ(client_->get(soon(), key_of(1)), "1");
        EXPECT_EQ(client_->get(soon(), key_of(2)), "2");
    }
    start(0);
    EXPECT_TRUE(eventually([&] { return client_->reachable(); }));
    EXPECT_EQ(client_->get(soon(), key_of(0)), std::nullopt);
    client_->set(soon(), key_of(0), "back", 60s);
    EXPECT_EQ(client_->get(soon(), key_of(0)), "back");
}

// A lost machine refuses nothing: it is silent. A cache has little patience, and what the other nodes have is found all the same.
TEST_F(RedisCluster, FindsWhatTheOthersHaveInAHurryWhileOneNodeIsSilent) {
    constexpr auto kHurry = 100ms;
    for (std::size_t i = 0; i < 3; ++i) client_->set(soon(), key_of(i), std::to_string(i), 60s);
    nodes_[0]->signal(SIGSTOP);
    for (int round = 0; round < 5; ++round) {
        EXPECT_THROW(client_->get(Deadline::in(kHurry), key_of(0)), RedisUnavailable);
        std::this_thread::sleep_for(kHurry);  // Who has which slots is asked again.
        EXPECT_EQ(client_->get(Deadline::in(kHurry), key_of(1)), "1");
        EXPECT_EQ(client_->get(Deadline::in(kHurry), key_of(2)), "2");
    }
    const auto before = std::chrono::steady_clock::now();
    for (int i = 0; i < 100; ++i) EXPECT_THROW(client_->get(Deadline::in(kHurry), key_of(0)), RedisUnavailable);
    EXPECT_LT(std::chrono::steady_clock::now() - before, 5s);  // Mostly without asking.
    nodes_[0]->signal(SIGCONT);
    EXPECT_TRUE(eventually([&] { return client_->reachable(); }));
    EXPECT_EQ(client_->get(soon(), key_of(0)), "0");
}

TEST_F(RedisCluster, TakesTheSlotsOfADeadNodeFromWhereTheyWent) {
    for (std::size_t i = 0; i < 3; ++i) client_->set(soon(), key_of(i), std::to_string(i), 60s);
    const std::string dead = id(2);
    nodes_[2].reset();
    // Node 1 takes over what node 2 had.
    ASSERT_TRUE(eventually([&] { return ask(1, {"CLUSTER", "NODES"}).text.find("fail") != std::string::npos; }));
    for (const std::size_t i : {1U, 0U}) tell(i, {"CLUSTER", "FORGET", dead});
    tell(1, {"CLUSTER", "ADDSLOTSRANGE", std::to_string(16384 * 2 / 3), "16383"});
    EXPECT_TRUE(eventually([&] {
        try {
            client_->set(soon(), key_of(2), "new", 60s);
        } catch (const RedisUnavailable&) {
            return false;
        }
        return true;
    }));
    EXPECT_EQ(client_->get(soon(), key_of(2)), "new");
    EXPECT_EQ(client_->get(soon(), key_of(1)), "1");
}

// The one that hack/stores makes, with a password and a user of a service.
TEST(RedisClusterOfTheStores, TakesAServicesUser) {
    const std::string url = Stores::get().variable("ECP_REDIS_CLUSTER_URL_CATALOG");
    prometheus::Registry registry;
    Redis client({.url = [&] { return std::string(url); }}, base::Log(std::clog, base::Level::Error), registry);
    EXPECT_TRUE(client.reachable());
    for (int i = 0; i < 20; ++i) {
        const std::string key = Sandbox().name() + "-" + std::to_string(i);
        client.set(soon(), key, "v", 10s);
        EXPECT_EQ(client.get(soon(), key), "v");
        client.remove(soon(), key);
    }
}

}  // namespace
}  // namespace services
