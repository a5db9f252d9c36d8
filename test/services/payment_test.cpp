// Payment service and provider as processes, with a real database and broker: nothing is charged twice and nothing is lost,
// whatever fails in between.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdio>
#include <random>
#include <set>
#include <thread>

#include "broker.h"

namespace services {
namespace {

using support::Answer;
using testing::HasSubstr;
using testing::Not;

constexpr auto kUser = "0192f0c1-2b3c-7d4e-8f5a-6b7c8d9e0f1a";
constexpr auto kToken = "tok_4f9a_secret";

std::string fresh_uuid() {
    static std::mt19937_64 random{std::random_device{}()};
    static std::mutex mutex;
    const std::lock_guard lock(mutex);
    char text[37];
    std::snprintf(text, sizeof text, "%08x-%04x-7%03x-8%03x-%012llx", static_cast<unsigned>(random() & 0xffffffffU),
                  static_cast<unsigned>(random() & 0xffffU), static_cast<unsigned>(random() & 0xfffU),
                  static_cast<unsigned>(random() & 0xfffU), static_cast<unsigned long long>(random() & 0xffffffffffffULL));
    return text;
}

Json order_of(const std::string& id, std::int64_t amount = 1999, const std::string& token = kToken) {
    return {
        {"order_id", id}, {"user_id", kUser}, {"amount", amount}, {"currency", "EUR"}, {"payment_method", {{"token", token}}}};
}

Json faults(double slow, int slow_ms, double error_after, double lost, int seed = 7) {
    return {{"slow_share", slow}, {"slow_ms", slow_ms}, {"error_after_share", error_after}, {"lost_share", lost}, {"seed", seed}};
}

class Payments : public testing::Test {
protected:
    Payments() {
        simulator.start();
        payment.set("PAYMENT_PROVIDER_URL", simulator.url());
        payment.start();
    }

    Answer authorize(const Json& order, const std::string& key = "", const support::Headers& more = {}) {
        support::Headers headers = more;
        headers.emplace_back("Idempotency-Key", key.empty() ? "key-" + order.at("order_id").get<std::string>() : key);
        return payment.client().post("/internal/v1/payments", order, headers);
    }
    Answer change(const std::string& id, const std::string& command) {
        return payment.client().request("POST", "/internal/v1/payments/" + id + "/" + command);
    }
    Answer get(const std::string& id) { return payment.client().get("/internal/v1/payments/" + id); }
    std::string state(const std::string& id) { return get(id).json().at("state"); }
    void set_faults(const Json& wanted) { ASSERT_EQ(simulator.client().put("/admin/faults", wanted).status, 200); }

    // Repeats as a caller does that was told 503, or nothing at all.
    Answer until_clear(const std::function<Answer()>& ask) {
        Answer answer;
        const bool clear = eventually([&] {
            try {
                answer = ask();
                return answer.status < 500;
            } catch (const support::NoAnswer&) {
                return false;
            }
        });
        EXPECT_TRUE(clear) << answer.status << " " << answer.body;
        return answer;
    }

    Json provider_has(const std::string& id) {
        return simulator.client().get("/v1/authorizations?reference=" + id).json().at("items");
    }
    std::int64_t ours(const std::string& account) { return total(payment.client().get("/internal/v1/ledger").json(), account); }
    std::int64_t theirs(const std::string& account) { return total(simulator.client().get("/v1/ledger").json(), account); }
    static std::int64_t total(const Json& ledger, const std::string& account) {
        EXPECT_TRUE(ledger.at("balanced"));
        std::int64_t sum = 0;
        for (const Json& each : ledger.at("totals")) {
            if (each.at("account") == account) sum += each.at("amount").get<std::int64_t>();
        }
        return sum;
    }
    void expect_equal_ledgers() {
        EXPECT_EQ(ours("customer_receivable"), theirs("holds"));
        EXPECT_EQ(ours("authorized_holds"), -theirs("holds"));
        EXPECT_EQ(ours("provider_clearing"), theirs("merchant"));
        EXPECT_EQ(ours("revenue") + ours("refunds"), -theirs("merchant"));
    }
    bool nothing_unresolved() { return sandbox.query("payments", "SELECT 1 FROM payments WHERE due_at IS NOT NULL").empty(); }
    void cancel_order(const std::string& id) {  // As the order service's outbox would.
        Broker(sandbox).publish("order.cancelled", {{"order_id", id}, {"reason", "test"}});
    }

