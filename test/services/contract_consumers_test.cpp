// Each consumer lives on what its contracts expect, and on nothing more: the providers are played by them. So a contract asks for
// exactly what its consumer sends and reads.
#include <gmock/gmock.h>

#include "broker.h"
#include "common/http/input.h"
#include "contract.h"
#include "gateway_fixture.h"
#include "peer.h"

namespace services {
namespace {

using testing::IsEmpty;

// A played provider on a port of its own.
struct Played {
    explicit Played(const std::string& consumer, const std::string& provider)
        : play(contract_of(consumer, provider)), peer(http::Handler([this](const http::Request& r) { return play.handle(r); })) {}

    // At the end of a test: nothing is expected that the consumer does not ask for, and nothing else is asked for.
    void expect_all() const {
        EXPECT_THAT(play.unasked(), IsEmpty());
        EXPECT_THAT(play.strangers(), IsEmpty());
    }

    PlayedProvider play;
    Peer peer;
};

Json event_for(const std::string& consumer, const std::string& type, Bindings bindings = {}) {
    return filled(contract_of(consumer, "order").events.at(type), bindings);
}

class CatalogByContract : public testing::Test {
protected:
    CatalogByContract() {
        catalog.set("USER_URL", users.peer.url());
        catalog.start();
    }
    std::string add(const std::string& sku, const std::string& category) {
        const support::Answer made =
            catalog.client().post("/internal/v1/products", Json{{"sku", sku},
                                                                {"name", "The " + sku},
                                                                {"description", ""},
                                                                {"category", category},
                                                                {"price", {{"amount", 250}, {"currency", "EUR"}}}});
        EXPECT_EQ(made.status, 201) << made.body;
        return made.json().value("id", "");
    }
    Json get(const std::string& path, const std::string& user) {
        const support::Answer answer = catalog.client().get(path, {{"X-User-Id", user}});
        EXPECT_EQ(answer.status, 200) << answer.body;
        return answer.json();
    }

    Sandbox sandbox;
    Played users{"catalog", "user"};
    ServiceProcess catalog{sandbox, "catalog"};
};

TEST_F(CatalogByContract, RecommendsByWhatTheUserServiceTells) {
    const std::string user = http::new_uuid();
    add("MUG", "kitchen");
    const std::string seen = add("TEA", "tea");
    add("TEA2", "tea");
    users.play.begin({{"user", user}, {"product", seen}});
    const Json recommended = get("/api/v1/recommendations", user);
    EXPECT_EQ(recommended["source"], "personal");
    EXPECT_EQ(recommended["items"][0]["sku"], "TEA2") << "of the category that the user likes, and not seen yet";
    EXPECT_EQ(get("/api/v1/history", user)["items"][0]["sku"], "TEA");
    EXPECT_EQ(get("/api/v1/recommendations", http::new_uuid())["source"], "popular");
    get("/api/v1/products/" + seen, user);
    EXPECT_TRUE(eventually([&] { return users.play.unasked().empty(); }));
    users.expect_all();
}

TEST_F(CatalogByContract, CountsWhatConfirmedOrdersSold) {
    add("B", "x");
    add("A", "x");
    Broker(sandbox).publish("order.confirmed", event_for("catalog", "order.confirmed"));
    EXPECT_TRUE(eventually([&] { return get("/api/v1/recommendations", http::new_uuid())["items"][0]["sku"] == "A"; }));
}

TEST(InventoryByContract, GivesBackWhatACancelledOrderReserved) {
    Sandbox sandbox;
    ServiceProcess inventory(sandbox, "inventory");
    inventory.start();
    HttpClient client = inventory.client();
    const std::string order = http::new_uuid();
    ASSERT_EQ(client.put("/internal/v1/stock/A", {{"on_hand", 5}}).status, 200);
    const Json wish = {{"order_id", order}, {"lines", {{{"sku", "A"}, {"quantity", 2}}}}, {"ttl_seconds", 600}};
    ASSERT_EQ(client.post("/internal/v1/reservations", wish).status, 201);
    Broker(sandbox).publish("order.cancelled", event_for("inventory", "order.cancelled", {{"order", order}}));
    EXPECT_TRUE(eventually([&] { return client.get("/internal/v1/reservations/" + order).json()["state"] == "RELEASED"; }));
}

class PaymentByContract : public testing::Test {
protected:
    PaymentByContract() {
        payment.set("PAYMENT_PROVIDER_URL", provider.peer.url());
        payment.start();
    }
    support::Answer authorize(const std::string& order, const std::string& token = "tok_visa") {
        const Json body = {{"order_id", order},
                           {"user_id", http::new_uuid()},
                           {"amount", 500},
                           {"currency", "EUR"},
                           {"payment_method", {{"token", token}}}};
        return payment.client().post("/internal/v1/payments", body, {{"Idempotency-Key", order}});
    }
    // A new authorised payment's order.
    std::string authorized(std::set<std::string> preferred = {}) {
        const std::string order = http::new_uuid();
        provider.play.begin({{"order", order}}, std::move(preferred));
        EXPECT_EQ(authorize(order).json().value("state", ""), "AUTHORIZED");
        return order;
    }
    support::Answer change(const std::string& order, const std::string& command) {
        return payment.client().request("POST", "/internal/v1/payments/" + order + "/" + command);
    }
    std::string state(const std::string& order) {
        return payment.client().get("/internal/v1/payments/" + order).json().value("state", "");
    }

