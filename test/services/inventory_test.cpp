// The inventory as a process, with its real stores: never oversold, whoever comes at once, is killed or comes late.
#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <random>
#include <thread>

#include "common/http/input.h"
#include "harness.h"

namespace services {
namespace {

const std::string kReservations = "/internal/v1/reservations";

class Inventory : public testing::Test {
protected:
    void SetUp() override { inventory.start(); }

    void stock(const std::string& sku, int on_hand) {
        ASSERT_EQ(inventory.client().put("/internal/v1/stock/" + sku, {{"on_hand", on_hand}}).status, 200);
    }
    static Json wish(const std::string& order, const std::vector<std::pair<std::string, int>>& lines, int ttl = 600) {
        Json body = {{"order_id", order}, {"lines", Json::array()}, {"ttl_seconds", ttl}};
        for (const auto& [sku, quantity] : lines) body["lines"].push_back({{"sku", sku}, {"quantity", quantity}});
        return body;
    }
    support::Answer reserve(const std::string& order, const std::vector<std::pair<std::string, int>>& lines, int ttl = 600) {
        return inventory.client().post(kReservations, wish(order, lines, ttl));
    }
    support::Answer act(const std::string& order, const std::string& action) {
        return inventory.client().request("POST", kReservations + "/" + order + "/" + action);
    }
    std::string state(const std::string& order) {
        return inventory.client().get(kReservations + "/" + order).json()["state"].get<std::string>();
    }
    // {on_hand, reserved, sold} as the database has them.
    std::vector<int> counts(const std::string& sku) {
        const pqxx::result rows =
            sandbox.query("inventory", "SELECT on_hand, reserved, sold FROM stock WHERE sku = '" + sku + "'");
        return {rows[0][0].as<int>(), rows[0][1].as<int>(), rows[0][2].as<int>()};
    }

