// Each real provider, held against what its consumers live on. Whoever changes a field that one of them reads fails here.
#include <gmock/gmock.h>

#include <regex>

#include "common/http/input.h"
#include "contract.h"
#include "gateway/route_table.h"
#include "harness.h"

namespace services {
namespace {

using testing::HasSubstr;

constexpr auto kNobody = "http://127.0.0.1:9";

struct RealProvider : testing::Test {
    ServiceProcess& start(const std::string& service) {
        process = std::make_unique<ServiceProcess>(sandbox, service);
        process->set("PAYMENT_PROVIDER_URL", simulator ? simulator->url() : kNobody);
        for (const char* variable : {"USER_URL", "CATALOG_URL", "INVENTORY_URL", "PAYMENT_URL"}) {
            process->set(variable, kNobody);
        }
        process->start();
        return *process;
    }
    Json sign_up() {
        const Json account = {{"email", http::new_uuid() + "@example.com"},
                              {"password", "correct horse battery"},
                              {"first_name", "Ada"},
                              {"last_name", "L"}};
        const support::Answer made = process->client().post("/api/v1/register", account);
        EXPECT_EQ(made.status, 201) << made.body;
        return made.json();
    }
    void add_product() {
        const Json product = {{"sku", "A"},
                              {"name", "The A"},
                              {"description", ""},
                              {"category", "tests"},
                              {"price", {{"amount", 250}, {"currency", "EUR"}}}};
        ASSERT_EQ(process->client().post("/internal/v1/products", product).status, 201);
    }

    Sandbox sandbox;
    std::unique_ptr<ServiceProcess> simulator;  // Of the payment service.
    std::unique_ptr<ServiceProcess> process;
};

TEST_F(RealProvider, UserDoesWhatTheCatalogAndTheGatewayExpect) {
    start("user");
    hold_to(contract_of("catalog", "user"), process->client(),
            {{"a user with tastes", [&](Bindings& bindings) {
                  const Json made = sign_up();
                  HttpClient client = process->client();
                  bindings["user"] = made["user"]["id"];
                  const Json tastes = {{"categories", {"tea"}}, {"newsletter", false}};
                  const support::Headers as = {{"Authorization", "Bearer " + made["token"].get<std::string>()}};
                  ASSERT_EQ(client.put("/api/v1/preferences", tastes, as).status, 200);
                  const Json view = {{"product_id", bindings["product"] = http::new_uuid()}, {"category", "tea"}};
                  ASSERT_EQ(client.post("/internal/v1/users/" + bindings["user"] + "/history", view).status, 204);
              }}});
    hold_to(contract_of("gateway", "user"), process->client());
}

// What the gateway reads besides answers: tokens, and sessions in Redis.
TEST_F(RealProvider, UserIssuesTokensAndKeepsSessionsThatTheGatewayUnderstands) {
    start("user");
    ServiceProcess gateway(sandbox, "gateway");
    gateway.set("USER_URL", process->url());
    for (const char* variable : {"CATALOG_URL", "INVENTORY_URL", "ORDER_URL", "PAYMENT_URL"}) gateway.set(variable, kNobody);
    gateway.start();
    HttpClient client = gateway.client();
    client.set_header("Authorization", "Bearer " + sign_up()["token"].get<std::string>());
    EXPECT_EQ(client.get("/api/v1/profile").status, 200);
    EXPECT_EQ(gateway.metric("gateway_token_checks_total{outcome=\"good\"}"), 1);
    EXPECT_EQ(gateway.metric("gateway_token_checks_total{outcome=\"session_unchecked\"}"), 0);
    EXPECT_EQ(client.request("POST", "/api/v1/logout").status, 204);
    EXPECT_TRUE(eventually([&] {
        client.get("/api/v1/profile");
        return gateway.metric("gateway_token_checks_total{outcome=\"session_ended\"}") > 0;
    }));
}

TEST_F(RealProvider, CatalogDoesWhatTheOrderServiceExpects) {
    start("catalog");
    add_product();
    hold_to(contract_of("order", "catalog"), process->client(), {{"the product A", [](Bindings&) {}}});
}

TEST_F(RealProvider, InventoryDoesWhatTheOrderServiceExpects) {
    start("inventory");
    hold_to(contract_of("order", "inventory"), process->client(),
            {{"fifty of A", [&](Bindings&) {
                  ASSERT_EQ(process->client().put("/internal/v1/stock/A", {{"on_hand", 50}}).status, 200);
              }}});
}

TEST_F(RealProvider, PaymentDoesWhatTheOrderServiceExpects) {
    simulator = std::make_unique<ServiceProcess>(sandbox, "simulator");
    simulator->start();
    start("payment");
    hold_to(contract_of("order", "payment"), process->client());
}

TEST_F(RealProvider, SimulatorDoesWhatThePaymentServiceExpects) {
    start("simulator");
    hold_to(contract_of("payment", "simulator"), process->client());
}

// Every public route is there, and those for a user alone ask who it is.
TEST_F(RealProvider, ServicesHaveTheRoutesThatTheGatewayLeadsTo) {
    std::map<std::string, std::unique_ptr<ServiceProcess>> services;
    for (const char* service : {"user", "catalog", "inventory", "order", "payment"}) {
        start(service);
        services[service] = std::move(process);
    }
    for (const gateway::PublicRoute& route : gateway::public_routes()) {
        SCOPED_TRACE(std::string(route.method) + " " + std::string(route.path));
        std::string path = std::regex_replace(std::string(route.path), std::regex("\\{[a-z]+:uuid\\}"), http::new_uuid());
        path = std::regex_replace(path, std::regex("\\{[a-z]+:word\\}"), "A");
        HttpClient client = services.at(std::string(route.upstream))->client();
        const support::Answer options = client.request("OPTIONS", path);
        EXPECT_EQ(options.status, 405) << "there is nothing at this path";
        EXPECT_THAT(options.header("Allow").value_or(""), HasSubstr(std::string(route.method)));
        if (route.access != gateway::Access::User) continue;
        EXPECT_EQ(client.request(std::string(route.method), path).status, 401) << "nobody in particular asks";
    }
}

}  // namespace
}  // namespace services
