// One at a time for each key.
#include "payment/turns.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

namespace payment {

namespace {

using std::chrono_literals::operator""ms;

TEST(Turns, OfOneKeyAreTakenOneAfterTheOther) {
    Turns turns;
    std::atomic<int> inside = 0;
    std::atomic<int> most = 0;
    std::atomic<int> done = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i) {
        threads.emplace_back([&] {
            for (int j = 0; j < 100; ++j) {
                const auto turn = turns.take("a", base::Deadline::never());
                most = std::max(most.load(), ++inside);
                std::this_thread::yield();
                --inside;
                ++done;
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(most, 1);
    EXPECT_EQ(done, 800);
}

TEST(Turns, OfDifferentKeysDoNotWaitForEachOther) {
    Turns turns;
    const auto first = turns.take("a", base::Deadline::in(0ms));
    const auto other = turns.take("b", base::Deadline::in(0ms));
    EXPECT_TRUE(first);
    EXPECT_TRUE(other);
}

TEST(Turns, AreNotWaitedForBeyondTheDeadline) {
    Turns turns;
    auto first = turns.take("a", base::Deadline::in(0ms));
    EXPECT_TRUE(first);
    EXPECT_FALSE(turns.take("a", base::Deadline::in(5ms)));
    first.reset();
    EXPECT_TRUE(turns.take("a", base::Deadline::in(0ms)));
}

}  // namespace

}  // namespace payment