    Sandbox sandbox;
    ServiceProcess simulator{sandbox, "simulator"};
    ServiceProcess payment{sandbox, "payment"};
};

TEST_F(Payments, GoFromAuthorisedToCapturedToRefundedAndEachStepCanBeRepeated) {
    const std::string id = fresh_uuid();
    const Answer first = authorize(order_of(id));
    ASSERT_EQ(first.status, 201) << first.body;
    EXPECT_EQ(first.json(), Json({{"id", id}, {"order_id", id}, {"state", "AUTHORIZED"}, {"amount", 1999}, {"currency", "EUR"}}));
    EXPECT_EQ(authorize(order_of(id)).body, first.body);
    for (const auto& [command, wanted] : {std::pair{"capture", "CAPTURED"}, std::pair{"refund", "REFUNDED"}}) {
        for (int i = 0; i < 2; ++i) {
            const Answer answer = change(id, command);
            EXPECT_EQ(answer.status, 200) << answer.body;
            EXPECT_EQ(answer.json().at("state"), wanted);
        }
    }
    EXPECT_EQ(change(id, "void").status, 409);
    EXPECT_EQ(change(id, "capture").status, 409);
    EXPECT_EQ(ours("revenue"), -1999);
    EXPECT_EQ(ours("refunds"), 1999);
    expect_equal_ledgers();
    EXPECT_EQ(payment.metric("payments_total{state=\"CAPTURED\"}"), 1);
}

TEST_F(Payments, AVoidLetsGoOfWhatIsHeldAndCanBeRepeated) {
    const std::string id = fresh_uuid();
    ASSERT_EQ(authorize(order_of(id)).status, 201);
    EXPECT_EQ(ours("customer_receivable"), 1999);
    for (int i = 0; i < 2; ++i) EXPECT_EQ(change(id, "void").json().at("state"), "VOIDED");
    EXPECT_EQ(change(id, "capture").status, 409);
    EXPECT_EQ(authorize(order_of(id)).status, 409);
    EXPECT_EQ(ours("customer_receivable"), 0);
    expect_equal_ledgers();
}

TEST_F(Payments, ADeclinedCardIsAnAnswerAndMovesNothing) {
    const std::string id = fresh_uuid();
    const Answer answer = authorize(order_of(id, 500, "tok_declined"));
    EXPECT_EQ(answer.status, 201);
    EXPECT_EQ(answer.json().at("state"), "DECLINED");
    EXPECT_EQ(answer.json().at("reason"), "declined");
    EXPECT_EQ(authorize(order_of(id, 500, "tok_declined")).body, answer.body);
    EXPECT_EQ(change(id, "capture").status, 409);
    EXPECT_EQ(change(id, "void").json().at("state"), "DECLINED");
    EXPECT_TRUE(payment.client().get("/internal/v1/ledger").json().at("totals").empty());
}

TEST_F(Payments, WithoutAProviderAreDeclined) {
    payment.stop();
    payment.set("PAYMENT_PROVIDER_URL", "");
    payment.start();
    const Answer answer = authorize(order_of(fresh_uuid(), 500));
    EXPECT_EQ(answer.status, 201);
    EXPECT_EQ(answer.json().at("state"), "DECLINED");
    EXPECT_EQ(answer.json().at("reason"), "No payment provider is configured.");
}

TEST_F(Payments, VoidedBeforeItIsAuthorisedCanNeverBeAuthorised) {
    const std::string id = fresh_uuid();
    EXPECT_EQ(change(id, "void").json(), Json({{"id", id}, {"order_id", id}, {"state", "VOIDED"}}));
    EXPECT_EQ(change(id, "void").status, 200);
    EXPECT_EQ(authorize(order_of(id)).status, 409);
    EXPECT_TRUE(provider_has(id).empty());
    EXPECT_EQ(change(fresh_uuid(), "capture").status, 404);
    EXPECT_EQ(change(fresh_uuid(), "refund").status, 404);
}

TEST_F(Payments, AKeyStandsForOneRequestAndAnOrderHasOnePayment) {
    const std::string id = fresh_uuid();
    ASSERT_EQ(authorize(order_of(id), "a").status, 201);
    EXPECT_EQ(authorize(order_of(id, 2000), "a").status, 422);
    EXPECT_EQ(authorize(order_of(id, 1999, "tok_other"), "a").status, 422);
    EXPECT_EQ(authorize(order_of(fresh_uuid()), "a").status, 422);
    EXPECT_EQ(authorize(order_of(id), "b").status, 409);
    EXPECT_EQ(provider_has(id).size(), 1U);
}

TEST_F(Payments, BelongToTheirUser) {
    const std::string id = fresh_uuid();
    ASSERT_EQ(authorize(order_of(id)).status, 201);
    EXPECT_EQ(payment.client().get("/api/v1/payments/" + id, {{"X-User-Id", kUser}}).status, 200);
    EXPECT_EQ(payment.client().get("/api/v1/payments/" + id, {{"X-User-Id", fresh_uuid()}}).status, 404);
    EXPECT_EQ(payment.client().get("/api/v1/payments/" + id).status, 401);
}

TEST_F(Payments, FiftyEqualRequestsAtOnceAreOneAuthorisation) {
    const std::string id = fresh_uuid();
    set_faults(faults(1, 200, 0, 0));
    std::vector<Answer> answers(50);
    std::vector<std::thread> threads;
    for (Answer& answer : answers) threads.emplace_back([&] { answer = authorize(order_of(id)); });
    for (std::thread& thread : threads) thread.join();
    for (const Answer& answer : answers) {
        EXPECT_EQ(answer.status, 201) << answer.body;
        EXPECT_EQ(answer.body, answers.front().body);
    }
    EXPECT_EQ(provider_has(id).size(), 1U);
    EXPECT_EQ(simulator.metric("provider_operations_total"), 1);  // Not even asked twice.
    expect_equal_ledgers();
}

TEST_F(Payments, WhoeverWaitsForAnotherIsToldAtTheDeadline) {
    const std::string id = fresh_uuid();
    set_faults(faults(1, 1500, 0, 0));
    Answer slow;
    std::thread first([&] { slow = authorize(order_of(id)); });
    EXPECT_TRUE(eventually([&] { return get(id).status == 200; }));
    const Answer hasty = authorize(order_of(id), "", {{"X-Deadline-Ms", "300"}});
    EXPECT_EQ(hasty.status, 503) << hasty.body;
    EXPECT_TRUE(hasty.header("Retry-After"));
    first.join();
    EXPECT_EQ(slow.status, 201) << slow.body;
}

TEST_F(Payments, AnErrorAfterTheChargeIsNoSecondCharge) {
    const std::string id = fresh_uuid();
    set_faults(faults(0, 0, 1, 0));
    EXPECT_EQ(authorize(order_of(id)).status, 503);
    EXPECT_EQ(state(id), "PENDING");
    set_faults(faults(0, 0, 0, 0));
    EXPECT_EQ(until_clear([&] { return authorize(order_of(id)); }).json().at("state"), "AUTHORIZED");
    EXPECT_EQ(provider_has(id).size(), 1U);
    expect_equal_ledgers();
}

TEST_F(Payments, WhatIsUnknownIsFoundOutWithoutTheCaller) {
    const std::string id = fresh_uuid();
    set_faults(faults(0, 0, 0, 1));
    EXPECT_EQ(authorize(order_of(id)).status, 503);
    EXPECT_TRUE(
        eventually([&] { return state(id) == "AUTHORIZED"; }));  // By the provider's books: asking again loses its answer too.
    EXPECT_GE(payment.metric("payment_reconciliations_total{result=\"found\"}"), 1);
    EXPECT_EQ(change(id, "capture").status, 503);
    EXPECT_TRUE(eventually([&] { return state(id) == "CAPTURED"; }));
    EXPECT_TRUE(sandbox.query("payments", "SELECT 1 FROM payments WHERE token IS NOT NULL").empty());
    expect_equal_ledgers();
}

TEST_F(Payments, AProviderThatWasAwayIsAskedWhenItIsBack) {
    const std::string id = fresh_uuid();
    simulator.kill();
    const Answer answer = authorize(order_of(id), "", {{"X-Deadline-Ms", "2000"}});
    EXPECT_EQ(answer.status, 503) << answer.body;
    simulator.start();
    EXPECT_TRUE(eventually([&] { return state(id) == "AUTHORIZED"; }));
    EXPECT_EQ(provider_has(id).size(), 1U);
}

TEST_F(Payments, AVoidOfWhatIsUnknownFirstFindsOutAndThenLetsGo) {
    const std::string id = fresh_uuid();
    set_faults(faults(0, 0, 1, 0));
    EXPECT_EQ(authorize(order_of(id)).status, 503);
    set_faults(faults(0, 0, 0, 0));
    EXPECT_EQ(until_clear([&] { return change(id, "void"); }).json().at("state"), "VOIDED");
    EXPECT_EQ(provider_has(id).at(0).at("status"), "voided");
    EXPECT_EQ(authorize(order_of(id)).status, 409);
    expect_equal_ledgers();
}

TEST_F(Payments, ACancelledOrderGetsBackWhatItPaid) {
    const std::string held = fresh_uuid();
    const std::string paid = fresh_uuid();
    const std::string unknown = fresh_uuid();
    ASSERT_EQ(authorize(order_of(held)).status, 201);
    ASSERT_EQ(authorize(order_of(paid, 500)).status, 201);
    ASSERT_EQ(change(paid, "capture").status, 200);
    for (const std::string& id : {held, paid, unknown}) cancel_order(id);
    EXPECT_TRUE(eventually([&] { return state(held) == "VOIDED" && state(paid) == "REFUNDED"; }));
    EXPECT_TRUE(eventually([&] { return get(unknown).status == 200; }));
    EXPECT_EQ(authorize(order_of(unknown)).status, 409);
    EXPECT_TRUE(eventually([&] { return nothing_unresolved(); }));
    expect_equal_ledgers();
}

TEST_F(Payments, EventsOfCaptureAndRefundLeaveTheOutboxOnce) {
    const std::string id = fresh_uuid();
    ASSERT_EQ(authorize(order_of(id)).status, 201);
    ASSERT_EQ(change(id, "capture").status, 200);
    ASSERT_EQ(change(id, "capture").status, 200);
    ASSERT_EQ(change(id, "refund").status, 200);
    EXPECT_TRUE(eventually([&] { return sandbox.query("payments", "SELECT 1 FROM outbox").empty(); }));
    EXPECT_EQ(payment.metric("messages_published_total{event=\"payment."), 2);
}

TEST_F(Payments, TheLedgerTakesNothingThatDoesNotAddUpAndChangesNothing) {
    const std::string id = fresh_uuid();
    ASSERT_EQ(authorize(order_of(id)).status, 201);
    EXPECT_THROW(
        sandbox.query("payments",
                      "WITH t AS (INSERT INTO ledger_transactions (payment_id, operation) VALUES ('" + id +
                          "', 'capture') RETURNING id) INSERT INTO ledger_entries SELECT id, 'revenue', 'EUR', -1 FROM t"),
        pqxx::sql_error);
    EXPECT_THROW(sandbox.query("payments", "UPDATE ledger_entries SET amount = 2 * amount"), pqxx::sql_error);
    EXPECT_THROW(sandbox.query("payments", "DELETE FROM ledger_entries"), pqxx::sql_error);
    EXPECT_THROW(
        sandbox.query("payments", "INSERT INTO ledger_transactions (payment_id, operation) VALUES ('" + id + "', 'authorize')"),
        pqxx::unique_violation);
    expect_equal_ledgers();
}

TEST_F(Payments, TokensAreInNoLogAndStayNowhere) {
    const std::string id = fresh_uuid();
    EXPECT_EQ(payment.admin().request("PUT", "/loglevel", "debug").status, 200);
    set_faults(faults(0, 0, 0.5, 0));
    until_clear([&] { return authorize(order_of(id)); });
    EXPECT_EQ(authorize(order_of(fresh_uuid(), 1, "4242424242424242")).status, 400);
    EXPECT_THAT(payment.log(), Not(HasSubstr(kToken)));
    EXPECT_THAT(payment.log(), Not(HasSubstr("4242424242424242")));
    EXPECT_THAT(simulator.log(), Not(HasSubstr(kToken)));
    EXPECT_TRUE(sandbox.query("payments", "SELECT 1 FROM payments p WHERE p::text LIKE '%secret%'").empty());
}

TEST_F(Payments, WrongInputIsNamedFieldByField) {
    const Answer answer =
        authorize({{"order_id", "x"}, {"amount", 0}, {"currency", "eur"}, {"payment_method", {{"token", ""}}}}, "k");
    EXPECT_EQ(answer.status, 400);
    std::set<std::string> fields;
    const Json problem = answer.json();
    for (const Json& error : problem.at("errors")) fields.insert(error.at("field").get<std::string>());
    EXPECT_EQ(fields, (std::set<std::string>{"/order_id", "/user_id", "/amount", "/currency", "/payment_method/token"}));
    EXPECT_EQ(payment.client().post("/internal/v1/payments", order_of(fresh_uuid())).status, 400);  // Without a key.
}

// Several payments at once, each to its end, while both processes are killed again and again and the provider misbehaves.
TEST_F(Payments, NothingIsChargedTwiceOrLostWhileBothAreKilled) {
    constexpr int kBuyers = 6;
    constexpr int kPayments = 5;  // Each.
    constexpr int kKills = 6;
    set_faults(faults(0.1, 300, 0.2, 0.2));
    std::vector<std::vector<std::string>> ids(kBuyers);
    std::vector<std::thread> buyers;
    std::atomic<int> at_work = kBuyers;
    for (int b = 0; b < kBuyers; ++b) {
        for (int i = 0; i < kPayments; ++i) ids[static_cast<std::size_t>(b)].push_back(fresh_uuid());
        buyers.emplace_back([&, b] {
            for (std::size_t i = 0; i < kPayments; ++i) {
                const std::string& id = ids[static_cast<std::size_t>(b)][i];
                const Answer begun = until_clear([&] { return authorize(order_of(id, 100 + static_cast<std::int64_t>(i))); });
                EXPECT_EQ(begun.status, 201) << begun.body;
                const std::string second = i % 3 == 0 ? "void" : "capture";
                EXPECT_EQ(until_clear([&] { return change(id, second); }).status, 200);
                if (i % 3 != 2) continue;
                EXPECT_EQ(until_clear([&] { return change(id, "refund"); }).status, 200);
            }
            --at_work;
        });
    }
    for (int i = 0; i < kKills && at_work > 0; ++i) {
        std::this_thread::sleep_for(400ms);  // The work goes on meanwhile: there is no condition to wait for.
        ServiceProcess& victim = i % 2 == 0 ? payment : simulator;
        victim.kill();
        victim.start();
        if (i % 2 == 1) set_faults(faults(0.1, 300, 0.2, 0.2, 100 + i));
    }
    for (std::thread& buyer : buyers) buyer.join();
    set_faults(faults(0, 0, 0, 0));
    EXPECT_TRUE(eventually([&] { return nothing_unresolved(); }));
    for (const std::vector<std::string>& of_one : ids) {
        for (std::size_t i = 0; i < of_one.size(); ++i) {
            const std::string wanted[] = {"VOIDED", "CAPTURED", "REFUNDED"};
            const std::string there[] = {"voided", "captured", "refunded"};
            EXPECT_EQ(state(of_one[i]), wanted[i % 3]);
            const Json found = provider_has(of_one[i]);
            ASSERT_EQ(found.size(), 1U) << of_one[i];
            EXPECT_EQ(found.at(0).at("status"), there[i % 3]);
        }
    }
    expect_equal_ledgers();
    EXPECT_TRUE(eventually([&] { return sandbox.query("payments", "SELECT 1 FROM outbox").empty(); }));
}

}  // namespace
}  // namespace services
