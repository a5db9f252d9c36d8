// Breaker and retry budget.
#include "gateway/circuit.h"

#include <gtest/gtest.h>

namespace gateway {
namespace {

using namespace std::chrono_literals;

struct Breaker : testing::Test {
    CircuitBreaker breaker;
    Steady::time_point now{};

    void fail(int times) {
        for (int i = 0; i < times; ++i) breaker.failed(now);
    }
};

TEST_F(Breaker, StaysClosedWhileLittleIsKnown) {
    fail(9);
    EXPECT_TRUE(breaker.admits(now));
}

TEST_F(Breaker, OpensWhenHalfOfTheCallsHadNoAnswer) {
    for (int i = 0; i < 10; ++i) breaker.succeeded();
    fail(9);
    EXPECT_FALSE(breaker.is_open());
    fail(1);
    EXPECT_TRUE(breaker.is_open());
    EXPECT_FALSE(breaker.admits(now));
}

TEST_F(Breaker, LetsOneTryAfterAWhileAndClosesWhenItSucceeds) {
    fail(10);
    now += 2s;
    EXPECT_TRUE(breaker.admits(now));
    EXPECT_FALSE(breaker.admits(now));
    breaker.succeeded();
    EXPECT_FALSE(breaker.is_open());
    EXPECT_TRUE(breaker.admits(now));
    EXPECT_TRUE(breaker.admits(now));
}

TEST_F(Breaker, StaysOpenWhenTheTryFails) {
    fail(10);
    now += 2s;
    ASSERT_TRUE(breaker.admits(now));
    breaker.failed(now);
    EXPECT_FALSE(breaker.admits(now + 1s));
    EXPECT_TRUE(breaker.admits(now + 2s));
}

TEST_F(Breaker, AnotherMayTryWhereTheTrySaidNothing) {
    fail(10);
    now += 2s;
    ASSERT_TRUE(breaker.admits(now));
    breaker.forget();
    EXPECT_TRUE(breaker.admits(now));
}

TEST_F(Breaker, ALateSuccessOfBeforeDoesNotCloseIt) {
    fail(10);
    breaker.succeeded();
    EXPECT_TRUE(breaker.is_open());
}

TEST(RetryBudget, IsSpentByRetriesAndEarnedByAnswers) {
    RetryBudget budget;
    for (int i = 0; i < 10; ++i) EXPECT_TRUE(budget.take());
    EXPECT_FALSE(budget.take());
    for (int i = 0; i < 11; ++i) budget.earn();
    EXPECT_TRUE(budget.take());
    EXPECT_FALSE(budget.take());
}

}  // namespace
}  // namespace gateway
