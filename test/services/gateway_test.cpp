// The gateway: what passes, what does not, and what becomes of a request when a service behind it fails.
#include <atomic>
#include <thread>

#include "gateway_fixture.h"

namespace services {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

using Gateway = GatewayTest;

TEST_F(Gateway, TellsTheServiceWhatItKnowsAndNothingThatTheClientForged) {
    gateway.start();
    open_session();
    const auto answer = gateway.client().get("/api/v1/cart?x=1", {{"Authorization", "Bearer " + token()},
                                                                  {"X-User-Id", "00000000-0000-7000-8000-000000000000"},
                                                                  {"x-user-id", "00000000-0000-7000-8000-000000000001"},
                                                                  {"Connection", "keep-alive, X-User-Id"},
                                                                  {"X-Forwarded-For", "203.0.113.7"},
                                                                  {"X-Request-Id", "my-request"},
                                                                  {"Idempotency-Key", "k"}});
    ASSERT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(answer.header("X-Request-Id"), "my-request");
    ASSERT_EQ(passed().size(), 1U);
    const http::Request request = passed()[0];
    EXPECT_EQ(request.path, "/api/v1/cart");
    EXPECT_EQ(request.query, "x=1");
    EXPECT_EQ(std::count_if(request.headers.begin(), request.headers.end(), [](const auto& h) { return h.first == "X-User-Id"; }),
              1);
    EXPECT_EQ(http::find(request.headers, "X-User-Id"), user);
    EXPECT_EQ(http::find(request.headers, "X-Request-Id"), "my-request");
    EXPECT_EQ(http::find(request.headers, "X-Forwarded-For"), "127.0.0.1");
    EXPECT_EQ(http::find(request.headers, "Idempotency-Key"), "k");
    EXPECT_EQ(http::find(request.headers, "Authorization"), std::nullopt);
    EXPECT_TRUE(http::find(request.headers, "traceparent").has_value());
    EXPECT_TRUE(http::find(request.headers, "X-Deadline-Ms").has_value());
}

TEST_F(Gateway, PassesTheTokenToTheUserService) {
    gateway.start();
    open_session();
    const std::string sent = token();
    ASSERT_EQ(status_with(sent, "/api/v1/profile"), 200);
    EXPECT_EQ(http::find(passed()[0].headers, "Authorization"), "Bearer " + sent);
}

TEST_F(Gateway, PassesBodiesStatusesAndHeadersBack) {
    gateway.start();
    upstream.answer([](const http::Request& request) {
        http::Response response;
        response.status = 201;
        response.body = request.body;
        response.content_type = "application/json";
        response.headers = {{"Location", "/api/v1/x"}, {"X-User-Id", "leak"}, {"ETag", "\"1\""}};
        return response;
    });
    const std::string body = Json{{"text", std::string(200'000, 'x')}}.dump();
    const auto answer = gateway.client().request("POST", "/api/v1/login", body, {{"Content-Type", "application/json"}});
    EXPECT_EQ(answer.status, 201);
    EXPECT_EQ(answer.body, body);
    EXPECT_EQ(answer.header("Location"), "/api/v1/x");
    EXPECT_EQ(answer.header("ETag"), "\"1\"");
    EXPECT_EQ(answer.header("X-User-Id"), std::nullopt);
}

TEST_F(Gateway, NothingInternalCanBeReached) {
    gateway.start();
    for (const char* path : {"/internal/v1/products",
                             "/admin/faults",
                             "/metrics",
                             "/api/v1/../../internal/v1/products",
                             "/api/v1/%2e%2e/%2e%2e/internal/v1/products",
                             "/api/v1/..%2f..%2finternal/v1/products",
                             "/api/v1/.%2e/internal",
                             "/api/v1/products/..%5c..%5cinternal",
                             "//internal/v1/products",
                             "/api//v1/products",
                             "/api/v1/products/",
                             "/api/v1/stock/..",
                             "/api/v1/stock/%2e%2e",
                             "/api/v1/stock/a%2fb",
                             "/api/v1/stock/a%00",
                             "/api/v1/./products",
                             "/api/v1/products;/../internal",
                             "/API/V1/products",
                             "/%69nternal/v1/products",
                             "/api/v1/products%0d%0aX:y"}) {
        const int status = gateway.client().get(path).status;
        EXPECT_TRUE(status == 404 || status == 400) << path << ": " << status;
    }
    EXPECT_THAT(passed(), IsEmpty());
    EXPECT_EQ(gateway.client().post("/api/v1/products", {}).status, 405);
}

TEST_F(Gateway, RefusesForgedTokens) {
    gateway.start();
    open_session();
    ASSERT_EQ(status_with(token()), 200);
    const std::string header = identity::base64url(Json{{"alg", "EdDSA"}, {"kid", signer().key_id()}, {"typ", "JWT"}}.dump());
    const std::string good = token();
    const std::string body = good.substr(good.find('.') + 1, good.rfind('.') - good.find('.') - 1);
    const std::string signature = good.substr(good.rfind('.') + 1);
    const auto with_alg = [&](const char* alg, const std::string& end) {
        return identity::base64url(Json{{"alg", alg}, {"kid", signer().key_id()}, {"typ", "JWT"}}.dump()) + "." + body + "." +
               end;
    };
    const std::string other_key = signer_of(make_key("b")).sign(claims());
    for (const auto& [what, forged] : std::vector<std::pair<std::string, std::string>>{
             {"none", with_alg("none", "")},
             {"none, signed", with_alg("none", signature)},
             {"swapped alg", with_alg("HS256", signature)},
             {"swapped alg", with_alg("ES256", signature)},
             {"unknown kid", other_key},
             {"no signature", good.substr(0, good.rfind('.') + 1)},
             {"another body", good.substr(0, good.find('.')) + "." + identity::base64url("{}") + "." + signature},
             {"garbage", "x.y.z"},
             {"large", std::string(12'000, 'a')}}) {
        EXPECT_EQ(status_with(forged), 401) << what;
    }
    EXPECT_EQ(gateway.client().get("/api/v1/cart").status, 401);
    EXPECT_EQ(gateway.client().get("/api/v1/cart", {{"Authorization", "Basic dTpw"}}).status, 401);
    EXPECT_EQ(gateway.client().get("/api/v1/cart", {{"X-User-Id", user}}).status, 401);
    EXPECT_EQ(passed().size(), 1U);
}

TEST_F(Gateway, RefusesWrongClaimsThoughTheSignatureIsGood) {
    gateway.start();
    open_session();
    identity::Claims expired = claims(), early = claims(), audience = claims(), issuer = claims();
    expired.expires = seconds() - 60;
    early.not_before = seconds() + 600;
    audience.audience = "another";
    issuer.issuer = "another";
    for (const identity::Claims& wrong : {expired, early, audience, issuer}) EXPECT_EQ(status_with(signer().sign(wrong)), 401);
    EXPECT_THAT(passed(), IsEmpty());
}

TEST_F(Gateway, TakesTokensOfANewKeyAtOnce) {
    gateway.start();
    open_session();
    ASSERT_EQ(status_with(token()), 200);
    new_key("b");
    EXPECT_TRUE(eventually([&] { return status_with(token()) == 200; }, 10s));
}

TEST_F(Gateway, AnEndedSessionEndsItsTokens) {
    gateway.start();
    EXPECT_EQ(status_with(token()), 401);
    open_session();
    EXPECT_TRUE(eventually([&] { return status_with(token()) == 200; }, 10s));
    end_session();
    EXPECT_TRUE(eventually([&] { return status_with(token()) == 401; }, 10s));
}

TEST_F(Gateway, WithoutRedisTheSignatureAloneCounts) {
    gateway.start();
    sandbox.stop_redis();
    EXPECT_EQ(status_with(token()), 200);
    EXPECT_EQ(status_with(token() + "x"), 401);
    EXPECT_GT(gateway.metric("gateway_token_checks_total{outcome=\"session_unchecked\"}"), 0);
    sandbox.start_redis();
    EXPECT_TRUE(eventually([&] { return status_with(token()) == 401; }, 20s))
        << "the session is not there, and Redis says so again";
}

TEST_F(Gateway, KeepsItsKeysWhileTheUserServiceIsAway) {
    FakeUpstream users;
    users.answer([this](const http::Request& request) { return serve(request); });
    gateway.set("USER_URL", users.url());
    gateway.start();
    open_session();
    ASSERT_EQ(status_with(token()), 200);
    users.stop();
    EXPECT_EQ(status_with(token()), 200);
    const auto away = gateway.client().post("/api/v1/login", Json::object());
    EXPECT_EQ(away.status, 503);
    EXPECT_TRUE(away.header("Retry-After").has_value());
    EXPECT_EQ(gateway.client().get("/api/v1/products").status, 200);
}

TEST_F(Gateway, ServesWhatNeedsNoTokenWhereThereWereNeverKeys) {
    gateway.set("USER_URL", "http://127.0.0.1:" + std::to_string(support::free_port()));
    gateway.start();
    EXPECT_EQ(gateway.client().get("/api/v1/products").status, 200);
    EXPECT_EQ(status_with(token()), 503);
}

TEST_F(Gateway, AsksAgainWhereThatIsSafe) {
    gateway.start();
    std::atomic<int> failures = 1;
    upstream.answer([this, &failures](const http::Request& request) {
        http::Response response = serve(request);
        if (request.path != "/api/v1/jwks.json" && failures-- > 0) response.hang_up = true;
        return response;
    });
    EXPECT_EQ(gateway.client().get("/api/v1/products").status, 200);
    EXPECT_EQ(passed().size(), 2U);
    failures = 1;
    EXPECT_EQ(gateway.client().post("/api/v1/login", Json::object()).status, 502);
    EXPECT_EQ(passed().size(), 3U);
    failures = 1;
    EXPECT_EQ(gateway.client().post("/api/v1/login", Json::object(), {{"Idempotency-Key", "k"}}).status, 200);
    EXPECT_EQ(passed().size(), 5U);
}

TEST_F(Gateway, GivesUpAfterSomeTries) {
    gateway.start();
    upstream.answer([](const http::Request&) {
        http::Response response;
        response.status = 503;
        response.headers = {{"Retry-After", "1"}};
        return response;
    });
    const auto answer = gateway.client().get("/api/v1/products");
    EXPECT_EQ(answer.status, 503);
    EXPECT_EQ(answer.header("Retry-After"), "1");
    EXPECT_EQ(passed().size(), 3U);
}

TEST_F(Gateway, RetriesHaveABudget) {
    gateway.start();
    upstream.answer([](const http::Request&) {
        http::Response response;
        response.status = 503;
        return response;
    });
    HttpClient client = gateway.client();
    for (int i = 0; i < 60; ++i) EXPECT_EQ(client.get("/api/v1/products").status, 503);
    EXPECT_LE(passed().size(), 60U + 21U);  // Ten retries a loop, and no more.
}

TEST_F(Gateway, OpensTheCircuitOfAServiceThatIsAwayAndFindsItAgain) {
    FakeUpstream catalog;
    const std::uint16_t port = catalog.port();
    gateway.set("CATALOG_URL", catalog.url());
    gateway.start();
    EXPECT_EQ(gateway.client().get("/api/v1/products").status, 200);
    catalog.stop();
    for (int i = 0; i < 40; ++i) {
        const auto answer = gateway.client().get("/api/v1/products");
        EXPECT_EQ(answer.status, 503);
        EXPECT_TRUE(answer.header("Retry-After").has_value());
    }
    EXPECT_THAT(gateway.client().get("/api/v1/products").body, HasSubstr("will be asked again soon"));
    EXPECT_EQ(gateway.client().get("/api/v1/stock/A").status, 200) << "others are not concerned";
    FakeUpstream again(port);
    EXPECT_TRUE(eventually([&] { return gateway.client().get("/api/v1/products").status == 200; }, 10s));
}

TEST_F(Gateway, AnswersInTimeThoughTheServiceDoesNot) {
    gateway.start();
    upstream.delay(20s);
    const auto begin = std::chrono::steady_clock::now();
    const auto answer = gateway.client().get("/api/v1/products", {{"X-Deadline-Ms", "300"}});
    EXPECT_EQ(answer.status, 504);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 2s);
}

TEST_F(Gateway, SharesTrafficByWeight) {
    FakeUpstream canary;
    gateway.set("CATALOG_URL", upstream.url() + "=80," + canary.url() + "=20");
    gateway.start();
    HttpClient client = gateway.client();
    for (int i = 0; i < 400; ++i) ASSERT_EQ(client.get("/api/v1/products").status, 200);
    EXPECT_GT(canary.count(), 40U);
    EXPECT_LT(canary.count(), 140U);
    canary.stop();
    for (int i = 0; i < 50; ++i) EXPECT_EQ(client.get("/api/v1/products").status, 200) << "the other one takes over";
}

TEST_F(Gateway, LimitsEachClient) {
    gateway.set("TRUSTED_PROXIES", "127.0.0.0/8");
    gateway.set("RATE_LIMIT_ADDRESS", "2:5");
    gateway.start();
    HttpClient client = gateway.client();
    const auto status_of = [&](const std::string& address) {
        return client.get("/api/v1/products", {{"X-Forwarded-For", address}});
    };
    int good = 0;
    for (int i = 0; i < 20; ++i) good += status_of("203.0.113.7").status == 200 ? 1 : 0;
    EXPECT_GE(good, 5);
    EXPECT_LE(good, 8);
    const auto refused = status_of("203.0.113.7");
    EXPECT_EQ(refused.status, 429);
    EXPECT_TRUE(refused.header("Retry-After").has_value());
    EXPECT_EQ(status_of("203.0.113.7, 203.0.113.8").status, 200) << "another client";
    EXPECT_EQ(status_of("1.2.3.4, 203.0.113.7").status, 429) << "what the client wrote itself is not believed";
    const support::Headers in_two_fields{{"X-Forwarded-For", "1.2.3.4"}, {"X-Forwarded-For", "203.0.113.7"}};
    EXPECT_EQ(client.get("/api/v1/products", in_two_fields).status, 429) << "nor in a field before the proxy's own";
}

TEST_F(Gateway, LimitsAClientAcrossReplicas) {
    ServiceProcess other(sandbox, "gateway");
    for (ServiceProcess* process : {&gateway, &other}) {
        for (const char* variable : {"USER_URL", "CATALOG_URL", "INVENTORY_URL", "ORDER_URL", "PAYMENT_URL"}) {
            process->set(variable, upstream.url());
        }
        process->set("TRUSTED_PROXIES", "127.0.0.0/8");
        process->set("RATE_LIMIT_ADDRESS", "20:20");
        process->start();
    }
    HttpClient one = gateway.client(), two = other.client();
    // Each alone stays within its limit; both together don't.
    const auto until = std::chrono::steady_clock::now() + 25s;
    bool held = false;
    while (!held && std::chrono::steady_clock::now() < until) {
        for (HttpClient* client : {&one, &two}) {
            const auto answer = client->get("/api/v1/products", {{"X-Forwarded-For", "203.0.113.7"}});
            held = held || answer.status == 429;
        }
        std::this_thread::sleep_for(55ms);
    }
    EXPECT_TRUE(held);
}

TEST_F(Gateway, ServesItsDocumentation) {
    gateway.start();
    const auto page = gateway.client().get("/docs");
    EXPECT_EQ(page.status, 200);
    EXPECT_THAT(page.header("Content-Type").value_or(""), HasSubstr("text/html"));
    EXPECT_THAT(page.header("Content-Security-Policy").value_or(""), HasSubstr("default-src 'none'"));
    const auto document = gateway.client().get("/openapi.json");
    EXPECT_EQ(document.status, 200);
    EXPECT_TRUE(document.json()["paths"].contains("/api/v1/products"));
}

TEST_F(Gateway, LetsPagesOfNamedOriginsIn) {
    gateway.set("CORS_ORIGINS", "https://shop.example");
    gateway.start();
    const auto preflight = gateway.client().request("OPTIONS", "/api/v1/cart", "", {{"Origin", "https://shop.example"}});
    EXPECT_EQ(preflight.status, 204);
    EXPECT_EQ(preflight.header("Access-Control-Allow-Origin"), "https://shop.example");
    EXPECT_EQ(preflight.header("Access-Control-Allow-Methods"), "GET, DELETE");
    const auto refused = gateway.client().get("/api/v1/cart", {{"Origin", "https://shop.example"}});
    EXPECT_EQ(refused.status, 401);
    EXPECT_EQ(refused.header("Access-Control-Allow-Origin"), "https://shop.example");
    EXPECT_EQ(
        gateway.client().get("/api/v1/products", {{"Origin", "https://evil.example"}}).header("Access-Control-Allow-Origin"),
        std::nullopt);
}

TEST_F(Gateway, RefusesShapesOfSmuggling) {
    gateway.start();
    for (const char* text :
         {"POST /api/v1/login HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
          "POST /api/v1/login HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcd",
          "POST /api/v1/login HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
          "POST /api/v1/login HTTP/1.1\r\nHost: x\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
          "POST /api/v1/login HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
          "GET /api/v1/products HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", "GET /api/v1/products HTTP/1.1\r\n\r\n",
          "GET /api/v1/products HTTP/1.1\r\nHost: x\r\nX-A: b\r\n X-User-Id: c\r\nContent-Length: -1\r\n\r\n"}) {
        support::Wire wire(gateway.port());
        wire.send(text);
        const int status = wire.receive().status;
        EXPECT_TRUE(status >= 400 && status < 500) << text << status;
    }
    EXPECT_THAT(passed(), IsEmpty());
}

TEST_F(Gateway, RefusesWhatIsTooLarge) {
    gateway.start();
    EXPECT_EQ(gateway.client().get("/api/v1/products", {{"X", std::string(20'000, 'x')}}).status, 431);
    support::Wire wire(gateway.port());
    wire.send("POST /api/v1/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2000000\r\n\r\n");
    EXPECT_EQ(wire.receive().status, 413);
}

TEST_F(Gateway, ASigtermUnderLoadLosesNoRequest) {
    gateway.start();
    std::atomic<int> answered = 0, lost = 0, wrong = 0;
    std::vector<std::thread> clients;
    for (int i = 0; i < 8; ++i) {
        clients.emplace_back([&] {
            support::Wire wire(gateway.port());
            while (true) {
                try {
                    wire.send("GET /api/v1/products HTTP/1.1\r\nHost: shop\r\n\r\n");
                    const support::Answer answer = wire.receive();
                    ++(answer.status == 200 ? answered : wrong);
                    if (answer.header("Connection") == "close") return;
                } catch (const support::NoAnswer&) {
                    ++lost;
                    return;
                }
            }
        });
    }
    EXPECT_TRUE(eventually([&] { return answered > 500; }));
    const int status = gateway.stop();
    for (std::thread& client : clients) client.join();
    EXPECT_EQ(status, 0);
    EXPECT_EQ(lost, 0);
    EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace services
