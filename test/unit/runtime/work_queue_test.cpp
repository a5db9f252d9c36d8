#include "runtime/work_queue.h"

#include <gtest/gtest.h>

namespace runtime {
namespace {

const kube::Key kShop{"shop", "shop"};
const kube::Key kOther{"other", "shop"};

class WorkQueueTest : public testing::Test {
protected:
    boost::asio::io_context io;
    base::ManualClock clock;
    WorkQueue queue{io, clock};
};

TEST_F(WorkQueueTest, HandsOutAKeyOnceHoweverOftenItWasAdded) {
    queue.add(kShop);
    queue.add(kShop);
    EXPECT_EQ(queue.try_take(), kShop);
    EXPECT_EQ(queue.try_take(), std::nullopt);
}

TEST_F(WorkQueueTest, HoldsBackAKeyThatIsBeingReconciled) {
    queue.add(kShop);
    ASSERT_EQ(queue.try_take(), kShop);
    queue.add(kShop);
    EXPECT_EQ(queue.try_take(), std::nullopt);
    queue.done(kShop);
    EXPECT_EQ(queue.try_take(), kShop);
}

TEST_F(WorkQueueTest, HandsOutNoKeyBeforeItIsDue) {
    queue.add(kShop, base::Duration{100});
    EXPECT_EQ(queue.try_take(), std::nullopt);
    clock.advance(base::Duration{100});
    EXPECT_EQ(queue.try_take(), kShop);
}

TEST_F(WorkQueueTest, TakesTheEarlierOfTwoTimes) {
    queue.add(kShop, base::Duration{1000});
    queue.add(kShop, base::Duration{10});
    queue.add(kShop, base::Duration{500});
    clock.advance(base::Duration{10});
    EXPECT_EQ(queue.try_take(), kShop);
    clock.advance(base::Duration{5000});
    EXPECT_EQ(queue.try_take(), std::nullopt);
}

TEST_F(WorkQueueTest, HandsOutTheLongestOverdueFirst) {
    queue.add(kShop, base::Duration{20});
    queue.add(kOther, base::Duration{10});
    clock.advance(base::Duration{30});
    EXPECT_EQ(queue.try_take(), kOther);
    EXPECT_EQ(queue.try_take(), kShop);
}

TEST_F(WorkQueueTest, TakesNothingInOnceClosed) {
    queue.add(kShop);
    queue.close();
    queue.add(kOther);
    EXPECT_EQ(queue.try_take(), std::nullopt);
    EXPECT_EQ(queue.depth(), 0U);
}

}  // namespace
}  // namespace runtime
