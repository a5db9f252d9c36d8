// A service without one of its stores: without its database it says so and recovers by itself; without RabbitMQ it works on, and
// sends what it had to say when RabbitMQ is back.
#include <gtest/gtest.h>

#include "common/http/input.h"
#include "harness.h"

namespace services {
namespace {

struct Case {
    const char* service;
    const char* database;
    const char* read;  // A path that needs the database.
    // Has an event published by a change; its status.
    int (*change)(HttpClient client);
    bool outlives_database = false;  // Is degraded without it, and not unready.
};

int set_stock(HttpClient client) {
    return client.put("/internal/v1/stock/A", {{"on_hand", 5}}).status;
}

int add_product(HttpClient client) {
    return client.post("/internal/v1/products", any_product(http::new_uuid(), 250)).status;
}

int capture_payment(HttpClient client) {
    const std::string order = http::new_uuid();
    const Json body = {{"order_id", order},
                       {"user_id", http::new_uuid()},
                       {"amount", 500},
                       {"currency", "EUR"},
                       {"payment_method", {{"token", "tok_visa"}}}};
    const int status = client.post("/internal/v1/payments", body, {{"Idempotency-Key", order}}).status;
    return status == 201 ? client.request("POST", "/internal/v1/payments/" + order + "/capture").status : status;
}

// An order of what costs nothing, which is cancelled, since nothing can be paid.
int check_out(HttpClient client) {
    const support::Headers as = {{"X-User-Id", http::new_uuid()}, {"Idempotency-Key", http::new_uuid()}};
    const int status = client.put("/api/v1/cart/items/A", {{"quantity", 1}}, as).status;
    if (status != 200) return status;
    const Json address = {{"name", "Ada"}, {"line1", "1 St"}, {"city", "London"}, {"postal_code", "1"}, {"country", "GB"}};
    const int ended =
        client.post("/api/v1/checkout", Json{{"payment_method", {{"token", "tok_visa"}}}, {"shipping_address", address}}, as)
            .status;
    return ended == 409 ? 200 : ended;
}

class Outage : public testing::TestWithParam<Case> {
protected:
    Outage() {
        simulator.start();
        process.set("PAYMENT_PROVIDER_URL", simulator.url());
        for (const char* variable : {"USER_URL", "CATALOG_URL", "INVENTORY_URL", "PAYMENT_URL"}) {
            process.set(variable, "http://127.0.0.1:9");
        }
    }
    void put_between(support::Forwarder& wire, const std::string& variable, Url url, const std::string& scheme) {
        url.host = "127.0.0.1";
        url.port = wire.port();
        wire.open();
        process.set_file(variable, url.text(scheme));
    }
    support::Answer read() { return process.client().get(GetParam().read, {{"X-User-Id", http::new_uuid()}}); }
    bool serves() { return read().status < 500; }

    Sandbox sandbox;
    ServiceProcess simulator{sandbox, "simulator"};
    ServiceProcess process{sandbox, GetParam().service};
};

TEST_P(Outage, WithoutItsDatabaseItSaysSoAndRecoversByItself) {
    const Url database = Url::of(sandbox.database_url(GetParam().database));
    support::Forwarder wire(database.port);
    put_between(wire, "DATABASE_URL_FILE", database, "postgresql");
    process.start();
    EXPECT_TRUE(serves());
    wire.close();
    const support::Answer away = read();
    EXPECT_EQ(away.status, 503) << away.body;
    EXPECT_TRUE(away.header("Retry-After"));
    const auto is_told = [&] {
        const support::Answer ready = process.admin().get("/readyz");
        return ready.body.find("database: does not answer") != std::string::npos &&
               ready.status == (GetParam().outlives_database ? 200 : 503);
    };
    EXPECT_TRUE(eventually(is_told));
    EXPECT_EQ(process.admin().get("/livez").status, 200);
    wire.open();
    EXPECT_TRUE(eventually([&] { return serves(); }));
    EXPECT_TRUE(eventually([&] { return process.admin().get("/readyz").body == "ok\n"; }));
}

TEST_P(Outage, WithoutRabbitMqItWorksOnAndIsHeardLater) {
    ServiceProcess catalog(sandbox, "catalog");  // Of the order service, whose inventory and payment are away.
    if (std::string(GetParam().service) == "order") {
        catalog.set("USER_URL", "http://127.0.0.1:9");
        catalog.start();
        ASSERT_EQ(catalog.client().post("/internal/v1/products", any_product("A", 0)).status, 201);
        process.set("CATALOG_URL", catalog.url());
    }
    const Url broker = Url::of(sandbox.amqp_url(GetParam().service));
    support::Forwarder wire(broker.port);
    put_between(wire, "AMQP_URL_FILE", broker, "amqp");
    process.start();
    wire.close();
    EXPECT_EQ(GetParam().change(process.client()) / 100, 2);
    EXPECT_EQ(process.admin().get("/readyz").status, 200) << "degraded, not dead";
    const auto waiting = [&] { return sandbox.query(GetParam().database, "SELECT count(*) FROM outbox")[0][0].as<int>(); };
    EXPECT_GE(waiting(), 1);
    EXPECT_TRUE(serves());
    wire.open();
    EXPECT_TRUE(eventually([&] { return process.metric("messages_published_total") > 0; }));
}

INSTANTIATE_TEST_SUITE_P(Each, Outage,
                         testing::Values(Case{"catalog", "catalog", "/api/v1/products", add_product, true},
                                         Case{"inventory", "inventory", "/internal/v1/stock/A", set_stock},
                                         Case{"payment", "payments", "/internal/v1/ledger", capture_payment},
                                         Case{"order", "orders", "/api/v1/orders", check_out}),
                         [](const auto& each) { return std::string(each.param.service); });

}  // namespace
}  // namespace services
