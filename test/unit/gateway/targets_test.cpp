// Addresses of upstreams and their shares.
#include "gateway/targets.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace gateway {
namespace {

TEST(Targets, ReadsOneAddress) {
    const auto targets = targets_from("http://shop-catalog");
    ASSERT_EQ(targets.size(), 1U);
    EXPECT_EQ(targets[0], (Target{"shop-catalog", 80, 1}));
    EXPECT_EQ(targets[0].authority(), "shop-catalog");
}

TEST(Targets, ReadsSharesOfACanary) {
    const auto targets = targets_from("http://a=90,http://[::1]:8081/=10");
    ASSERT_EQ(targets.size(), 2U);
    EXPECT_EQ(targets[0], (Target{"a", 80, 90}));
    EXPECT_EQ(targets[1], (Target{"::1", 8081, 10}));
    EXPECT_EQ(targets[1].authority(), "[::1]:8081");
}

TEST(Targets, RefusesWhatIsNoAddress) {
    for (const char* text :
         {"", "shop", "https://shop", "http://", "http://a/path", "http://a:0", "http://a:65536", "http://a:x",
          "http://a=", "http://a=-1", "http://a=10001", "http://a=0", "http://a,", "http://u:p@a", "http://[::1", "http://a b"}) {
        EXPECT_THROW(targets_from(text), std::invalid_argument) << text;
    }
}

TEST(Targets, AreDrawnByWeight) {
    const auto targets = targets_from("http://a=90,http://b=10,http://c=0");
    EXPECT_EQ(choose(targets, 0.0, 3), 0U);
    EXPECT_EQ(choose(targets, 0.899, 3), 0U);
    EXPECT_EQ(choose(targets, 0.9, 3), 1U);
    EXPECT_EQ(choose(targets, 0.999999, 3), 1U);
}

TEST(Targets, TheOneThatFailedIsAvoidedWhileThereIsAnother) {
    const auto two = targets_from("http://a=90,http://b=10");
    EXPECT_EQ(choose(two, 0.1, 0), 1U);
    const auto one = targets_from("http://a");
    EXPECT_EQ(choose(one, 0.1, 0), 0U);
}

}  // namespace
}  // namespace gateway
