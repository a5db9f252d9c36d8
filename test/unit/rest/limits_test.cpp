// When the circuit breaker lets calls through, and how many retries the budget allows.
#include "common/rest/limits.h"

#include <gtest/gtest.h>

using namespace std::chrono_literals;
using rest::CircuitBreaker;
using rest::RetryBudget;
using Result = rest::CircuitBreaker::Result;

namespace {

class CircuitBreakerTest : public testing::Test {
protected:
    void record(Result result) {
        const auto ticket = breaker_.enter();
        ASSERT_TRUE(ticket);
        breaker_.leave(*ticket, result);
    }
    void break_it() {
        for (int i = 0; i < 4; ++i) record(Result::Failure);
        ASSERT_TRUE(breaker_.open());
    }

    base::ManualClock clock_;
    CircuitBreaker breaker_{{.window = 4, .failure_share = 0.5, .open_time = 5s}, clock_};
};

TEST_F(CircuitBreakerTest, StaysClosedUntilItHasSeenAWholeWindow) {
    for (int i = 0; i < 3; ++i) record(Result::Failure);
    EXPECT_FALSE(breaker_.open());
    record(Result::Success);
    EXPECT_TRUE(breaker_.open());
    EXPECT_FALSE(breaker_.enter());
}

TEST_F(CircuitBreakerTest, LooksAtTheLastResultsOnly) {
    record(Result::Failure);
    for (int i = 0; i < 20; ++i) record(Result::Success);
    record(Result::Failure);
    EXPECT_FALSE(breaker_.open());
    record(Result::Failure);
    EXPECT_TRUE(breaker_.open());
}

TEST_F(CircuitBreakerTest, IgnoresWhatSaysNothing) {
    for (int i = 0; i < 20; ++i) record(Result::Unknown);
    for (int i = 0; i < 3; ++i) record(Result::Failure);
    EXPECT_FALSE(breaker_.open());
}

TEST_F(CircuitBreakerTest, LetsOneTryThroughAfterAWhile) {
    break_it();
    clock_.advance(4999ms);
    EXPECT_FALSE(breaker_.enter());
    clock_.advance(1ms);
    const auto probe = breaker_.enter();
    ASSERT_TRUE(probe);
    EXPECT_FALSE(breaker_.enter());
    EXPECT_TRUE(breaker_.leave(*probe, Result::Success));
    EXPECT_FALSE(breaker_.open());
    EXPECT_TRUE(breaker_.enter());
}

TEST_F(CircuitBreakerTest, OpensAgainWhenThatTryFails) {
    break_it();
    for (const Result result : {Result::Failure, Result::Unknown}) {
        clock_.advance(5s);
        const auto probe = breaker_.enter();
        ASSERT_TRUE(probe);
        EXPECT_TRUE(breaker_.leave(*probe, result));
        EXPECT_TRUE(breaker_.open());
        EXPECT_FALSE(breaker_.enter());
    }
}

TEST_F(CircuitBreakerTest, StartsAfreshOnceItHasClosed) {
    break_it();
    clock_.advance(5s);
    record(Result::Success);
    for (int i = 0; i < 3; ++i) record(Result::Failure);
    EXPECT_FALSE(breaker_.open());
}

TEST_F(CircuitBreakerTest, DoesNotCountCallsFromBeforeItOpened) {
    const auto early = breaker_.enter();
    const auto earlier = breaker_.enter();
    break_it();
    EXPECT_FALSE(breaker_.leave(*early, Result::Success));
    EXPECT_TRUE(breaker_.open());
    clock_.advance(5s);
    const auto probe = breaker_.enter();
    EXPECT_FALSE(breaker_.leave(*earlier, Result::Success));
    EXPECT_TRUE(breaker_.open());
    EXPECT_TRUE(breaker_.leave(*probe, Result::Success));
}

TEST(RetryBudget, IsUsedUpByRetriesAndFilledBySuccesses) {
    RetryBudget budget{2, 0.5};
    EXPECT_TRUE(budget.take());
    EXPECT_TRUE(budget.take());
    EXPECT_FALSE(budget.take());
    budget.give_back();
    EXPECT_FALSE(budget.take());
    budget.give_back();
    EXPECT_TRUE(budget.take());
    for (int i = 0; i < 100; ++i) budget.give_back();
    EXPECT_TRUE(budget.take());
    EXPECT_TRUE(budget.take());
    EXPECT_FALSE(budget.take());
}

}  // namespace
