// The order service as a process, with its real stores and the real inventory; catalog and payment are played by the test, so
// that it can meet each request. Whatever is lost, refused or killed: goods and money are in accord, and every order ends.
#include <gmock/gmock.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <random>
#include <set>
#include <thread>

#include "common/http/input.h"
#include "peer.h"

namespace services {
namespace {

// What the payment service promises, in memory.
class PlayedPayment {
public:
    http::Response handle(const http::Request& request) {
        const std::lock_guard lock(mutex_);
        const std::string prefix = "/internal/v1/payments";
        if (request.path == prefix) return authorize(Json::parse(request.body));
        const std::string rest = request.path.substr(prefix.size() + 1);
        return change(rest.substr(0, rest.find('/')), rest.substr(rest.find('/') + 1));
    }

    std::string state(const std::string& order) {
        const std::lock_guard lock(mutex_);
        const auto found = states_.find(order);
        return found == states_.end() ? "" : found->second;
    }
    std::size_t captured() {
        const std::lock_guard lock(mutex_);
        return static_cast<std::size_t>(
            std::count_if(states_.begin(), states_.end(), [](const auto& each) { return each.second == "CAPTURED"; }));
    }
    std::size_t held() {
        const std::lock_guard lock(mutex_);
        return static_cast<std::size_t>(
            std::count_if(states_.begin(), states_.end(), [](const auto& each) { return each.second == "AUTHORIZED"; }));
    }

private:
    static http::Response told(const std::string& order, const std::string& state, int status) {
        return http::json_response(status, {{"id", order}, {"order_id", order}, {"state", state}});
    }
    http::Response authorize(const Json& body) {
        const std::string order = body["order_id"];
        std::string& state = states_[order];
        if (state == "VOIDED" || state == "REFUNDED") return http::json_response(409, {{"detail", "voided"}});
        const bool declined = body["payment_method"]["token"] == "tok_declined";
        if (state.empty()) state = declined ? "DECLINED" : "AUTHORIZED";
        return told(order, state == "CAPTURED" ? "AUTHORIZED" : state, 201);
    }
    http::Response change(const std::string& order, const std::string& action) {
        std::string& state = states_[order];
        const std::map<std::string, std::pair<std::set<std::string>, std::string>> table = {
            {"capture", {{"AUTHORIZED"}, "CAPTURED"}},
            {"void", {{"", "AUTHORIZED"}, "VOIDED"}},
            {"refund", {{"CAPTURED"}, "REFUNDED"}}};
        const auto& [from, to] = table.at(action);
        if (from.contains(state)) state = to;
        if (state == to || (action == "void" && state == "DECLINED")) return told(order, state, 200);
        return http::json_response(409, {{"detail", "it is " + state}});
    }

    std::mutex mutex_;
    std::map<std::string, std::string> states_;
};

http::Response prices(const http::Request& request) {
    Json items = Json::array();
    http::Query query(request);
    for (const std::string& sku : query.texts("sku", 100)) {
        if (sku == "UNKNOWN") continue;
        items.push_back({{"sku", sku},
                         {"product_id", http::new_uuid()},
                         {"name", "The " + sku},
                         {"price", {{"amount", 250}, {"currency", sku == "DOLLARS" ? "USD" : "EUR"}}}});
    }
    return http::json_response(200, {{"items", items}});
}

class Orders : public testing::Test {
protected:
    Orders() { configure(order); }

