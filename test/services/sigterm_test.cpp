// SIGTERM in the middle of constant load, service by service: whatever was accepted is answered and has taken effect, and nothing
// took effect that was not answered.
#include <gmock/gmock.h>

#include <atomic>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "common/http/input.h"
#include "harness.h"

namespace services {
namespace {

constexpr int kLoadClients = 12;
constexpr int kEnough = 60;  // Answers before the signal, over all clients.

// One request with a body, and what its answer must be.
struct Ask {
    std::string method;
    std::string target;
    Json body;
    support::Headers headers = {};
    int status = 201;
};

std::string wire_text(const Ask& ask, bool once) {
    const std::string body = ask.body.is_null() ? "" : ask.body.dump();
    std::string text = ask.method + " " + ask.target + " HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\n";
    for (const auto& [name, value] : ask.headers) text += name + ": " + value + "\r\n";
    if (once) text += "Connection: close\r\n";
    return text + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

// Clients that never pause: half of them keep their connections, half of them make one for each request. They end when nobody
// takes connections any more.
class Load {
public:
    // `asks`: what a client does in its n-th round; the last of them is what counts.
    using Round = std::function<std::vector<Ask>(int client, int round)>;

    Load(const ServiceProcess& service, Round round) : round_(std::move(round)) {
        for (int i = 0; i < kLoadClients; ++i) clients_.emplace_back([this, port = service.port(), i] { work(port, i); });
    }
    ~Load() { join(); }
    Load(const Load&) = delete;
    Load& operator=(const Load&) = delete;

    void join() {
        for (std::thread& client : clients_) {
            if (client.joinable()) client.join();
        }
    }
    int done() const { return done_; }      // Rounds.
    int lost() const { return lost_; }      // Requests on a connection that was taken, and no answer.
    std::vector<std::string> wrong() const  // After join().
    {
        return wrong_;
    }

private:
    void work(std::uint16_t port, int client) {
        const bool once = client % 2 == 1;
        std::optional<support::Wire> wire;
        for (int round = 0;; ++round) {
            for (const Ask& ask : round_(client, round)) {
                if (!wire) {
                    try {
                        wire.emplace(port, 30s);
                    } catch (const support::NoAnswer&) {
                        return;
                    }
                }
                try {
                    wire->send(wire_text(ask, once));
                    const support::Answer answer = wire->receive();
                    if (answer.status != ask.status) return complain(ask, answer);
                    if (answer.header("Connection") == "close") wire.reset();
                } catch (const support::NoAnswer&) {
                    ++lost_;
                    return;
                }
            }
            ++done_;
        }
    }

    void complain(const Ask& ask, const support::Answer& answer) {
        const std::lock_guard lock(mutex_);
        wrong_.push_back(ask.method + " " + ask.target + ": " + std::to_string(answer.status) + " " + answer.body);
    }

    const Round round_;
    std::atomic<int> done_{0};
    std::atomic<int> lost_{0};
    std::mutex mutex_;
    std::vector<std::string> wrong_;
    std::vector<std::thread> clients_;
};

class Sigterm : public testing::Test {
protected:
    void SetUp() override {
        shop.start();
        shop.add_product("A", 250, 1'000'000);
    }

    // `effects` counts what the rounds have brought about.
    void expect_nothing_lost(ServiceProcess& service, Load::Round round, const std::function<int()>& effects) {
        Load load(service, std::move(round));
        EXPECT_TRUE(eventually([&] { return load.done() >= kEnough || load.lost() > 0; }));
        EXPECT_EQ(service.stop(), 0);
        load.join();
        EXPECT_EQ(load.lost(), 0);
        EXPECT_THAT(load.wrong(), testing::IsEmpty());
        EXPECT_EQ(effects(), load.done());
    }

    int count(const std::string& database, const std::string& what) {
        return shop.sandbox.query(database, "SELECT count(*) FROM " + what)[0][0].as<int>();
    }

    Shop shop;
};

Json newcomer(const std::string& email) {
    return {{"email", email}, {"password", "correct horse 1"}, {"first_name", "Ada"}, {"last_name", "L"}};
}

// Fills a cart and checks out.
std::vector<Ask> purchase(const support::Headers& who) {
    const Json order = {
        {"payment_method", {{"token", "tok_visa"}}},
        {"shipping_address", {{"name", "Ada"}, {"line1", "1 St"}, {"city", "London"}, {"postal_code", "1"}, {"country", "GB"}}}};
    support::Headers keyed = who;
    keyed.emplace_back("Idempotency-Key", http::new_uuid());
    return {{"PUT", "/api/v1/cart/items/A", {{"quantity", 1}}, who, 200}, {"POST", "/api/v1/checkout", order, keyed}};
}

TEST_F(Sigterm, LosesNoRegistrationOfTheUserService) {
    const auto round = [](int client, int number) -> std::vector<Ask> {
        const std::string name = std::to_string(client) + "." + std::to_string(number);
        return {{"POST", "/api/v1/register", newcomer(name + "@example.com")}};
    };
    expect_nothing_lost(shop.user, round, [this] { return count("users", "users"); });
}

TEST_F(Sigterm, LosesNoProductOfTheCatalog) {
    const auto round = [](int client, int number) -> std::vector<Ask> {
        const std::string sku = "S-" + std::to_string(client) + "-" + std::to_string(number);
        return {{"GET", "/api/v1/products", nullptr, {}, 200},
                {"POST",
                 "/internal/v1/products",
                 {{"sku", sku},
                  {"name", sku},
                  {"description", "Made under load"},
                  {"category", "load"},
                  {"price", {{"amount", 1}, {"currency", "EUR"}}}}}};
    };
    expect_nothing_lost(shop.catalog, round, [this] { return count("catalog", "products WHERE category = 'load'"); });
}

TEST_F(Sigterm, LosesNoReservationOfTheInventory) {
    const auto round = [](int, int) -> std::vector<Ask> {
        const Json lines = Json::array({{{"sku", "A"}, {"quantity", 1}}});
        return {{"POST", "/internal/v1/reservations", {{"order_id", http::new_uuid()}, {"lines", lines}, {"ttl_seconds", 600}}}};
    };
    expect_nothing_lost(shop.inventory, round, [this] { return count("inventory", "reservations WHERE state = 'RESERVED'"); });
}

TEST_F(Sigterm, LosesNoPaymentOfThePaymentService) {
    const auto round = [](int, int) -> std::vector<Ask> {
        const std::string order = http::new_uuid();
        return {{"POST",
                 "/internal/v1/payments",
                 {{"order_id", order},
                  {"user_id", http::new_uuid()},
                  {"amount", 100},
                  {"currency", "EUR"},
                  {"payment_method", {{"token", "tok_visa"}}}},
                 {{"Idempotency-Key", order}}}};
    };
    expect_nothing_lost(shop.payment, round, [this] { return count("payments", "payments WHERE state = 'AUTHORIZED'"); });
}

TEST_F(Sigterm, LosesNoAuthorizationOfTheProvider) {
    const auto round = [](int, int) -> std::vector<Ask> {
        const std::string order = http::new_uuid();
        return {{"POST",
                 "/v1/authorizations",
                 {{"amount", 100}, {"currency", "EUR"}, {"token", "tok_visa"}, {"reference", order}},
                 {{"Idempotency-Key", order}}}};
    };
    expect_nothing_lost(shop.simulator, round, [this] {
        shop.simulator.start();
        const Json totals = shop.simulator.client().get("/v1/ledger?limit=1").json()["totals"];
        for (const Json& total : totals) {
            if (total["account"] == "holds") return total["amount"].get<int>() / 100;
        }
        return 0;
    });
}

TEST_F(Sigterm, LosesNoCheckoutOfTheOrderService) {
    std::vector<support::Headers> customers;
    for (int i = 0; i < kLoadClients; ++i) customers.push_back({{"X-User-Id", http::new_uuid()}});
    expect_nothing_lost(
        shop.order, [&](int client, int) { return purchase(customers[static_cast<std::size_t>(client)]); },
        [this] { return count("orders", "orders WHERE state = 'CONFIRMED'"); });
    EXPECT_EQ(count("orders", "orders WHERE state <> 'CONFIRMED'"), 0);
    EXPECT_EQ(count("orders", "outbox"), 0);  // What was true has been told.
}

TEST_F(Sigterm, LosesNoCheckoutThroughTheGateway) {
    std::vector<support::Headers> customers;
    for (int i = 0; i < kLoadClients; ++i) {
        const support::Answer made = shop.gateway.client().post("/api/v1/register", newcomer(std::to_string(i) + "@example.com"));
        ASSERT_EQ(made.status, 201) << made.body;
        customers.push_back({{"Authorization", "Bearer " + made.json()["token"].get<std::string>()}});
    }
    expect_nothing_lost(
        shop.gateway, [&](int client, int) { return purchase(customers[static_cast<std::size_t>(client)]); },
        [this] { return count("orders", "orders WHERE state = 'CONFIRMED'"); });
    EXPECT_EQ(count("orders", "orders WHERE state <> 'CONFIRMED'"), 0);
}

}  // namespace
}  // namespace services
