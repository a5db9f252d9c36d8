#include "common/base/early_threads.h"

#include <gtest/gtest.h>

#include <thread>

namespace base {
namespace {

TEST(EarlyThreads, RunWhatTheyAreTold) {
    EarlyThreads threads(2);
    std::thread::id first;
    std::thread::id second;
    threads.run(0, [&] { first = std::this_thread::get_id(); });
    threads.run(1, [&] { second = std::this_thread::get_id(); });
    threads.join();
    EXPECT_NE(first, std::thread::id());
    EXPECT_NE(second, std::thread::id());
    EXPECT_NE(first, second);
}

TEST(EarlyThreads, EndWhereTheyAreToldNothing) {
    EarlyThreads joined(2);
    joined.run(1, [] {});
    joined.join();
    const EarlyThreads forgotten(2);
}

}  // namespace
}  // namespace base
