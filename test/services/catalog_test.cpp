// The catalogue as a process, with its real stores: what it answers, and what it does without one of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <thread>

#include "common/http/input.h"
#include "fake_upstream.h"
#include "harness.h"

namespace services {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

struct Catalog : testing::Test {
    Sandbox sandbox;
    FakeUpstream users;
    ServiceProcess catalog{sandbox, "catalog"};

    Catalog() { catalog.set("USER_URL", users.url()); }

    static Json product(const std::string& sku, const std::string& name = "Coffee", const std::string& category = "coffee",
                        std::int64_t amount = 1000) {
        return {{"sku", sku},
                {"name", name},
                {"description", "About " + name},
                {"category", category},
                {"price", {{"amount", amount}, {"currency", "EUR"}}}};
    }
    Json add(const std::string& sku, const std::string& name = "Coffee", const std::string& category = "coffee",
             std::int64_t amount = 1000) {
        const auto made = catalog.client().post("/internal/v1/products", product(sku, name, category, amount));
        EXPECT_EQ(made.status, 201) << made.body;
        return made.json();
    }
    support::Answer show(const Json& item, const support::Headers& headers = {}) {
        return catalog.client().get("/api/v1/products/" + item["id"].get<std::string>(), headers);
    }
    std::vector<std::string> skus_at(const std::string& path, const support::Headers& headers = {}) {
        const auto answer = catalog.client().get(path, headers);
        EXPECT_EQ(answer.status, 200) << answer.body;
        std::vector<std::string> skus;
        const Json page = answer.json();
        for (const Json& item : page["items"]) skus.push_back(item["sku"]);
        return skus;
    }
    support::Answer replace(const Json& item, const Json& by, const std::string& tag) {
        return catalog.client().put("/internal/v1/products/" + item["id"].get<std::string>(), by, {{"If-Match", tag}});
    }
};

TEST_F(Catalog, ShowsWhatWasAdded) {
    catalog.start();
    const Json made = add("A", "Espresso", "coffee", 1250);
    const auto shown = show(made);
    ASSERT_EQ(shown.status, 200);
    EXPECT_EQ(shown.json(), made);
    EXPECT_EQ(made["price"], (Json{{"amount", 1250}, {"currency", "EUR"}}));
    EXPECT_EQ(catalog.client().get("/api/v1/products/" + http::new_uuid()).status, 404);
    EXPECT_EQ(catalog.client().post("/internal/v1/products", product("A")).status, 409);
}

TEST_F(Catalog, SaysNotModifiedWhereTheClientHasIt) {
    catalog.start();
    const Json made = add("A");
    const std::string tag = show(made).header("ETag").value();
    EXPECT_EQ(show(made, {{"If-None-Match", tag}}).status, 304);
    EXPECT_EQ(show(made, {{"If-None-Match", "\"other\""}}).status, 200);
}

TEST_F(Catalog, ReplacesOnlyWhatIsAsItWasRead) {
    catalog.start();
    const Json made = add("A");
    const std::string tag = show(made).header("ETag").value();
    EXPECT_EQ(catalog.client().put("/internal/v1/products/" + made["id"].get<std::string>(), product("A")).status, 428);
    EXPECT_EQ(replace(made, product("A", "New"), "\"99\"").status, 412);
    const auto replaced = replace(made, product("A", "New"), tag);
    ASSERT_EQ(replaced.status, 200) << replaced.body;
    EXPECT_EQ(show(made).json()["name"], "New");
    EXPECT_EQ(replace(made, product("A", "Late"), tag).status, 412);
    add("B");
    EXPECT_EQ(replace(made, product("B"), replaced.header("ETag").value()).status, 409);
    EXPECT_EQ(replace({{"id", http::new_uuid()}}, product("C"), "*").status, 404);
}

TEST_F(Catalog, AChangeIsSeenByOtherProcessesSoon) {
    ServiceProcess other(sandbox, "catalog");
    other.set("USER_URL", users.url());
    catalog.start();
    other.start();
    const Json made = add("A");
    const auto name_there = [&] {
        return other.client().get("/api/v1/products/" + made["id"].get<std::string>()).json()["name"].get<std::string>();
    };
    EXPECT_EQ(name_there(), "Coffee");
    ASSERT_EQ(replace(made, product("A", "New"), "*").status, 200);
    EXPECT_TRUE(eventually([&] { return name_there() == "New"; }, 8s)) << "sooner than it would expire";
}

TEST_F(Catalog, ListsByPagesWithoutGapsOrRepetitions) {
    catalog.start();
    std::set<std::string> all, seen;
    for (int i = 0; i < 25; ++i) {
        const std::string sku = "P" + std::to_string(i);
        add(sku, "Item", i % 2 == 0 ? "even" : "odd");
        all.insert(sku);
    }
    std::string cursor;
    for (int page = 0; page < 10; ++page) {
        const Json answer =
            catalog.client().get("/api/v1/products?limit=10" + (cursor.empty() ? "" : "&cursor=" + cursor)).json();
        for (const Json& item : answer["items"]) EXPECT_TRUE(seen.insert(item["sku"]).second);
        if (page == 0) add("LATE");
        if (answer["next_cursor"].is_null()) break;
        cursor = answer["next_cursor"];
    }
    all.insert("LATE");
    EXPECT_EQ(seen, all);
    EXPECT_THAT(skus_at("/api/v1/products?category=odd&limit=100"), SizeIs(12));
    EXPECT_EQ(catalog.client().get("/api/v1/products?category=odd&cursor=" + cursor).status, 400);
    EXPECT_EQ(catalog.client().get("/api/v1/products?cursor=nonsense").status, 400);
    EXPECT_EQ(catalog.client().get("/api/v1/products?limit=101").status, 400);
    const Json categories = catalog.client().get("/api/v1/categories").json();
    EXPECT_EQ(categories["items"][1], (Json{{"name", "even"}, {"products", 13}}));
}

TEST_F(Catalog, FindsByWordsTheBestFirst) {
    catalog.start();
    add("KETTLE", "Kettle for tea", "kitchen", 4000);
    add("TEA", "Green tea", "tea", 900);
    add("MUG", "Mug", "kitchen", 1200);
    EXPECT_THAT(skus_at("/api/v1/search?q=teas"), testing::UnorderedElementsAre("TEA", "KETTLE"));
    EXPECT_THAT(skus_at("/api/v1/search?q=tea&max_price=1000"), ElementsAre("TEA"));
    EXPECT_THAT(skus_at("/api/v1/search?q=tea&min_price=1000"), ElementsAre("KETTLE"));
    EXPECT_THAT(skus_at("/api/v1/search?q=tea&category=kitchen"), ElementsAre("KETTLE"));
    EXPECT_THAT(skus_at("/api/v1/search?q=ket"), ElementsAre("KETTLE")) << "the beginning of a word";
    EXPECT_THAT(skus_at("/api/v1/search?q=nothing"), IsEmpty());
    const Json first = catalog.client().get("/api/v1/search?q=tea&limit=1").json();
    const Json second =
        catalog.client().get("/api/v1/search?q=tea&limit=1&cursor=" + first["next_cursor"].get<std::string>()).json();
    EXPECT_NE(first["items"][0]["sku"], second["items"][0]["sku"]);
    EXPECT_TRUE(second["next_cursor"].is_null());
    EXPECT_EQ(catalog.client().get("/api/v1/search").status, 400);
}

TEST_F(Catalog, SearchesSimplyWhereTheFeatureIsOff) {
    catalog.set_config("featureFlags:\n  advancedSearch: false\n");
    catalog.start();
    add("TEA", "Green tea", "tea");
    EXPECT_THAT(skus_at("/api/v1/search?q=gre"), ElementsAre("TEA"));
    EXPECT_THAT(skus_at("/api/v1/search?q=TE"), ElementsAre("TEA"));
    EXPECT_EQ(catalog.metric("catalog_searches_total{by=\"text\""), 0);
}

TEST_F(Catalog, NoTextIsSql) {
    catalog.start();
    add("A");
    for (const char* text : {"%27%3B%20DROP%20TABLE%20products%3B--", "%25", "_", "%5C", "%22%22", "%21%26%7C%28%29%3A%2A",
                             "%3C-%3E", "a%20OR%201%3D1"}) {
        const auto answer = catalog.client().get("/api/v1/search?q=" + std::string(text));
        EXPECT_EQ(answer.status, 200) << text << answer.body;
        EXPECT_THAT(answer.json()["items"], IsEmpty()) << text;
        EXPECT_EQ(catalog.client().get("/api/v1/products?category=" + std::string(text)).status, 200) << text;
    }
    EXPECT_EQ(catalog.client().get("/internal/v1/prices?sku=%27%3BDROP").status, 400);
    Json evil = product("E", "'; DROP TABLE products; --", "{\"a\",\\b}");
    EXPECT_EQ(catalog.client().post("/internal/v1/products", evil).status, 201);
    EXPECT_THAT(skus_at("/api/v1/products"), ElementsAre("A", "E"));
}

TEST_F(Catalog, NamesEveryWrongField) {
    catalog.start();
    const auto answer = catalog.client().post(
        "/internal/v1/products", Json{{"sku", "a b"}, {"name", ""}, {"price", {{"amount", -1}, {"currency", "eur"}}}, {"x", 1}});
    ASSERT_EQ(answer.status, 400);
    std::set<std::string> fields;
    const Json problem = answer.json();
    for (const Json& error : problem["errors"]) fields.insert(error["field"]);
    EXPECT_THAT(fields,
                testing::IsSupersetOf({"/sku", "/name", "/description", "/category", "/price/amount", "/price/currency", "/x"}));
}

TEST_F(Catalog, TellsPricesOfKnownSkus) {
    catalog.start();
    const Json a = add("A", "One", "x", 100);
    add("B", "Two", "x", 200);
    const Json prices = catalog.client().get("/internal/v1/prices?sku=B&sku=A&sku=C").json();
    ASSERT_THAT(prices["items"], SizeIs(2));
    EXPECT_EQ(prices["items"][0],
              (Json{{"sku", "A"}, {"product_id", a["id"]}, {"name", "One"}, {"price", {{"amount", 100}, {"currency", "EUR"}}}}));
    EXPECT_EQ(catalog.client().get("/internal/v1/prices").status, 400);
}

TEST_F(Catalog, ServesWithoutRedisAndWithoutTheBroker) {
    catalog.set_file("AMQP_URL_FILE", "amqp://x:x@127.0.0.1:" + std::to_string(support::free_port()) + "/x");
    catalog.start();
    sandbox.stop_redis();
    const Json made = add("A");
    EXPECT_EQ(show(made).status, 200);
    EXPECT_EQ(replace(made, product("A", "New"), "*").status, 200);
    EXPECT_EQ(show(made).json()["name"], "New");
    EXPECT_EQ(catalog.admin().get("/readyz").status, 200);
}

TEST_F(Catalog, AStampedeReadsTheDatabaseOnce) {
    catalog.start();
    sandbox.stop_redis();
    const Json made = add("A");
    const double before = catalog.metric("catalog_product_reads_total{from=\"database\"}");
    // All of them come while the database keeps the first one waiting.
    pqxx::connection owner(sandbox.database_owner_url("catalog"));
    pqxx::work locking(owner);
    locking.exec("LOCK TABLE products IN ACCESS EXCLUSIVE MODE");
    std::vector<std::thread> clients;
    for (int i = 0; i < 12; ++i) clients.emplace_back([&] { EXPECT_EQ(show(made).status, 200); });
    EXPECT_TRUE(eventually([&] { return catalog.metric("http_requests_in_flight") >= 12; }));
    locking.commit();
    for (std::thread& client : clients) client.join();
    EXPECT_EQ(catalog.metric("catalog_product_reads_total{from=\"database\"}") - before, 1);
}

TEST_F(Catalog, TellsTheUserServiceOfViewsAndRecommendsByThem) {
    const std::string user = http::new_uuid();
    catalog.start();
    const Json tea = add("TEA", "Tea", "tea");
    add("TEA2", "More tea", "tea");
    add("MUG", "Mug", "kitchen");
    users.answer([&](const http::Request& request) {
        http::Response response;
        response.content_type = "application/json";
        if (request.method == "POST") {
            response.status = 204;
        } else if (request.path.ends_with("/history")) {
            response.body =
                Json{{"items", {{{"product_id", tea["id"]}, {"category", "tea"}, {"seen_at", "2026-01-01T00:00:00Z"}}}}}.dump();
        } else {
            response.body = Json{{"categories", Json::array()}, {"newsletter", false}}.dump();
        }
        return response;
    });
    EXPECT_EQ(show(tea, {{"X-User-Id", user}}).status, 200);
    ASSERT_TRUE(eventually([&] { return users.count() == 1; }, 10s));
    EXPECT_EQ(users.requests()[0].path, "/internal/v1/users/" + user + "/history");
    EXPECT_EQ(Json::parse(users.requests()[0].body), (Json{{"product_id", tea["id"]}, {"category", "tea"}}));

    const auto personal = catalog.client().get("/api/v1/recommendations", {{"X-User-Id", user}}).json();
    EXPECT_EQ(personal["source"], "personal");
    EXPECT_EQ(personal["items"][0]["sku"], "TEA2");
    EXPECT_THAT(skus_at("/api/v1/history", {{"X-User-Id", user}}), ElementsAre("TEA"));
    EXPECT_EQ(catalog.client().get("/api/v1/recommendations").status, 401);

    users.stop();
    const auto popular = catalog.client().get("/api/v1/recommendations", {{"X-User-Id", user}});
    EXPECT_EQ(popular.status, 200);
    EXPECT_EQ(popular.json()["source"], "popular");
    EXPECT_EQ(catalog.client().get("/api/v1/history", {{"X-User-Id", user}}).status, 503);
}

TEST_F(Catalog, WhatWasBoughtIsPopular) {
    const std::string user = http::new_uuid();
    users.stop();
    catalog.start();
    add("A");
    add("B");
    const auto first = [&] { return skus_at("/api/v1/recommendations", {{"X-User-Id", user}}).at(0); };
    EXPECT_EQ(first(), "A");
    const Json order = {{"order_id", http::new_uuid()}, {"user_id", user}, {"lines", {{{"sku", "B"}, {"quantity", 3}}}}};
    // Through the exchange, which is all that it has in common with who confirms orders; twice, as brokers may deliver.
    const std::string insert = "INSERT INTO outbox (id, type, payload, traceparent) VALUES ('" + http::new_uuid() +
                               "', 'order.confirmed', '" + order.dump() + "', '')";
    sandbox.query("catalog", insert);
    EXPECT_TRUE(eventually([&] { return first() == "B"; }, 15s));
    ASSERT_TRUE(eventually([&] { return sandbox.query("catalog", "SELECT 1 FROM outbox").empty(); }, 15s));
    sandbox.query("catalog", insert.substr(0, insert.find("VALUES")) + "SELECT id, 'order.confirmed', '" + order.dump() +
                                 "', '' FROM inbox WHERE type = 'order.confirmed'");
    ASSERT_TRUE(eventually([&] { return catalog.metric("messages_consumed_total") >= 2; }, 15s));
    EXPECT_EQ(sandbox.query("catalog", "SELECT sold FROM popularity WHERE sku = 'B'")[0][0].as<int>(), 3);
}

TEST_F(Catalog, WithoutItsDatabaseItSaysSoAndRecovers) {
    const Url url = Url::of(sandbox.database_url("catalog"));
    support::Forwarder wire(url.port);
    wire.open();
    Url through = url;
    through.port = wire.port();
    catalog.set_file("DATABASE_URL_FILE", through.text("postgresql"));
    catalog.start();
    const Json made = add("A");
    EXPECT_EQ(show(made).status, 200);
    wire.close();
    const auto away = catalog.client().get("/api/v1/products");
    EXPECT_EQ(away.status, 503);
    EXPECT_TRUE(away.header("Retry-After").has_value());
    EXPECT_EQ(show(made).status, 200) << "what is cached is served";
    catalog.set_file("DATABASE_URL_FILE", url.text("postgresql"));  // It has moved.
    EXPECT_TRUE(eventually([&] { return catalog.client().get("/api/v1/products").status == 200; }, 15s));
}

TEST_F(Catalog, ASigtermEndsItWell) {
    catalog.start();
    EXPECT_EQ(catalog.stop(), 0);
}

}  // namespace
}  // namespace services
