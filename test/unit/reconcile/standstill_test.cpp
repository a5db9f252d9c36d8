#include "reconcile/standstill.h"

#include <gtest/gtest.h>

namespace reconcile {
namespace {

using std::chrono_literals::operator""s;

const kube::Key kShop{"shop", "shop"};

class StandstillTest : public testing::Test {
protected:
    StandstillTest() {
        workload().desired = workload().current = workload().updated = 3;
        workload().available = 2;
    }
    quality::Workload& workload() { return seen_.workloads[component_]; }

    // Of the workload as it is now, after that time.
    std::string failure_at(std::chrono::seconds after) {
        quality::Observed seen = seen_;
        next_ = standstill_.look_at(kShop, seen, begin_ + after);
        return seen.workloads[component_].failure;
    }
    std::optional<std::chrono::seconds> next() const {
        if (!next_) return std::nullopt;
        return std::chrono::duration_cast<std::chrono::seconds>(*next_ - begin_);
    }

    std::string component_ = "redis";
    quality::Observed seen_;
    Standstill standstill_;
    std::optional<base::WallTime> next_;
    const base::WallTime begin_ = base::wall_time_from("2026-01-01T00:00:00Z");
};

TEST_F(StandstillTest, IsToldAfterFiveMinutesInWhichNothingChanged) {
    EXPECT_EQ(failure_at(0s), "");
    EXPECT_EQ(next(), 300s);
    workload().current = workload().updated = 2;  // One is not made again.
    EXPECT_EQ(failure_at(100s), "");
    EXPECT_EQ(next(), 400s);
    EXPECT_EQ(failure_at(399s), "");
    EXPECT_EQ(failure_at(400s), "Kubernetes gets no further with its pods, as its events say");
    EXPECT_EQ(next(), std::nullopt);
    workload().current = workload().updated = 3;
    EXPECT_EQ(failure_at(401s), "");
    workload().available = 3;
    EXPECT_EQ(failure_at(402s), "");
    EXPECT_EQ(next(), std::nullopt);
    workload().available = 2;
    EXPECT_EQ(failure_at(900s), "") << "it was whole meanwhile";
}

TEST_F(StandstillTest, LeavesBetterWordsAndEndsWhatWasToPass) {
    workload().failure = "Unschedulable";
    workload().passing = true;
    failure_at(0s);
    quality::Observed seen = seen_;
    standstill_.look_at(kShop, seen, begin_ + 300s);
    EXPECT_EQ(seen.workloads["redis"].failure, "Unschedulable");
    EXPECT_TRUE(seen.workloads["redis"].is_stuck());
    standstill_.forget(kShop);
    seen = seen_;
    standstill_.look_at(kShop, seen, begin_ + 300s);
    EXPECT_FALSE(seen.workloads["redis"].is_stuck());
}

TEST_F(StandstillTest, IsToldSoonOfLogAgentsThatAreNotEvenMade) {
    seen_.workloads.clear();
    component_ = "fluent-bit";
    workload().desired = workload().current = workload().updated = 3;
    workload().available = 2;
    EXPECT_EQ(failure_at(10s), "");
    workload().current = 2;
    EXPECT_EQ(failure_at(20s), "");
    EXPECT_EQ(next(), 30s);
    EXPECT_NE(failure_at(30s), "");
}

TEST_F(StandstillTest, OfAServiceIsItsDeploymentsToTell) {
    seen_.workloads.clear();
    component_ = "order";
    workload().desired = 3;
    EXPECT_EQ(failure_at(0s), "");
    EXPECT_EQ(failure_at(600s), "");
    EXPECT_EQ(next(), std::nullopt);
}

}  // namespace
}  // namespace reconcile