    Sandbox sandbox;
    Played provider{"payment", "simulator"};
    ServiceProcess payment{sandbox, "payment"};
};

TEST_F(PaymentByContract, MovesMoneyByWhatTheProviderTells) {
    const std::string paid = authorized();
    EXPECT_EQ(change(paid, "capture").json()["state"], "CAPTURED");
    EXPECT_EQ(change(paid, "refund").json()["state"], "REFUNDED");
    EXPECT_EQ(change(authorized(), "void").json()["state"], "VOIDED");
    EXPECT_EQ(change(authorized({"capture what was voided"}), "capture").status, 409);

    const std::string declined = http::new_uuid();
    provider.play.begin({{"order", declined}});
    EXPECT_EQ(authorize(declined, "tok_declined").json()["state"], "DECLINED");

    // Its answers are lost, so that the books must tell; or nothing ever arrived.
    for (const bool arrived : {true, false}) {
        const std::string unknown = http::new_uuid();
        provider.play.begin({{"order", unknown}},
                            arrived ? std::set<std::string>{} : std::set<std::string>{"look up what never arrived"});
        std::atomic<bool> looked_up = false;
        provider.peer.follow([&, arrived](const http::Request& request) {
            looked_up = looked_up || request.method == "GET";
            Peer::Fate fate;
            fate.lose = arrived && request.method == "POST";
            fate.refuse = !arrived && request.method == "POST" && !looked_up;
            return fate;
        });
        EXPECT_EQ(authorize(unknown).status, 503);
        EXPECT_TRUE(eventually([&] { return state(unknown) == "AUTHORIZED"; }));
        provider.peer.follow({});
    }
    provider.expect_all();
}

TEST_F(PaymentByContract, LetsGoOfWhatACancelledOrderHolds) {
    const std::string order = authorized();
    Broker(sandbox).publish("order.cancelled", event_for("payment", "order.cancelled", {{"order", order}}));
    EXPECT_TRUE(eventually([&] { return state(order) == "VOIDED"; }));
}

class OrderByContract : public testing::Test {
protected:
    OrderByContract() {
        order.set("CATALOG_URL", catalog.peer.url());
        order.set("INVENTORY_URL", inventory.peer.url());
        order.set("PAYMENT_URL", payment.peer.url());
        order.start();
    }
    support::Answer put(const std::string& sku, int quantity) {
        return order.client().put("/api/v1/cart/items/" + sku, {{"quantity", quantity}}, {{"X-User-Id", user}});
    }
    // A checkout of so many of A, while the peers prefer those interactions.
    int check_out(std::set<std::string> preferred = {}, int quantity = 2, const std::string& token = "tok_visa") {
        for (Played* peer : {&catalog, &inventory, &payment}) peer->play.begin({{"user", user}}, preferred);
        EXPECT_EQ(put("A", quantity).status, 200);
        const Json body = {{"payment_method", {{"token", token}}},
                           {"shipping_address",
                            {{"name", "Ada"}, {"line1", "1 St"}, {"city", "London"}, {"postal_code", "1"}, {"country", "GB"}}}};
        return order.client().post("/api/v1/checkout", body, {{"X-User-Id", user}, {"Idempotency-Key", http::new_uuid()}}).status;
    }

