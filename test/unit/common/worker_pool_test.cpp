// Work on other threads, and its end back on the loop.
#include "common/http/worker_pool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <prometheus/registry.h>

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <future>
#include <thread>
#include <vector>

#include "common/base/metrics.h"
#include "common/http/problem.h"

namespace asio = boost::asio;
using testing::HasSubstr;

namespace {

http::Response said(std::string body) {
    http::Response response;
    response.body = std::move(body);
    return response;
}

// Holds workers until it is opened.
struct Gate {
    std::promise<void> opened;
    std::shared_future<void> open{opened.get_future()};
    std::atomic<int> waiting = 0;
};

class WorkerPoolTest : public testing::Test {
protected:
    std::future<http::Response> start(http::WorkerPool& pool, std::function<http::Response()> work) {
        return asio::co_spawn(io_, pool.run(std::move(work)), asio::use_future);
    }

    asio::io_context io_;
    prometheus::Registry registry_;
};

TEST_F(WorkerPoolTest, RunsWorkElsewhereAndResumesOnTheLoop) {
    http::WorkerPool pool{{.threads = 2, .queue = 8}, registry_};
    const auto here = std::this_thread::get_id();
    auto answer = start(pool, [here] { return said(std::this_thread::get_id() == here ? "here" : "elsewhere"); });
    io_.run();
    EXPECT_EQ(answer.get().body, "elsewhere");
}

TEST_F(WorkerPoolTest, BringsTheExceptionsOfTheWork) {
    http::WorkerPool pool{{}, registry_};
    auto answer = start(pool, []() -> http::Response { throw std::runtime_error("out of stock"); });
    io_.run();
    EXPECT_THROW(answer.get(), std::runtime_error);
}

TEST_F(WorkerPoolTest, RunsAsMuchAtATimeAsItHasThreads) {
    http::WorkerPool pool{{.threads = 3, .queue = 8}, registry_};
    Gate gate;
    std::vector<std::future<http::Response>> answers;
    for (int i = 0; i < 6; ++i) {
        answers.push_back(start(pool, [&gate] {
            ++gate.waiting;
            gate.open.wait();
            return said("done");
        }));
    }
    std::thread loop{[this] { io_.run(); }};
    while (gate.waiting < 3) std::this_thread::yield();
    while (base::exposition({&registry_}).find("worker_pool_queue_length 3") == std::string::npos) std::this_thread::yield();
    EXPECT_THAT(base::exposition({&registry_}), HasSubstr("worker_pool_busy 3"));
    EXPECT_EQ(gate.waiting, 3);
    gate.opened.set_value();
    loop.join();
    for (auto& answer : answers) EXPECT_EQ(answer.get().body, "done");
    EXPECT_THAT(base::exposition({&registry_}), HasSubstr("worker_pool_queue_seconds_count 6"));
}

TEST_F(WorkerPoolTest, RefusesWhatItsQueueDoesNotHold) {
    http::WorkerPool pool{{.threads = 1, .queue = 2}, registry_};
    Gate gate;
    std::vector<std::future<http::Response>> answers;
    std::vector<int> statuses;
    const auto work = [&gate] {
        ++gate.waiting;
        gate.open.wait();
        return said("done");
    };
    answers.push_back(start(pool, work));
    std::thread first{[this] { io_.run(); }};
    while (gate.waiting < 1) std::this_thread::yield();
    for (int i = 0; i < 5; ++i) answers.push_back(start(pool, work));
    int refused = 0;
    for (int i = 3; i < 6; ++i) {
        try {
            answers[static_cast<std::size_t>(i)].get();
        } catch (const http::Problem& problem) {
            refused += problem.status() == 429 ? 1 : 0;
        }
    }
    EXPECT_EQ(refused, 3);
    gate.opened.set_value();
    first.join();
    for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(answers[i].get().body, "done");
}

TEST_F(WorkerPoolTest, EndsWhatWaitsWhenItGoesAndLetsRunningWorkFinish) {
    auto pool = std::make_unique<http::WorkerPool>(http::WorkerPool::Limits{.threads = 1, .queue = 2}, registry_);
    Gate gate;
    auto running = start(*pool, [&gate] {
        ++gate.waiting;
        gate.open.wait();
        return said("done");
    });
    auto waiting = start(*pool, [] { return said("never"); });
    io_.poll();
    while (gate.waiting < 1) std::this_thread::yield();
    std::thread end{[&pool] { pool.reset(); }};
    // The pool takes the queue before it waits for what runs.
    while (base::exposition({&registry_}).find("worker_pool_queue_length 0") == std::string::npos) std::this_thread::yield();
    gate.opened.set_value();
    end.join();
    io_.run();
    EXPECT_EQ(running.get().body, "done");
    EXPECT_THROW(waiting.get(), http::Problem);
}

}  // namespace
