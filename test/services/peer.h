// A service that a test plays itself, or a wire to a real one on which each request can be met: for the others it is a service.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <iostream>
#include <mutex>
#include <thread>

#include "common/http/server.h"
#include "harness.h"

namespace services {

class Peer {
public:
    // What becomes of a request besides its handling; asked for each one, on the peer's thread.
    struct Fate {
        std::function<void()> before;  // The handling.
        std::function<void()> after;   // The handling, before the answer.
        bool refuse = false;           // 500 instead of handling it.
        bool lose = false;             // Handle it, and hang up instead of answering.
        bool drop = false;             // Hang up instead of handling it, after `before`.
    };
    using Script = std::function<Fate(const http::Request&)>;

    explicit Peer(http::Handler handle) : handle_(std::move(handle)) {
        http::ServerOptions options;
        server_ = std::make_unique<http::Server>(io_, http::Address{"127.0.0.1", 0},
                                                 http::Handler([this](const http::Request& request) { return answer(request); }),
                                                 base::Log(std::cerr, base::Level::Error));
        port_ = server_->address().port;
        thread_ = std::thread([this] { io_.run(); });
    }
    // Forwards to a process, which may be killed and started.
    explicit Peer(const ServiceProcess& process) : Peer(forward_to(process)) {}
    ~Peer() {
        io_.stop();
        thread_.join();
    }
    Peer(const Peer&) = delete;
    Peer& operator=(const Peer&) = delete;

    std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
    void follow(Script script) {
        const std::lock_guard lock(mutex_);
        script_ = std::move(script);
    }

private:
    static http::Handler forward_to(const ServiceProcess& process) {
        return [&process](const http::Request& request) {
            support::Headers headers;
            for (const auto& [name, value] : request.headers) {
                if (name != "Host" && name != "Content-Length" && name != "Connection") headers.emplace_back(name, value);
            }
            http::Response response;
            try {
                const std::string target = request.path + (request.query.empty() ? "" : "?" + request.query);
                const support::Answer answer = process.client().request(request.method, target, request.body, headers);
                response.status = answer.status;
                response.body = answer.body;
                response.content_type = answer.header("Content-Type").value_or("");
            } catch (const support::NoAnswer&) {
                response.hang_up = true;
            }
            return response;
        };
    }

    http::Response answer(const http::Request& request) {
        Script script;
        {
            const std::lock_guard lock(mutex_);
            script = script_;
        }
        const Fate fate = script ? script(request) : Fate{};
        http::Response response;
        if (fate.refuse) {
            response.status = 500;
            return response;
        }
        if (fate.before) fate.before();
        if (fate.drop) {
            response.hang_up = true;
            return response;
        }
        response = handle_(request);
        if (fate.after) fate.after();
        response.hang_up = response.hang_up || fate.lose;
        return response;
    }

    const http::Handler handle_;
    boost::asio::io_context io_{1};
    std::unique_ptr<http::Server> server_;
    std::uint16_t port_ = 0;
    std::mutex mutex_;
    Script script_;
    std::thread thread_;
};

}  // namespace services
