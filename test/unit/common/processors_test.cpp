#include "common/base/processors.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <set>
#include <thread>

namespace base {
namespace {

std::set<int> usable() {
    cpu_set_t set;
    EXPECT_EQ(sched_getaffinity(0, sizeof set, &set), 0);
    std::set<int> processors;
    for (int each = 0; each < CPU_SETSIZE; ++each) {
        if (CPU_ISSET(each, &set)) processors.insert(each);
    }
    return processors;
}

std::set<int> share(std::size_t index, std::size_t count) {
    std::set<int> kept;
    std::thread([&] {
        keep_to_share(index, count);
        kept = usable();
    }).join();
    return kept;
}

TEST(Processors, AreSharedOutWithoutOneThatTwoHaveOrThatNobodyHas) {
    const std::set<int> all = usable();
    const std::size_t count = all.size();
    std::set<int> together;
    for (std::size_t index = 0; index < count; ++index) {
        const std::set<int> one = share(index, count);
        EXPECT_EQ(one.size(), 1U);
        together.insert(one.begin(), one.end());
    }
    EXPECT_EQ(together, all);
    EXPECT_EQ(share(0, 1), all);
    EXPECT_EQ(usable(), all) << "of other threads";
}

TEST(Processors, AreAllUsedWhereThereAreTooFewToShare) {
    const std::set<int> all = usable();
    EXPECT_EQ(share(0, all.size() + 1), all);
}

}  // namespace
}  // namespace base
