// Faults come from the seed.
#include "simulator/faults.h"

#include <gtest/gtest.h>

#include <tuple>
#include <vector>

namespace simulator {

namespace {

std::vector<std::tuple<bool, bool, bool>> sequence(Faults& faults, FaultShares shares) {
    faults.set(shares);
    std::vector<std::tuple<bool, bool, bool>> drawn;
    for (int i = 0; i < 1000; ++i) {
        const Fault fault = faults.draw();
        drawn.emplace_back(fault.slow_by > base::Duration{0}, fault.error_after, fault.lost);
    }
    return drawn;
}

TEST(Faults, AreOffAtFirst) {
    Faults faults;
    for (int i = 0; i < 100; ++i) {
        const Fault fault = faults.draw();
        EXPECT_FALSE(fault.error_after || fault.lost || fault.slow_by > base::Duration{0});
    }
}

TEST(Faults, AreTheSameForTheSameSeed) {
    Faults faults;
    const FaultShares shares{0.3, base::Duration{10}, 0.2, 0.1, 42};
    const auto first = sequence(faults, shares);
    EXPECT_EQ(sequence(faults, shares), first);
    FaultShares other = shares;
    other.seed = 43;
    EXPECT_NE(sequence(faults, other), first);
}

TEST(Faults, HaveTheirShare) {
    Faults faults;
    int slow = 0, errors = 0, lost = 0;
    for (const auto& [is_slow, is_error, is_lost] : sequence(faults, {0.5, base::Duration{1}, 0.25, 0, 7})) {
        slow += is_slow;
        errors += is_error;
        lost += is_lost;
    }
    EXPECT_NEAR(slow, 500, 80);
    EXPECT_NEAR(errors, 250, 80);
    EXPECT_EQ(lost, 0);
}

TEST(Faults, AWholeShareIsEveryOne) {
    Faults faults;
    faults.set({0, base::Duration{0}, 1, 1, 1});
    for (int i = 0; i < 100; ++i) {
        const Fault fault = faults.draw();
        EXPECT_TRUE(fault.error_after && fault.lost);
    }
}

}  // namespace

}  // namespace simulator