    const std::string user = http::new_uuid();
    Sandbox sandbox;
    Played catalog{"order", "catalog"};
    Played inventory{"order", "inventory"};
    Played payment{"order", "payment"};
    ServiceProcess order{sandbox, "order"};
};

TEST_F(OrderByContract, EndsEachCheckoutByWhatItsPeersTell) {
    EXPECT_EQ(put("UNKNOWN", 1).status, 404);
    EXPECT_EQ(check_out(), 201);
    EXPECT_EQ(check_out({"reserve again"}), 201);
    EXPECT_EQ(check_out({"reserve what was given up"}), 409);
    EXPECT_EQ(check_out({}, 99), 409);
    EXPECT_EQ(check_out({"void what was declined"}, 2, "tok_declined"), 402);
    EXPECT_EQ(check_out({"confirm what was given back"}), 409);
    EXPECT_EQ(check_out({"capture what was voided", "void what was captured"}), 409);
    for (const Played* peer : {&catalog, &inventory, &payment}) peer->expect_all();
    EXPECT_EQ(sandbox.query("orders", "SELECT count(*) FROM orders WHERE state = 'NEEDS_ATTENTION'")[0][0].as<int>(), 0);
}

// The order service as the provider of its events: what it really sends, held against who hears them.
TEST_F(OrderByContract, SendsEventsThatTheirConsumersCanRead) {
    Broker broker(sandbox);
    broker.listen();
    const auto expect_fit = [&](const std::string& consumer, const std::string& type, const Json& payload,
                                const std::string& id) {
        Bindings bindings{{"order", id}};
        EXPECT_THAT(misfits(contract_of(consumer, "order").events.at(type), payload, bindings), IsEmpty())
            << type << " for " << consumer << ": " << payload;
    };
    ASSERT_EQ(check_out(), 201);
    const std::optional<Json> confirmed = broker.next("order.confirmed");
    ASSERT_TRUE(confirmed);
    expect_fit("catalog", "order.confirmed", *confirmed, payment.play.bound("order"));
    ASSERT_EQ(check_out({"confirm what was given back"}), 409);
    const std::optional<Json> cancelled = broker.next("order.cancelled");
    ASSERT_TRUE(cancelled);
    for (const char* consumer : {"inventory", "payment"}) {
        expect_fit(consumer, "order.cancelled", *cancelled, payment.play.bound("order"));
    }
}

using GatewayByContract = GatewayTest;

TEST_F(GatewayByContract, ChecksTokensByTheKeysThatTheUserServicePublishes) {
    PlayedProvider users(contract_of("gateway", "user"));
    const Json key = keys()["keys"][0];
    users.begin({{"kid", key["kid"]}, {"x", key["x"]}});
    upstream.answer([&](const http::Request& request) {
        return request.path == "/api/v1/jwks.json" ? users.handle(request) : serve(request);
    });
    gateway.start();
    open_session();
    EXPECT_EQ(status_with(token()), 200);
    EXPECT_EQ(status_with(token() + "x"), 401);
    EXPECT_THAT(users.unasked(), IsEmpty());
    EXPECT_THAT(users.strangers(), IsEmpty());
}

}  // namespace
}  // namespace services
