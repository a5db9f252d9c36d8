// A service as the gateway sees one, whose answers the test decides on.
#pragma once

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <mutex>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "common/http/server.h"

namespace services {

class FakeUpstream {
public:
    using Answer = std::function<http::Response(const http::Request&)>;

    explicit FakeUpstream(std::uint16_t port = 0);
    ~FakeUpstream() { stop(); }

    void answer(Answer answer);
    void delay(std::chrono::milliseconds delay) { delay_ = delay; }  // Before each answer.
    void stop();                                                     // Cuts everything off, and refuses from then on.

    std::uint16_t port() const { return port_; }
    std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
    std::vector<http::Request> requests() const;  // As they came.
    std::size_t count() const { return requests().size(); }

private:
    static boost::asio::awaitable<http::Response> handle(FakeUpstream* self, http::Request request);

    mutable std::mutex mutex_;
    Answer answer_;
    std::vector<http::Request> requests_;
    std::atomic<std::chrono::milliseconds> delay_{};
    std::ostringstream log_;
    boost::asio::io_context io_{1};
    std::unique_ptr<http::Server> server_;
    std::uint16_t port_ = 0;
    std::thread thread_;
};

}  // namespace services
