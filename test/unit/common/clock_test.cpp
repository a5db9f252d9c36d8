// Times as Kubernetes writes and reads them.
#include "common/base/clock.h"

#include <gtest/gtest.h>

using namespace std::chrono_literals;
using base::rfc3339;
using base::rfc3339_micro;
using base::wall_time_from;
using base::WallTime;

namespace {

const WallTime kTime{std::chrono::sys_days{2026y / 1 / 2} + 3h + 4min + 5s + 678'901us};

TEST(Clock, WritesSecondsInUtc) {
    EXPECT_EQ(rfc3339(kTime), "2026-01-02T03:04:05Z");
}

TEST(Clock, WritesMicroseconds) {
    EXPECT_EQ(rfc3339_micro(kTime), "2026-01-02T03:04:05.678901Z");
    EXPECT_EQ(rfc3339_micro(kTime - 678'901us), "2026-01-02T03:04:05.000000Z");
}

TEST(Clock, ReadsWhatItWrites) {
    EXPECT_EQ(wall_time_from(rfc3339_micro(kTime)), kTime);
    EXPECT_EQ(wall_time_from(rfc3339(kTime)), kTime - 678'901us);
}

TEST(Clock, WritesTimesBeforeTheEpoch) {
    EXPECT_EQ(rfc3339_micro(WallTime{-1us}), "1969-12-31T23:59:59.999999Z");
}

TEST(Clock, ReadsOffsets) {
    EXPECT_EQ(wall_time_from("2026-01-02T05:04:05.678901+02:00"), kTime);
    EXPECT_EQ(wall_time_from("2026-01-01T21:34:05.678901-05:30"), kTime);
}

TEST(Clock, ReadsFractionsOfAnyLength) {
    EXPECT_EQ(wall_time_from("2026-01-02T03:04:05.678901999Z"), kTime);
    EXPECT_EQ(wall_time_from("2026-01-02T03:04:05.6Z"), kTime - 78'901us);
}

TEST(Clock, TakesNoOtherTextForATime) {
    for (const char* text : {"", "now", "2026-01-02", "2026-01-02T03:04:05", "2026-13-02T03:04:05Z", "2026-02-30T03:04:05Z",
                             "2026-01-02T24:04:05Z", "2026-01-02T03:04:05.Z", "2026-01-02T03:04:05Zx", "2026-01-02T03:04:05+2:00",
                             "-026-01-02T03:04:05Z", "2026-01-02T03:04:05+99:00"}) {
        EXPECT_EQ(wall_time_from(text), WallTime{}) << text;
    }
}

TEST(ManualClock, MovesWhenTold) {
    base::ManualClock clock;
    const auto before = clock.now();
    const auto wall = clock.wall();
    clock.advance(5s);
    EXPECT_EQ(clock.now() - before, 5s);
    EXPECT_EQ(clock.wall() - wall, 5s);
}

}  // namespace