    Sandbox sandbox;
    ServiceProcess inventory{sandbox, "inventory"};
};

// Runs `work` for 0 … count-1 on so many threads.
void at_once(int count, int threads, const std::function<void(int)>& work) {
    std::atomic<int> next = 0;
    std::vector<std::thread> pool;
    for (int i = 0; i < threads; ++i) {
        pool.emplace_back([&] {
            for (int each = next++; each < count; each = next++) work(each);
        });
    }
    for (std::thread& thread : pool) thread.join();
}

TEST_F(Inventory, GivesExactlyFiftyOfFiftyToTwoHundredAtOnce) {
    stock("SCARCE", 50);
    std::map<int, int> by_status;
    std::mutex mutex;
    at_once(200, 40, [&](int) {
        const int status = reserve(http::new_uuid(), {{"SCARCE", 1}}).status;
        const std::lock_guard lock(mutex);
        ++by_status[status];
    });
    EXPECT_EQ(by_status, (std::map<int, int>{{201, 50}, {409, 150}}));
    EXPECT_EQ(counts("SCARCE"), (std::vector{50, 50, 0}));
    EXPECT_EQ(inventory.client().get("/api/v1/stock/SCARCE").json(), (Json{{"sku", "SCARCE"}, {"available", 0}}));
}

TEST_F(Inventory, ReservesAllLinesOrNoneInWhateverOrderTheyCome) {
    stock("A", 30);
    stock("B", 30);
    std::atomic<int> reserved = 0;
    at_once(80, 20, [&](int i) {
        const auto lines = i % 2 == 0 ? std::vector<std::pair<std::string, int>>{{"A", 1}, {"B", 1}}
                                      : std::vector<std::pair<std::string, int>>{{"B", 1}, {"A", 1}};
        const int status = reserve(http::new_uuid(), lines).status;
        if (status == 201) ++reserved;
        EXPECT_TRUE(status == 201 || status == 409) << status;
    });
    EXPECT_EQ(reserved, 30);
    EXPECT_EQ(counts("A"), (std::vector{30, 30, 0}));
    EXPECT_EQ(counts("B"), (std::vector{30, 30, 0}));
}

TEST_F(Inventory, NamesEachLineThatIsShort) {
    stock("A", 2);
    stock("B", 9);
    const support::Answer answer = reserve(http::new_uuid(), {{"B", 1}, {"A", 3}, {"NONE", 1}});
    ASSERT_EQ(answer.status, 409);
    const Json errors = answer.json()["errors"];
    ASSERT_EQ(errors.size(), 2U);
    EXPECT_EQ(errors[0]["field"], "/lines/1/quantity");
    EXPECT_EQ(errors[1]["field"], "/lines/2/quantity");
    EXPECT_EQ(counts("B"), (std::vector{9, 0, 0}));
}

TEST_F(Inventory, TakesTheSameReservationOnceHoweverOftenItIsAskedAtOnce) {
    stock("A", 10);
    const std::string order = http::new_uuid();
    std::atomic<int> made = 0;
    at_once(30, 30, [&](int) {
        const int status = reserve(order, {{"A", 2}}).status;
        EXPECT_TRUE(status == 200 || status == 201) << status;
        if (status == 201) ++made;
    });
    EXPECT_EQ(made, 1);
    EXPECT_EQ(counts("A"), (std::vector{10, 2, 0}));
    EXPECT_EQ(reserve(order, {{"A", 3}}).status, 422);
}

TEST_F(Inventory, SellsWhatIsConfirmedAndTakesItBackWhenItIsReleased) {
    stock("A", 10);
    const std::string order = http::new_uuid();
    ASSERT_EQ(reserve(order, {{"A", 4}}).status, 201);
    for (int i = 0; i < 2; ++i) EXPECT_EQ(act(order, "confirm").json()["state"], "CONFIRMED");
    EXPECT_EQ(counts("A"), (std::vector{6, 0, 4}));
    for (int i = 0; i < 2; ++i) EXPECT_EQ(act(order, "release").json()["state"], "RELEASED");
    EXPECT_EQ(counts("A"), (std::vector{10, 0, 0}));
    EXPECT_EQ(act(order, "confirm").status, 409);
    EXPECT_EQ(reserve(order, {{"A", 4}}).status, 409);
}

TEST_F(Inventory, RefusesAnOrderThatWasGivenUpBeforeItReserved) {
    stock("A", 10);
    const std::string order = http::new_uuid();
    EXPECT_EQ(act(order, "confirm").status, 404);
    EXPECT_EQ(act(order, "release").json()["state"], "RELEASED");
    EXPECT_EQ(reserve(order, {{"A", 1}}).status, 409);
    EXPECT_EQ(counts("A"), (std::vector{10, 0, 0}));
}

TEST_F(Inventory, KeepsReservedStockFromBeingTakenAway) {
    stock("A", 10);
    ASSERT_EQ(reserve(http::new_uuid(), {{"A", 6}}).status, 201);
    EXPECT_EQ(inventory.client().put("/internal/v1/stock/A", {{"on_hand", 5}}).status, 409);
    EXPECT_EQ(inventory.client().put("/internal/v1/stock/A", {{"on_hand", 6}}).json()["available"], 0);
}

TEST_F(Inventory, GivesBackWhatExpiresAndTellsSo) {
    stock("A", 10);
    const std::string order = http::new_uuid();
    ASSERT_EQ(reserve(order, {{"A", 4}}, 1).status, 201);
    EXPECT_TRUE(eventually([&] { return state(order) == "EXPIRED"; }));
    EXPECT_EQ(counts("A"), (std::vector{10, 0, 0}));
    EXPECT_EQ(act(order, "confirm").status, 409);
    EXPECT_EQ(reserve(order, {{"A", 4}}).status, 409);
    EXPECT_EQ(act(order, "release").json()["state"], "RELEASED");
    // Put in, reserved, expired.
    EXPECT_TRUE(eventually([&] { return inventory.metric("messages_published_total{event=\"stock.changed\"") >= 3; }));
}

TEST_F(Inventory, EitherConfirmsOrExpiresWhenBothHappenAtOnceOnTwoReplicas) {
    ServiceProcess replica(sandbox, "inventory");
    replica.start();
    constexpr int kOrders = 60;
    stock("A", 1'000);
    std::vector<std::string> orders;
    for (int i = 0; i < kOrders; ++i) {
        orders.push_back(http::new_uuid());
        ASSERT_EQ(reserve(orders.back(), {{"A", 1}}, 600).status, 201);
    }
    // All at the same moment, in the middle of the confirms below.
    sandbox.query("inventory", "UPDATE reservations SET expires_at = now() + interval '600 milliseconds'");
    std::atomic<int> confirmed = 0;
    std::map<std::string, int> answers;
    std::mutex mutex;
    at_once(kOrders, 6, [&](int i) {
        std::this_thread::sleep_for(20ms * i);
        HttpClient client = i % 2 == 0 ? inventory.client() : replica.client();
        const int status = client.request("POST", kReservations + "/" + orders[static_cast<std::size_t>(i)] + "/confirm").status;
        const std::lock_guard lock(mutex);
        answers[orders[static_cast<std::size_t>(i)]] = status;
        if (status == 200) ++confirmed;
    });
    for (const auto& [order, status] : answers) {
        EXPECT_TRUE(status == 200 || status == 409) << status;
        EXPECT_EQ(state(order), status == 200 ? "CONFIRMED" : "EXPIRED");
    }
    EXPECT_EQ(counts("A"), (std::vector{1'000 - confirmed, 0, confirmed.load()}));
}

TEST_F(Inventory, KeepsCountsAndReservationsInAccordWhenItIsKilledAtAnyMoment) {
    constexpr unsigned kSeed = 99;
    constexpr int kOrders = 120;
    stock("A", 70);
    stock("B", 1'000);
    std::vector<std::string> orders;
    for (int i = 0; i < kOrders; ++i) orders.push_back(http::new_uuid());
    std::atomic<bool> done = false;
    std::thread buyers([&] {
        at_once(kOrders, 12, [&](int i) {
            const std::string& order = orders[static_cast<std::size_t>(i)];
            // Until there is a clear answer, as the order service does.
            const auto until_clear = [&](const std::function<support::Answer()>& ask) {
                for (int tries = 0; tries < 600; ++tries) {
                    try {
                        const int status = ask().status;
                        if (status < 500 && status != 429) return status;
                    } catch (const support::NoAnswer&) {
                    }
                    std::this_thread::sleep_for(50ms);
                }
                return 0;
            };
            const int reserved = until_clear([&] { return reserve(order, {{"B", 1}, {"A", 1}}); });
            ASSERT_TRUE(reserved == 200 || reserved == 201 || reserved == 409) << reserved;
            if (reserved == 409) return;
            ASSERT_EQ(until_clear([&] { return act(order, i % 3 == 0 ? "release" : "confirm"); }), 200);
        });
        done = true;
    });
    std::mt19937 random(kSeed);
    int kills = 0;
    while (!done) {
        std::this_thread::sleep_for(std::chrono::milliseconds(20 + random() % 150));
        inventory.kill();
        ++kills;
        inventory.start();
        std::this_thread::sleep_for(300ms);
    }
    buyers.join();
    EXPECT_GE(kills, 1);
    const int sold = sandbox.query("inventory", "SELECT count(*) FROM reservations WHERE state = 'CONFIRMED'")[0][0].as<int>();
    EXPECT_EQ(sandbox.query("inventory", "SELECT count(*) FROM reservations WHERE state = 'RESERVED'")[0][0].as<int>(), 0);
    EXPECT_EQ(counts("A"), (std::vector{70 - sold, 0, sold}));
    EXPECT_EQ(counts("B"), (std::vector{1'000 - sold, 0, sold}));
    EXPECT_LE(sold, 70);
}

TEST_F(Inventory, ReleasesTheReservationOfAnOrderThatWasCancelledOnce) {
    stock("A", 10);
    const std::string order = http::new_uuid();
    ASSERT_EQ(reserve(order, {{"A", 4}}).status, 201);
    ASSERT_EQ(act(order, "confirm").status, 200);
    // Its own relay publishes what is in its outbox, whatever it is.
    for (int i = 0; i < 2; ++i) {
        sandbox.query("inventory", "INSERT INTO outbox (id, type, payload, traceparent) VALUES ('" + http::new_uuid() +
                                       "', 'order.cancelled', '{\"order_id\": \"" + order + "\", \"reason\": \"test\"}', '')");
    }
    EXPECT_TRUE(eventually([&] { return state(order) == "RELEASED"; }));
    EXPECT_TRUE(eventually([&] { return inventory.metric("messages_consumed_total{event=\"order.cancelled\"") >= 2; }));
    EXPECT_EQ(counts("A"), (std::vector{10, 0, 0}));
}

TEST_F(Inventory, AnswersWrongRequestsWithEveryWrongField) {
    Json body = wish("nonsense", {{"a b", 0}, {"A", 1}, {"A", 1}}, 0);
    const support::Answer answer = inventory.client().post(kReservations, body);
    EXPECT_EQ(answer.status, 400);
    EXPECT_EQ(answer.json()["errors"].size(), 5U) << answer.body;
    EXPECT_EQ(inventory.client().get("/api/v1/stock/NONE").status, 404);
    EXPECT_EQ(inventory.client().get(kReservations + "/" + http::new_uuid()).status, 404);
    EXPECT_EQ(inventory.client().put("/internal/v1/stock/A", {{"on_hand", -1}}).status, 400);
}

}  // namespace
}  // namespace services
