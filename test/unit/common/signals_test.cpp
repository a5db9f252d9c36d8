// Signals as calls on the event loop.
#include "common/base/signals.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <csignal>
#include <utility>
#include <vector>

using namespace std::chrono_literals;

namespace {

TEST(StopSignals, AreCallsOnTheLoop) {
    boost::asio::io_context io;
    std::vector<int> got;
    base::StopSignals signals{io, [&](int signal) { got.push_back(signal); }};
    std::raise(SIGTERM);
    while (got.empty() && io.run_one_for(10s) > 0) continue;
    std::raise(SIGINT);
    while (got.size() < 2 && io.run_one_for(10s) > 0) continue;
    EXPECT_EQ(got, (std::vector{SIGTERM, SIGINT}));
}

TEST(StopSignals, LetTheLoopEndOnceClosed) {
    boost::asio::io_context io;
    base::StopSignals signals{io, [](int) {}};
    signals.close();
    io.run();
}

TEST(StopSignals, AWriteToAClosedPipeDoesNotKill) {
    base::ignore_sigpipe();
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    close(ends[0]);
    EXPECT_EQ(write(ends[1], "x", 1), -1);
    EXPECT_EQ(errno, EPIPE);
    close(ends[1]);
}

}  // namespace
