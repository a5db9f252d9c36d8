#include "api/off_hours.h"

#include <gtest/gtest.h>

namespace api {
namespace {

using std::chrono_literals::operator""h;
using std::chrono_literals::operator""min;
using std::chrono_literals::operator""s;
using std::chrono::sys_seconds;

// 2026-01-05, a Monday.
const sys_seconds kMonday{std::chrono::sys_days{std::chrono::year{2026} / 1 / 5}};
const std::chrono::hours kDay{24};
const std::set<unsigned> kEveryDay{1, 2, 3, 4, 5, 6, 7};

OffHours nights() {
    return {{{kEveryDay, 20h, 6h}}, 1};
}

TEST(OffHours, BeginAndEndToTheSecond) {
    EXPECT_FALSE(are_off(nights(), kMonday + 20h - 1s));
    EXPECT_TRUE(are_off(nights(), kMonday + 20h));
    EXPECT_TRUE(are_off(nights(), kMonday + kDay + 6h - 1s)) << "of the night that began the day before";
    EXPECT_FALSE(are_off(nights(), kMonday + kDay + 6h));
}

TEST(OffHours, BelongToTheDayOnWhichTheyBegin) {
    const OffHours friday{{{{5}, 22h, 4h}}, 1};
    EXPECT_FALSE(are_off(friday, kMonday + 4 * kDay + 3h));
    EXPECT_TRUE(are_off(friday, kMonday + 5 * kDay + 3h)) << "Saturday";
    EXPECT_EQ(next_change(friday, kMonday), kMonday + 4 * kDay + 22h);
    EXPECT_EQ(next_change(friday, kMonday + 5 * kDay), kMonday + 5 * kDay + 4h);
    EXPECT_EQ(next_change(friday, kMonday + 5 * kDay + 4h), kMonday + 11 * kDay + 22h);
}

TEST(OffHours, ThatMeetAreOne) {
    const OffHours weekend{{{kEveryDay, 20h, 6h}, {{6, 7}, 0h, 0h}}, 1};
    EXPECT_EQ(next_change(weekend, kMonday + 4 * kDay + 20h), kMonday + 7 * kDay + 6h);
    EXPECT_DOUBLE_EQ(share_of_a_week(nights()), 10.0 / 24);
    EXPECT_DOUBLE_EQ(share_of_a_week(weekend), 98.0 / (7 * 24)) << "five times ten hours, and two whole days";
}

TEST(OffHours, NeverChangeWhereThereAreNoneOrNothingElse) {
    EXPECT_EQ(next_change({}, kMonday), std::nullopt);
    EXPECT_EQ(next_change({{{kEveryDay, 0h, 0h}}, 1}, kMonday + 5min), std::nullopt);
    EXPECT_EQ(share_of_a_week({}), 0);
}

TEST(OffHours, LowerAnAutoscalersMinimumAndEveryNumberWithoutOne) {
    const OffHours hours{{}, 2};
    const Replicas scaled = fewer({3, 3, 10}, true, hours);
    EXPECT_EQ(scaled.min, 2);
    EXPECT_EQ(scaled.max, 10);
    const Replicas fixed = fewer({3, 3, 10}, false, hours);
    EXPECT_EQ(fixed.count, 2);
    EXPECT_EQ(fixed.max, 2);
    EXPECT_EQ(fewer({1, 1, 10}, true, hours).min, 1) << "what has fewer keeps them";
}

TEST(OffHours, AreSwitchedOnAndOff) {
    Spec spec;
    spec.services["order"].replicas = {3, 3, 10};
    spec.services["order"].otherwise = {1, 1, 10};
    const Spec resting = at_rest(at_rest(spec));
    EXPECT_TRUE(resting.rests);
    EXPECT_EQ(resting.services.at("order").replicas.min, 1);
    EXPECT_EQ(awake(awake(resting)).services.at("order").replicas.min, 3);
}

}  // namespace
}  // namespace api
