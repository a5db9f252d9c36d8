// The order service with the real catalog, inventory, payment and provider: whichever process is killed at whichever request, the
// books of all of them agree.
#include <gmock/gmock.h>

#include <atomic>

#include "common/http/input.h"
#include "peer.h"

namespace services {
namespace {

class OrdersAmongRealPeers : public testing::Test {
protected:
    OrdersAmongRealPeers() {
        catalog.set("USER_URL", "http://127.0.0.1:" + std::to_string(support::free_port()));  // Away, which only degrades.
        payment.set("PAYMENT_PROVIDER_URL", simulator.url());
        order.set("CATALOG_URL", to_catalog.url());
        order.set("INVENTORY_URL", to_inventory.url());
        order.set("PAYMENT_URL", to_payment.url());
    }

    void SetUp() override {
        for (ServiceProcess* process : {&simulator, &catalog, &inventory, &payment, &order}) process->start();
        ASSERT_EQ(catalog.client().post("/internal/v1/products", any_product("A", 250)).status, 201);
        ASSERT_EQ(inventory.client().put("/internal/v1/stock/A", {{"on_hand", 1'000}}).status, 200);
    }

    struct Buyer {
        std::string user = http::new_uuid();
        std::string key = http::new_uuid();
        std::string token = "tok_visa";
    };
    void fill(const Buyer& buyer) {
        support::Answer answer;
        // A breaker may be open still after the kill before.
        eventually([&] {
            answer = order.client().put("/api/v1/cart/items/A", {{"quantity", 2}}, {{"X-User-Id", buyer.user}});
            return answer.status == 200;
        });
        ASSERT_EQ(answer.status, 200) << answer.body;
    }
    support::Answer check_out(const Buyer& buyer) {
        const Json body = {{"payment_method", {{"token", buyer.token}}},
                           {"shipping_address",
                            {{"name", "Ada"}, {"line1", "1 St"}, {"city", "London"}, {"postal_code", "1"}, {"country", "GB"}}}};
        return order.client().post("/api/v1/checkout", body, {{"X-User-Id", buyer.user}, {"Idempotency-Key", buyer.key}});
    }
    int count(const std::string& database, const std::string& what) {
        return sandbox.query(database, "SELECT count(*) FROM " + what)[0][0].as<int>();
    }
    bool all_ended() { return count("orders", "orders WHERE state = 'PENDING'") == 0; }

    void expect_accord() {
        const int confirmed = count("orders", "orders WHERE state = 'CONFIRMED'");
        EXPECT_EQ(count("orders", "orders WHERE state = 'NEEDS_ATTENTION'"), 0);
        const pqxx::result stock = sandbox.query("inventory", "SELECT on_hand, reserved, sold FROM stock WHERE sku = 'A'");
        EXPECT_EQ(stock[0][0].as<int>(), 1'000 - 2 * confirmed);
        EXPECT_EQ(stock[0][1].as<int>(), 0);
        EXPECT_EQ(stock[0][2].as<int>(), 2 * confirmed);
        EXPECT_EQ(count("payments", "payments WHERE state = 'CAPTURED'"), confirmed);
        EXPECT_EQ(count("payments", "payments WHERE state IN ('PENDING', 'AUTHORIZED')"), 0);
        EXPECT_EQ(payment.client().get("/internal/v1/ledger").json()["balanced"], true);
    }

    void expect_accord_after_kills(bool of_order);

    Sandbox sandbox;
    ServiceProcess simulator{sandbox, "simulator"};
    ServiceProcess catalog{sandbox, "catalog"};
    ServiceProcess inventory{sandbox, "inventory"};
    ServiceProcess payment{sandbox, "payment"};
    ServiceProcess order{sandbox, "order"};
    Peer to_catalog{catalog};
    Peer to_inventory{inventory};
    Peer to_payment{payment};
};

TEST_F(OrdersAmongRealPeers, AreConfirmedDeclinedOrOutOfStock) {
    const Buyer content;
    fill(content);
    const support::Answer confirmed = check_out(content);
    ASSERT_EQ(confirmed.status, 201) << confirmed.body;
    EXPECT_EQ(confirmed.json()["total"]["amount"], 500);
    EXPECT_EQ(check_out(content).json(), confirmed.json());
    Buyer broke;
    broke.token = "tok_declined";
    fill(broke);
    EXPECT_EQ(check_out(broke).status, 402);
    ASSERT_EQ(inventory.client().put("/internal/v1/stock/A", {{"on_hand", 1}}).status, 200);
    const Buyer late;
    fill(late);
    EXPECT_EQ(check_out(late).status, 409);
    ASSERT_EQ(inventory.client().put("/internal/v1/stock/A", {{"on_hand", 998}}).status, 200);
    expect_accord();
    // What was confirmed is heard by the catalog, and what was cancelled by inventory and payment.
    EXPECT_TRUE(eventually([&] { return count("orders", "outbox") == 0; }));
    EXPECT_TRUE(eventually([&] { return count("payments", "inbox") == 2 && count("inventory", "inbox") == 2; }));
    expect_accord();
}

// Who comes while the first is worked on waits for it.
TEST_F(OrdersAmongRealPeers, HundredEqualCheckoutsAtOnceAreOneOrderAndOneCharge) {
    const Buyer buyer;
    fill(buyer);
    to_payment.follow([](const http::Request&) {
        Peer::Fate fate;
        fate.before = [] { std::this_thread::sleep_for(100ms); };
        return fate;
    });
    std::mutex mutex;
    std::map<std::string, int> answers;
    std::vector<std::thread> threads;
    for (int i = 0; i < 100; ++i) {
        threads.emplace_back([&] {
            const support::Answer answer = check_out(buyer);
            const std::lock_guard lock(mutex);
            ++answers[std::to_string(answer.status) + " " + answer.body];
        });
    }
    for (std::thread& thread : threads) thread.join();
    ASSERT_EQ(answers.size(), 1U) << testing::PrintToString(answers);
    EXPECT_TRUE(answers.begin()->first.starts_with("201 "));
    EXPECT_EQ(count("orders", "orders"), 1);
    std::vector<std::string> operations;
    const Json ledger = simulator.client().get("/v1/ledger").json();
    for (const Json& entry : ledger["entries"]) {
        if (entry["amount"] > 0) operations.push_back(entry["operation"]);
    }
    EXPECT_THAT(operations, testing::ElementsAre("authorize", "capture"));
    expect_accord();
}

// Before a request has its effect, which it then never has, or after it; for each request of a checkout that succeeds and of one
// that is taken back.
void OrdersAmongRealPeers::expect_accord_after_kills(bool of_order) {
    struct Point {
        const char* path;  // The end of the request's.
        Peer* wire;
        ServiceProcess* peer;
        bool declined;
    };
    const Point points[] = {
        {"/prices", &to_catalog, &catalog, false},     {"/reservations", &to_inventory, &inventory, false},
        {"/payments", &to_payment, &payment, false},   {"/confirm", &to_inventory, &inventory, false},
        {"/capture", &to_payment, &payment, false},    {"/void", &to_payment, &payment, true},
        {"/release", &to_inventory, &inventory, true},
    };
    for (const Point& point : points) {
        ServiceProcess* victim = of_order ? &order : point.peer;
        for (const bool before : {true, false}) {
            SCOPED_TRACE(std::string(victim == &order ? "order" : "its peer") + " killed " + (before ? "before " : "after ") +
                         point.path + (point.declined ? ", declined" : ""));
            Buyer buyer;
            if (point.declined) buyer.token = "tok_declined";
            fill(buyer);
            std::atomic<bool> killed = false;
            const pid_t pid = victim->pid();
            point.wire->follow([&](const http::Request& request) {
                Peer::Fate fate;
                if (!request.path.ends_with(point.path) || killed.exchange(true)) return fate;
                (before ? fate.before : fate.after) = [pid] { ::kill(pid, SIGKILL); };
                fate.drop = before;
                fate.lose = true;
                return fate;
            });
            std::thread requester([&] {
                try {
                    check_out(buyer);
                } catch (const support::NoAnswer&) {  // It was the order service.
                }
            });
            EXPECT_TRUE(eventually([&] { return killed.load(); }));
            EXPECT_TRUE(eventually([&] { return !victim->running(); }));
            victim->start();
            requester.join();
            if (victim == &order) sandbox.query("orders", "UPDATE sagas SET resume_at = now()");
            EXPECT_TRUE(eventually([&] { return all_ended(); }));
            point.wire->follow({});
            const int status = check_out(buyer).status;
            // Where a peer is away the way forward may be given up.
            EXPECT_TRUE(status == (point.declined ? 402 : 201) || (victim != &order && status == 409)) << status;
            expect_accord();
        }
    }
    std::cout << count("orders", "orders WHERE state = 'CONFIRMED'") << " confirmed, "
              << count("orders", "orders WHERE state = 'CANCELLED'") << " cancelled\n";
}

TEST_F(OrdersAmongRealPeers, EndInAccordAtWhicheverRequestTheOrderServiceIsKilled) {
    expect_accord_after_kills(true);
}

TEST_F(OrdersAmongRealPeers, EndInAccordAtWhicheverRequestThePeerIsKilled) {
    expect_accord_after_kills(false);
}

}  // namespace
}  // namespace services
