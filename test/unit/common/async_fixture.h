// Servers on one port of loopback, each on a loop and thread of its own, whose handlers wait.
#pragma once

#include <gtest/gtest.h>
#include <prometheus/registry.h>

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <future>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "common/http/server.h"
#include "common/http/worker_pool.h"
#include "unit/common/server_fixture.h"

class AsyncServerTest : public testing::Test {
protected:
    ~AsyncServerTest() override {
        open_gate();
        end();
    }

    void start(std::size_t loops = 1, http::ServerOptions options = {}) {
        for (std::size_t i = 0; i < loops; ++i) {
            const http::AsyncHandler handler = [this](http::Request request) { return handle(*this, std::move(request)); };
            auto loop = std::make_unique<Loop>();
            if (i == 0) {
                loop->server = std::make_unique<http::Server>(loop->io, address_, handler, base::Log{log_}, options);
                address_ = loop->server->address();
            } else {
                loop->server =
                    std::make_unique<http::Server>(loop->io, *loops_.front()->server, handler, base::Log{log_}, options);
            }
            loops_.push_back(std::move(loop));
        }
        for (const auto& loop : loops_) loop->thread = std::thread{[&io = loop->io] { io.run(); }};
    }

    void stop(base::Duration grace) {
        for (const auto& loop : loops_)
            boost::asio::post(loop->io, [server = loop->server.get(), grace] { server->stop(grace); });
    }

    // Returns when no loop has anything left to do.
    void wait_for_end() {
        for (const auto& loop : loops_) {
            loop->guard.reset();
            if (loop->thread.joinable()) loop->thread.join();
        }
    }

    // The servers go, whatever runs.
    void end() {
        for (const auto& loop : loops_) {
            std::promise<void> gone;
            if (loop->thread.joinable()) {
                boost::asio::post(loop->io, [&] {
                    loop->server.reset();
                    gone.set_value();
                });
                gone.get_future().wait();
            }
        }
        wait_for_end();
    }

    RawClient connect() const { return RawClient{address_}; }
    std::string exchange(const std::string& request) const {
        RawClient client = connect();
        client.send(request);
        return client.read_all();
    }

    // Requests of /gate wait on a worker until it is opened.
    void open_gate() {
        if (!opened_.exchange(true)) gate_.set_value();
    }
    int at_gate() const { return at_gate_; }
    std::string log() const { return log_.str(); }

    http::Address address_{"127.0.0.1", 0};
    std::atomic<int> handled_ = 0;

private:
    struct Loop {
        boost::asio::io_context io{1};
        boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard{io.get_executor()};
        std::unique_ptr<http::Server> server;
        std::thread thread;
    };

    static boost::asio::awaitable<http::Response> handle(AsyncServerTest& self, http::Request request);

    std::ostringstream log_;
    prometheus::Registry registry_;
    std::promise<void> gate_;
    std::shared_future<void> gate_opened_{gate_.get_future()};
    std::atomic<bool> opened_ = false;
    std::atomic<int> at_gate_ = 0;
    std::vector<std::unique_ptr<Loop>> loops_;
    http::WorkerPool workers_{{.threads = 4, .queue = 64}, registry_};
};

inline boost::asio::awaitable<http::Response> AsyncServerTest::handle(AsyncServerTest& self, http::Request request) {
    ++self.handled_;
    if (request.path == "/fail") throw std::runtime_error("out of stock");
    http::Response response;
    response.body = request.method + " " + request.path + " " + request.body;
    if (request.path == "/loop") {
        std::ostringstream id;
        id << std::this_thread::get_id();
        response.body = id.str();
    }
    if (request.path == "/large") response.body = std::string(kLarge, 'x');
    if (request.path == "/gate") {
        std::function<http::Response()> work = [&self, response] {
            ++self.at_gate_;
            self.gate_opened_.wait();
            return response;
        };
        co_return co_await self.workers_.run(std::move(work));
    }
    if (request.path == "/worker") {
        std::function<http::Response()> work = [response] { return response; };
        co_return co_await self.workers_.run(std::move(work));
    }
    co_return response;
}
