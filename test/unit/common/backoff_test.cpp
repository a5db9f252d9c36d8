// How waits grow and spread.
#include "common/base/backoff.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

using namespace std::chrono_literals;
using base::Backoff;
using base::backoff_delay;
using base::BackoffPolicy;
using base::Jitter;

namespace {

double lowest() {
    return 0.0;
}
double middle() {
    return 0.5;
}

TEST(Backoff, DoublesFromFiveMillisecondsToAThousandSeconds) {
    const BackoffPolicy policy;
    EXPECT_EQ(backoff_delay(policy, 1, lowest), 5ms);
    EXPECT_EQ(backoff_delay(policy, 2, lowest), 10ms);
    EXPECT_EQ(backoff_delay(policy, 11, lowest), 5120ms);
    EXPECT_EQ(backoff_delay(policy, 18, lowest), 655'360ms);
    EXPECT_EQ(backoff_delay(policy, 19, lowest), 1000s);
}

TEST(Backoff, StaysAtItsBoundHoweverManyFailures) {
    EXPECT_EQ(backoff_delay({}, std::numeric_limits<int>::max(), lowest), 1000s);
    EXPECT_EQ(backoff_delay({.base = 1ms, .max = base::Duration::max()}, 500, lowest), base::Duration::max());
}

TEST(Backoff, DoesNotWaitBeforeTheFirstFailure) {
    EXPECT_EQ(backoff_delay({}, 0, middle), 0ms);
}

TEST(Backoff, FullJitterReachesDownToZero) {
    const BackoffPolicy policy{.base = 100ms, .max = 10s, .jitter = Jitter::Full};
    EXPECT_EQ(backoff_delay(policy, 1, lowest), 0ms);
    EXPECT_EQ(backoff_delay(policy, 1, middle), 50ms);
}

TEST(Backoff, EqualJitterKeepsHalf) {
    const BackoffPolicy policy{.base = 100ms, .max = 10s, .jitter = Jitter::Equal};
    EXPECT_EQ(backoff_delay(policy, 1, lowest), 50ms);
    EXPECT_EQ(backoff_delay(policy, 1, middle), 75ms);
}

TEST(Backoff, StartsAgainAfterSuccess) {
    Backoff backoff{{.base = 1s, .max = 1min}, lowest};
    EXPECT_EQ(backoff.next(), 1s);
    EXPECT_EQ(backoff.next(), 2s);
    backoff.reset();
    EXPECT_EQ(backoff.failures(), 0);
    EXPECT_EQ(backoff.next(), 1s);
}

TEST(Backoff, CountsEachItemByItself) {
    base::ItemBackoff<std::string> backoff{{}, lowest};
    backoff.next("shop");
    EXPECT_EQ(backoff.next("shop"), 10ms);
    EXPECT_EQ(backoff.next("market"), 5ms);
    backoff.forget("shop");
    EXPECT_EQ(backoff.failures("shop"), 0);
    EXPECT_EQ(backoff.failures("market"), 1);
}

TEST(Random, RepeatsItselfForTheSameSeed) {
    const base::Random one = base::seeded_random(7);
    const base::Random two = base::seeded_random(7);
    for (int i = 0; i < 10; ++i) EXPECT_EQ(one(), two());
}

TEST(Random, StaysBelowOne) {
    const base::Random random = base::system_random();
    for (int i = 0; i < 1000; ++i) {
        const double value = random();
        EXPECT_GE(value, 0.0);
        EXPECT_LT(value, 1.0);
    }
}

TEST(Jittered, AddsAtMostTheGivenShare) {
    EXPECT_EQ(base::jittered(10s, 0.2, lowest), 10s);
    EXPECT_EQ(base::jittered(10s, 0.2, middle), 11s);
}

}  // namespace