    void SetUp() override {
        inventory.start();
        order.start();
        stock("A", 1'000);
    }

    void configure(ServiceProcess& process) {
        process.set("CATALOG_URL", catalog.url());
        process.set("INVENTORY_URL", goods.url());
        process.set("PAYMENT_URL", payment.url());
    }
    void stock(const std::string& sku, int on_hand) {
        ASSERT_EQ(inventory.client().put("/internal/v1/stock/" + sku, {{"on_hand", on_hand}}).status, 200);
    }

    struct Buyer {
        std::string user = http::new_uuid();
        std::string key = http::new_uuid();
        std::string token = "tok_visa";
    };
    void fill(const Buyer& buyer, const std::string& sku = "A", int quantity = 2) {
        const support::Answer answer =
            order.client().request("PUT", "/api/v1/cart/items/" + sku, Json{{"quantity", quantity}}.dump(),
                                   {{"X-User-Id", buyer.user}, {"Content-Type", "application/json"}});
        ASSERT_EQ(answer.status, 200) << answer.body;
    }
    static support::Answer check_out(const ServiceProcess& at, const Buyer& buyer, const std::string& deadline_ms = "30000") {
        const Json body = {{"payment_method", {{"token", buyer.token}}},
                           {"shipping_address",
                            {{"name", "Ada"}, {"line1", "1 St"}, {"city", "London"}, {"postal_code", "1"}, {"country", "GB"}}}};
        return at.client().post("/api/v1/checkout", body,
                                {{"X-User-Id", buyer.user}, {"Idempotency-Key", buyer.key}, {"X-Deadline-Ms", deadline_ms}});
    }
    support::Answer check_out(const Buyer& buyer, const std::string& deadline_ms = "30000") {
        return check_out(order, buyer, deadline_ms);
    }
    Json get(const Buyer& buyer, const std::string& path) { return order.client().get(path, {{"X-User-Id", buyer.user}}).json(); }
    // {on_hand, reserved, sold}
    std::vector<int> counts(const std::string& sku) {
        const pqxx::result rows =
            sandbox.query("inventory", "SELECT on_hand, reserved, sold FROM stock WHERE sku = '" + sku + "'");
        return {rows[0][0].as<int>(), rows[0][1].as<int>(), rows[0][2].as<int>()};
    }
    int count(const std::string& sql) { return sandbox.query("orders", "SELECT count(*) FROM " + sql)[0][0].as<int>(); }
    bool all_ended() { return count("orders WHERE state = 'PENDING'") == 0 && count("sagas") == 0; }
    std::string order_of(const Buyer& buyer) {
        const pqxx::result rows = sandbox.query("orders", "SELECT id FROM orders WHERE user_id = '" + buyer.user + "'");
        return rows.empty() ? "" : rows[0][0].as<std::string>();
    }
    // Nobody has to wait for the lease of a process that a test has killed.
    void end_leases() { sandbox.query("orders", "UPDATE sagas SET resume_at = now()"); }

    // Each confirmed order's goods are sold and its money is taken, and nothing else is; `each` units of A an order.
    void expect_accord(int each = 2) {
        const int confirmed = count("orders WHERE state = 'CONFIRMED'");
        EXPECT_EQ(counts("A"), (std::vector{1'000 - each * confirmed, 0, each * confirmed}));
        EXPECT_EQ(payment_state.captured(), static_cast<std::size_t>(confirmed));
        EXPECT_EQ(payment_state.held(), 0U);
        EXPECT_EQ(count("orders WHERE state = 'NEEDS_ATTENTION'"), 0);
    }

    Sandbox sandbox;
    ServiceProcess inventory{sandbox, "inventory"};
    ServiceProcess order{sandbox, "order"};
    PlayedPayment payment_state;
    Peer catalog{http::Handler(prices)};
    Peer goods{inventory};
    Peer payment{http::Handler([this](const http::Request& request) { return payment_state.handle(request); })};
};

void all_at_once(int count, const std::function<void(int)>& work) {
    std::vector<std::thread> threads;
    for (int i = 0; i < count; ++i) threads.emplace_back([&work, i] { work(i); });
    for (std::thread& thread : threads) thread.join();
}

TEST_F(Orders, CartHoldsProductsWithTheirPrices) {
    const Buyer buyer;
    EXPECT_EQ(get(buyer, "/api/v1/cart"), Json::parse(R"({"items":[],"total":{"amount":0,"currency":"EUR"}})"));
    fill(buyer, "A", 3);
    fill(buyer, "B", 1);
    fill(buyer, "A", 2);
    EXPECT_EQ(get(buyer, "/api/v1/cart")["total"], (Json{{"amount", 750}, {"currency", "EUR"}}));
    EXPECT_EQ(get(buyer, "/api/v1/cart")["items"][0],
              Json::parse(R"({"sku":"A","name":"The A","quantity":2,"price":{"amount":250,"currency":"EUR"}})"));
    const support::Headers headers = {{"X-User-Id", buyer.user}};
    const auto put = [&](const std::string& sku, int quantity) {
        return order.client().put("/api/v1/cart/items/" + sku, {{"quantity", quantity}}, headers).status;
    };
    EXPECT_EQ(put("UNKNOWN", 1), 404);
    EXPECT_EQ(put("DOLLARS", 1), 409);
    EXPECT_EQ(put("A", 100), 400);
    EXPECT_EQ(order.client().remove("/api/v1/cart/items/A", headers).status, 204);
    EXPECT_EQ(get(buyer, "/api/v1/cart")["items"].size(), 1U);
    catalog.follow([](const http::Request&) { return Peer::Fate{{}, {}, true, false, false}; });
    EXPECT_EQ(get(buyer, "/api/v1/cart")["total"]["amount"], 250) << "the catalog is away";
    EXPECT_EQ(order.client().remove("/api/v1/cart", headers).status, 204);
    EXPECT_EQ(get(buyer, "/api/v1/cart")["items"].size(), 0U);
    EXPECT_EQ(order.client().get("/api/v1/cart").status, 401);
}

TEST_F(Orders, CheckoutSellsTheGoodsTakesTheMoneyAndEmptiesTheCart) {
    const Buyer buyer;
    fill(buyer);
    const support::Answer answer = check_out(buyer);
    ASSERT_EQ(answer.status, 201) << answer.body;
    const Json made = answer.json();
    EXPECT_EQ(made["state"], "CONFIRMED");
    EXPECT_EQ(made["total"], (Json{{"amount", 500}, {"currency", "EUR"}}));
    EXPECT_EQ(payment_state.state(made["id"]), "CAPTURED");
    expect_accord();
    EXPECT_EQ(get(buyer, "/api/v1/orders/" + made["id"].get<std::string>()), made);
    EXPECT_EQ(get(buyer, "/api/v1/orders")["items"], Json::array({made}));
    EXPECT_TRUE(get(buyer, "/api/v1/cart")["items"].empty());
    EXPECT_EQ(count("outbox WHERE type = 'order.confirmed'"), 1);  // Until there is a catalog that hears it.
    EXPECT_EQ(order.client().get("/api/v1/orders/" + made["id"].get<std::string>(), {{"X-User-Id", http::new_uuid()}}).status,
              404);
    const support::Answer again = check_out(buyer);
    EXPECT_EQ(again.status, 201);
    EXPECT_EQ(again.json(), made);
}

TEST_F(Orders, CheckoutLeavesInTheCartWhatWasPutThereMeanwhile) {
    const Buyer buyer;
    fill(buyer, "A");
    std::atomic<bool> filled = false;
    payment.follow([&](const http::Request& request) {
        Peer::Fate fate;
        if (request.path.ends_with("/capture") && !filled.exchange(true)) {
            fate.before = [&] {
                fill(buyer, "B", 1);
                fill(buyer, "A", 5);
            };
        }
        return fate;
    });
    ASSERT_EQ(check_out(buyer).status, 201);
    EXPECT_EQ(get(buyer, "/api/v1/cart")["items"].size(), 2U);
}

TEST_F(Orders, EqualCheckoutsAtOnceMakeOneOrderAndGetEqualAnswers) {
    ServiceProcess replica(sandbox, "order");
    configure(replica);
    replica.start();
    const Buyer buyer;
    fill(buyer);
    payment.follow([](const http::Request&) {
        return Peer::Fate{[] { std::this_thread::sleep_for(100ms); }, {}, false, false, false};
    });
    std::mutex mutex;
    std::map<std::string, int> answers;
    all_at_once(100, [&](int i) {
        const support::Answer answer = check_out(i % 2 == 0 ? order : replica, buyer);
        const std::lock_guard lock(mutex);
        ++answers[std::to_string(answer.status) + " " + answer.body];
    });
    ASSERT_EQ(answers.size(), 1U) << testing::PrintToString(answers);
    EXPECT_TRUE(answers.begin()->first.starts_with("201 "));
    EXPECT_EQ(count("orders"), 1);
    EXPECT_EQ(payment_state.captured(), 1U);
    expect_accord();
}

TEST_F(Orders, AnotherRequestWithAUsedKeyIsRefused) {
    Buyer buyer;
    fill(buyer);
    ASSERT_EQ(check_out(buyer).status, 201);
    buyer.token = "tok_other";
    EXPECT_EQ(check_out(buyer).status, 422);
    EXPECT_EQ(check_out(Buyer{}).status, 409) << "an empty cart";
    Buyer without;
    without.key = "";
    EXPECT_EQ(check_out(without).status, 400);
}

TEST_F(Orders, DeclinedPaymentGivesTheGoodsBackAndIsToldTheSameEachTime) {
    Buyer buyer;
    buyer.token = "tok_declined";
    fill(buyer);
    EXPECT_EQ(check_out(buyer).status, 402);
    EXPECT_EQ(check_out(buyer).status, 402);
    expect_accord();
    EXPECT_EQ(get(buyer, "/api/v1/orders")["items"][0]["reason"], "payment_declined");
    EXPECT_EQ(get(buyer, "/api/v1/cart")["items"].size(), 1U);
}

TEST_F(Orders, OutOfStockIsToldAndNothingIsCharged) {
    stock("RARE", 1);
    const Buyer buyer;
    fill(buyer, "RARE", 2);
    EXPECT_EQ(check_out(buyer).status, 409);
    EXPECT_EQ(get(buyer, "/api/v1/orders")["items"][0]["reason"], "out_of_stock");
    EXPECT_EQ(payment_state.state(order_of(buyer)), "");
    EXPECT_EQ(counts("RARE"), (std::vector{1, 0, 0}));
}

TEST_F(Orders, GoOnWhenTheTimeOfTheirRequestIsOver) {
    const Buyer buyer;
    fill(buyer);
    std::atomic<bool> open = false;
    payment.follow([&](const http::Request&) {
        return Peer::Fate{[&] { eventually([&] { return open.load(); }, 4s); }, {}, false, false, false};
    });
    support::Answer first;
    std::thread requester([&] { first = check_out(buyer, "1500"); });
    ASSERT_TRUE(eventually([&] { return count("orders") == 1; }));
    EXPECT_EQ(check_out(buyer, "500").status, 409) << "an equal one whose own time is over";
    requester.join();
    EXPECT_EQ(first.status, 202) << first.body;
    EXPECT_EQ(first.json()["state"], "PENDING");
    open = true;
    EXPECT_TRUE(eventually([&] { return all_ended(); }));
    EXPECT_EQ(check_out(buyer).status, 201);
    expect_accord();
}

TEST_F(Orders, EndInAccordWhateverThePeersAnswerWith) {
    constexpr unsigned kSeed = 2026;
    constexpr int kBuyers = 40;
    std::vector<Buyer> buyers(kBuyers);
    for (std::size_t i = 0; i < buyers.size(); i += 4) buyers[i].token = "tok_declined";  // To be taken back, as unreliably.
    for (const Buyer& buyer : buyers) fill(buyer);
    std::mutex mutex;
    std::mt19937 random(kSeed);
    const Peer::Script faulty = [&](const http::Request&) {
        const std::lock_guard lock(mutex);
        Peer::Fate fate;
        const auto draw = random() % 100;
        if (draw < 15) fate.refuse = true;
        if (draw >= 15 && draw < 30) fate.lose = true;
        if (draw >= 30 && draw < 40) fate.before = [] { std::this_thread::sleep_for(30ms); };
        return fate;
    };
    for (Peer* peer : {&catalog, &goods, &payment}) peer->follow(faulty);
    std::map<int, int> by_status;
    std::mutex counting;
    all_at_once(kBuyers, [&](int i) {
        const int status = check_out(buyers[static_cast<std::size_t>(i)], "4000").status;
        const std::lock_guard lock(counting);
        ++by_status[status];
    });
    for (Peer* peer : {&catalog, &goods, &payment}) peer->follow({});
    EXPECT_TRUE(eventually([&] { return all_ended(); }));
    for (const auto& [status, times] : by_status) {
        EXPECT_TRUE(status == 201 || status == 202 || status == 402 || status == 409) << status << ", " << times << " times";
    }
    EXPECT_EQ(count("orders"), kBuyers);
    expect_accord();
    std::cout << "seed " << kSeed << ": " << count("orders WHERE state = 'CONFIRMED'") << " confirmed, "
              << count("orders WHERE state = 'CANCELLED'") << " cancelled\n";
}

TEST_F(Orders, EndWithinAMinuteAfterAServiceThatWasAwayIsBack) {
    const Buyer buyer;
    fill(buyer);
    inventory.kill();
    EXPECT_EQ(check_out(buyer, "2000").status, 202);
    inventory.start();
    EXPECT_TRUE(eventually([&] { return all_ended(); }, 60s));
    expect_accord();
}

TEST_F(Orders, AreTakenBackWhenTheWayForwardStaysUnclearForTooLong) {
    const Buyer buyer;
    fill(buyer);
    payment.follow([](const http::Request& request) {
        return Peer::Fate{
            {}, {}, false, request.path == "/internal/v1/payments", false};  // Each answer to an authorisation is lost.
    });
    ASSERT_EQ(check_out(buyer, "1000").status, 202);
    EXPECT_TRUE(eventually([&] { return all_ended(); }));
    EXPECT_EQ(get(buyer, "/api/v1/orders")["items"][0]["reason"], "unavailable");
    EXPECT_EQ(payment_state.state(order_of(buyer)), "VOIDED");
    EXPECT_EQ(check_out(buyer).status, 409);
    expect_accord();
}

// The order service is killed before a request has its effect, which it then never has, or after it, for each request of a
// checkout that succeeds and of one that is taken back.
TEST_F(Orders, EndInAccordWhereverTheProcessIsKilled) {
    struct Point {
        const char* path;  // The end of the request's.
        Peer* peer;
        bool declined;
    };
    const Point points[] = {
        {"/prices", &catalog, false}, {"/reservations", &goods, false}, {"/payments", &payment, false},
        {"/confirm", &goods, false},  {"/capture", &payment, false},    {"/payments", &payment, true},
        {"/void", &payment, true},    {"/release", &goods, true},
    };
    int confirmed = 0;
    for (const Point& point : points) {
        for (const bool before : {true, false}) {
            SCOPED_TRACE(std::string(before ? "before " : "after ") + point.path + (point.declined ? ", declined" : ""));
            Buyer buyer;
            if (point.declined) buyer.token = "tok_declined";
            fill(buyer);
            std::atomic<bool> killed = false;
            const pid_t victim = order.pid();
            point.peer->follow([&](const http::Request& request) {
                Peer::Fate fate;
                if (!request.path.ends_with(point.path) || killed.exchange(true)) return fate;
                (before ? fate.before : fate.after) = [victim] { ::kill(victim, SIGKILL); };
                fate.drop = before;
                return fate;
            });
            EXPECT_THROW(check_out(buyer), support::NoAnswer);
            EXPECT_TRUE(killed);
            order.kill();
            end_leases();
            order.start();
            EXPECT_TRUE(eventually([&] { return all_ended(); }));
            point.peer->follow({});
            EXPECT_EQ(check_out(buyer).status, point.declined ? 402 : 201);
            EXPECT_EQ(count("orders WHERE user_id = '" + buyer.user + "'"), 1);
            if (!point.declined) ++confirmed;
            EXPECT_EQ(count("orders WHERE state = 'CONFIRMED'"), confirmed);
            expect_accord();
        }
    }
    EXPECT_EQ(count("outbox WHERE type = 'order.confirmed'"), confirmed);
}

TEST_F(Orders, OfAProcessThatDiedAreTakenOverByAnotherWhenItsLeaseEnds) {
    ServiceProcess replica(sandbox, "order");
    configure(replica);
    replica.start();
    const Buyer buyer;
    fill(buyer);
    const pid_t victim = order.pid();
    payment.follow([&](const http::Request& request) {
        Peer::Fate fate;
        if (request.path.ends_with("/capture")) fate.after = [victim] { ::kill(victim, SIGKILL); };
        return fate;
    });
    EXPECT_THROW(check_out(buyer), support::NoAnswer);
    EXPECT_TRUE(eventually([&] { return all_ended(); }));
    EXPECT_EQ(check_out(replica, buyer).status, 201);
    expect_accord();
}

TEST_F(Orders, WorkedOnByTwoProcessesAtOnceEndOnce) {
    ServiceProcess replica(sandbox, "order");
    configure(replica);
    replica.start();
    // Whoever asks for anything loses its lease meanwhile, time and again, but not for ever: a slow process might never get
    // ahead.
    constexpr int kThefts = 40;
    std::atomic<int> stolen = 0;
    const Peer::Script thief = [&](const http::Request&) {
        Peer::Fate fate;
        if (++stolen % 2 == 1 && stolen < kThefts) {
            fate.after = [this] {
                end_leases();
                std::this_thread::sleep_for(400ms);
            };
        }
        return fate;
    };
    for (Peer* peer : {&catalog, &goods, &payment}) peer->follow(thief);
    std::vector<Buyer> buyers(6);
    buyers[1].token = buyers[4].token = "tok_declined";
    for (const Buyer& buyer : buyers) fill(buyer);
    all_at_once(6, [&](int i) { check_out(i % 2 == 0 ? order : replica, buyers[static_cast<std::size_t>(i)]); });
    EXPECT_TRUE(eventually([&] { return all_ended(); }));
    EXPECT_GT(stolen, 5);
    EXPECT_EQ(count("orders"), 6);
    EXPECT_EQ(count("saga_steps WHERE next IN ('confirmed', 'cancelled')"), 6);
    EXPECT_EQ(count("outbox WHERE type = 'order.confirmed'"), count("orders WHERE state = 'CONFIRMED'"));
    expect_accord();
}

TEST_F(Orders, ListIsPagedFromTheNewest) {
    Buyer buyer;
    std::vector<std::string> made;
    for (int i = 0; i < 5; ++i) {
        buyer.key = http::new_uuid();
        fill(buyer);
        made.push_back(check_out(buyer).json()["id"]);
    }
    std::reverse(made.begin(), made.end());
    std::vector<std::string> listed;
    std::string path = "/api/v1/orders?limit=2";
    for (int pages = 0; pages < 4; ++pages) {
        const Json page = get(buyer, path);
        for (const Json& each : page["items"]) listed.push_back(each["id"]);
        if (page["next_cursor"].is_null()) break;
        path = "/api/v1/orders?limit=2&cursor=" + page["next_cursor"].get<std::string>();
    }
    EXPECT_EQ(listed, made);
    const support::Headers headers = {{"X-User-Id", buyer.user}};
    EXPECT_EQ(order.client().get("/api/v1/orders?limit=0", headers).status, 400);
    EXPECT_EQ(order.client().get("/api/v1/orders?cursor=x", headers).status, 400);
}

}  // namespace
}  // namespace services
