// A server on loopback in a thread of its own, and a client that speaks raw bytes.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <future>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include "common/http/server.h"

inline constexpr std::size_t kLarge = 32 * 1024 * 1024;  // More than the kernel's buffers take.

// Reads give up after 10 s, so that a test fails instead of hanging.
class RawClient {
public:
    explicit RawClient(const http::Address& server) {
        socket_.connect({boost::asio::ip::make_address(server.host), server.port});
        const timeval limit{10, 0};
        setsockopt(socket_.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    }

    void send(const std::string& bytes) {
        boost::system::error_code ignored;  // The server may have closed already; what it said is what counts.
        boost::asio::write(socket_, boost::asio::buffer(bytes), ignored);
    }

    // Everything up to the server's end of the connection.
    std::string read_all() {
        while (receive()) continue;
        return std::exchange(received_, "");
    }

    // The server then learns of the end by a reset.
    void reset_on_close() { socket_.set_option(boost::asio::socket_base::linger{true, 0}); }

    int descriptor() { return socket_.native_handle(); }

    void read_a_little() {
        while (received_.empty() && receive()) continue;
    }

    // One response with its body, by its Content-Length.
    std::string read_response(bool has_body = true) {
        while (received_.find("\r\n\r\n") == std::string::npos && receive()) continue;
        std::size_t size = received_.find("\r\n\r\n") + 4;
        const std::size_t field = received_.find("Content-Length: ");
        if (has_body && field < size) size += std::stoul(received_.substr(field + 16));
        while (received_.size() < size && receive()) continue;
        std::string response = received_.substr(0, size);
        received_.erase(0, size);
        return response;
    }

private:
    // Blocking by plain recv: Asio's own reads would wait past the limit.
    bool receive() {
        char bytes[4096];
        const ssize_t size = recv(socket_.native_handle(), bytes, sizeof bytes, 0);
        if (size < 0 && errno == EAGAIN) ADD_FAILURE() << "the server neither answers nor closes; so far: " << received_;
        if (size > 0) received_.append(bytes, static_cast<std::size_t>(size));
        return size > 0;
    }

    std::unique_ptr<boost::asio::io_context> io_ = std::make_unique<boost::asio::io_context>();
    boost::asio::ip::tcp::socket socket_{*io_};
    std::string received_;
};

class ServerTest : public testing::Test {
protected:
    ~ServerTest() override {
        on_loop([this] { server_.reset(); });
        wait_for_end();
    }

    void start(http::Limits limits = {}, const http::Address& address = {"127.0.0.1", 0}) {
        server_ = std::make_unique<http::Server>(
            io_, address, [](const http::Request& request) { return handle(request); }, base::Log{log_}, limits);
        address_ = server_->address();
        loop_ = std::thread{[this] { io_.run(); }};
    }

    void stop(base::Duration grace) {
        on_loop([this, grace] { server_->stop(grace); });
    }

    // Returns when the loop has nothing left to do.
    void wait_for_end() {
        guard_.reset();
        if (loop_.joinable()) loop_.join();
    }

    RawClient connect() { return RawClient{address_}; }
    std::string exchange(const std::string& request) {
        RawClient client = connect();
        client.send(request);
        return client.read_all();
    }
    std::string log() const { return log_.str(); }

    http::Address address_;

private:
    static http::Response handle(const http::Request& request) {
        if (request.path == "/fail") throw std::runtime_error("out of stock");
        if (request.path == "/split") return {.body = "x", .headers = {{"Location", "/\r\nSet-Cookie: a=b"}}};
        if (request.path == "/empty") return {.status = 204, .body = {}, .headers = {}};
        if (request.path == "/large") return {.body = std::string(kLarge, 'x'), .headers = {}};
        return {.body = request.method + " " + request.path + " [" + request.query + "] " + request.body, .headers = {}};
    }

    template <typename Work>
    void on_loop(Work work) {
        if (!loop_.joinable()) return work();
        std::promise<void> done;
        boost::asio::post(io_, [&] {
            work();
            done.set_value();
        });
        done.get_future().wait();
    }

    boost::asio::io_context io_;
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard_{io_.get_executor()};
    std::ostringstream log_;
    std::unique_ptr<http::Server> server_;
    std::thread loop_;
};
