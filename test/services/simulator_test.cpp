// The payment provider's simulator as a process: idempotent, crash-proof, and wrong only on demand.
#include <gtest/gtest.h>

#include <thread>

#include "harness.h"

namespace services {
namespace {

using support::Answer;

class Simulator : public testing::Test {
protected:
    Simulator() { simulator.start(); }

    Answer post(const std::string& path, const std::string& key, const Json& body = nullptr) {
        if (body.is_null()) return simulator.client().request("POST", path, "", {{"Idempotency-Key", key}});
        return simulator.client().post(path, body, {{"Idempotency-Key", key}});
    }
    Answer authorize(const std::string& key, const std::string& reference = "order-1", int amount = 100) {
        return post("/v1/authorizations", key,
                    {{"amount", amount}, {"currency", "EUR"}, {"token", "tok_visa"}, {"reference", reference}});
    }
    Json ledger() { return simulator.client().get("/v1/ledger").json(); }
    void set_faults(double error_after, double lost) {
        const Json wanted = {
            {"slow_share", 0}, {"slow_ms", 0}, {"error_after_share", error_after}, {"lost_share", lost}, {"seed", 1}};
        const Answer answer = simulator.client().put("/admin/faults", wanted);
        ASSERT_EQ(answer.status, 200) << answer.body;
    }

    Sandbox sandbox;
    ServiceProcess simulator{sandbox, "simulator"};
};

TEST_F(Simulator, AnswersEqualRequestsEquallyAndRefusesOtherUseOfAKey) {
    const Answer first = authorize("k1");
    ASSERT_EQ(first.status, 201) << first.body;
    EXPECT_EQ(authorize("k1").body, first.body);
    EXPECT_EQ(authorize("k1", "order-1", 101).status, 422);
    const std::string id = first.json().at("id");
    EXPECT_EQ(post("/v1/authorizations/" + id + "/capture", "k1").status, 422);
    EXPECT_EQ(post("/v1/authorizations/" + id + "/capture", "k2").json().at("status"), "captured");
    EXPECT_EQ(post("/v1/authorizations/" + id + "/void", "k3").status, 409);
    EXPECT_EQ(authorize("k1").body, first.body);
    EXPECT_EQ(ledger().at("entries").size(), 4U);
}

TEST_F(Simulator, LosesNothingThatItAnsweredWhenItIsKilled) {
    std::vector<std::string> ids;
    for (int i = 0; i < 20; ++i) ids.push_back(authorize("k" + std::to_string(i), "order-" + std::to_string(i)).json().at("id"));
    const Json before = ledger();
    simulator.kill();
    simulator.start();
    EXPECT_EQ(ledger(), before);
    for (int i = 0; i < 20; ++i) {
        const std::string reference = "order-" + std::to_string(i);
        EXPECT_EQ(authorize("k" + std::to_string(i), reference).json().at("id"), ids[static_cast<std::size_t>(i)]);
    }
    EXPECT_EQ(ledger(), before);
}

TEST_F(Simulator, AFaultComesAfterTheEffect) {
    set_faults(1, 0);
    EXPECT_EQ(authorize("k1").status, 500);
    set_faults(0, 1);
    EXPECT_THROW(authorize("k2", "order-2"), support::NoAnswer);
    set_faults(0, 0);
    EXPECT_EQ(ledger().at("entries").size(), 4U);
    EXPECT_EQ(authorize("k1").status, 201);
    EXPECT_EQ(authorize("k2", "order-2").status, 201);
    EXPECT_EQ(ledger().at("entries").size(), 4U);
}

TEST_F(Simulator, ManyEqualRequestsAtOnceTakeEffectOnce) {
    std::vector<Answer> answers(20);
    std::vector<std::thread> threads;
    for (Answer& answer : answers) threads.emplace_back([&] { answer = authorize("k1"); });
    for (std::thread& thread : threads) thread.join();
    for (const Answer& answer : answers) EXPECT_EQ(answer.body, answers.front().body);
    EXPECT_EQ(ledger().at("entries").size(), 2U);
}

TEST_F(Simulator, StopsInOrder) {
    ASSERT_EQ(authorize("k1").status, 201);
    EXPECT_EQ(simulator.stop(), 0);
}

}  // namespace
}  // namespace services
