// Token buckets by client.
#include "gateway/rate_limit.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace gateway {
namespace {

using namespace std::chrono_literals;

struct Limiter : testing::Test {
    RateLimiter limiter{{10, 20}, 64};
    Steady::time_point now{1h};

    int taken(const std::string& key, int tries) {
        int count = 0;
        for (int i = 0; i < tries; ++i) count += limiter.take(key, now) ? 0 : 1;
        return count;
    }
};

TEST_F(Limiter, AllowsABurstAndThenTheRate) {
    EXPECT_EQ(taken("a", 100), 20);
    now += 1s;
    EXPECT_EQ(taken("a", 100), 10);
}

TEST_F(Limiter, SaysHowLongToWait) {
    taken("a", 20);
    EXPECT_EQ(limiter.take("a", now), 100ms);
    now += 100ms;
    EXPECT_FALSE(limiter.take("a", now).has_value());
}

TEST_F(Limiter, KeepsClientsApart) {
    taken("a", 100);
    EXPECT_EQ(taken("b", 100), 20);
}

TEST_F(Limiter, KeepsABoundedNumberOfThem) {
    for (int i = 0; i < 10'000; ++i) (void)limiter.take(std::to_string(i), now);
    EXPECT_LE(limiter.size(), 64U);
}

TEST_F(Limiter, HoldsBackWhoTookTooMuchOfAllReplicas) {
    taken("a", 5);
    limiter.learn("a", 120, 10s, now + 3s);
    EXPECT_FALSE(limiter.take("a", now).has_value());
    limiter.learn("a", 121, 10s, now + 3s);
    EXPECT_EQ(limiter.take("a", now), 3000ms);
    now += 3s;
    EXPECT_FALSE(limiter.take("a", now).has_value());
}

TEST_F(Limiter, TellsOfBusyClientsOnce) {
    taken("a", 7);
    const auto spent = limiter.spent(10);
    ASSERT_EQ(spent.size(), 1U);
    EXPECT_EQ(spent[0].key, "a");
    EXPECT_EQ(spent[0].requests, 7U);
    EXPECT_TRUE(limiter.spent(10).empty());
}

TEST(Rate, IsReadFromText) {
    EXPECT_EQ(rate_from("X", "100").burst, 200);
    EXPECT_EQ(rate_from("X", "100:150").burst, 150);
    EXPECT_EQ(rate_from("X", "0").per_second, 0);
    for (const char* text : {"", "x", "1:", ":1", "-1", "1.5", "1:2:3"})
        EXPECT_THROW(rate_from("X", text), std::invalid_argument) << text;
    RateLimiter none{rate_from("X", "0")};
    for (int i = 0; i < 1000; ++i) EXPECT_FALSE(none.take("a", {}).has_value());
}

}  // namespace
}  // namespace gateway
