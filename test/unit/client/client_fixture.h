// A client and a server that does as told, and a way to wait for a call.
#pragma once

#include "client/client.h"

// Above the rest, since its awaitable.h must come before Boost's own headers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <optional>
#include <string>
#include <utility>

#include "unit/client/fake_api_server.h"

namespace client::test {

class ClientTest : public testing::Test {
protected:
    void serve(FakeApiServer::Script script) { server_.emplace(authority_, identity_, std::move(script)); }

    Config config() const {
        Config config;
        config.host = "127.0.0.1";
        config.port = server_->port();
        config.ca_pem = authority_.pem();
        return config;
    }
    Client& client() {
        if (!client_) client_.emplace(io_, config(), nullptr, limits_);
        return *client_;
    }

    // Runs the loop until a condition that something on it brings about.
    template <class Condition>
    void run_until(Condition condition) {
        while (!condition()) {
            io_.restart();  // A loop that ran out of work stands still otherwise.
            io_.run_one();
        }
    }

    // Runs the loop until the call has ended.
    template <class T>
    T wait(awaitable<T> call) {
        std::optional<T> result;
        std::exception_ptr failure;
        bool done = false;
        boost::asio::co_spawn(io_, std::move(call), [&](std::exception_ptr error, T value) {
            failure = error;
            result = std::move(value);
            done = true;
        });
        run_until([&done] { return done; });
        if (failure) std::rethrow_exception(failure);
        return std::move(*result);
    }
    // What the call throws.
    template <class Error, class T>
    std::optional<Error> failure(awaitable<T> call) {
        try {
            wait(std::move(call));
        } catch (const Error& error) {
            return error;
        }
        return std::nullopt;
    }
    template <class T>
    std::optional<ConnectionError::Cause> cause(awaitable<T> call) {
        const std::optional<ConnectionError> error = failure<ConnectionError>(std::move(call));
        if (!error) return std::nullopt;
        return error->cause();
    }

    const kube::Key key_{"shop", "cart"};
    Authority authority_;
    Certificate identity_ = authority_.issue("api", "IP:127.0.0.1");
    Limits limits_;
    boost::asio::io_context io_{1};
    std::optional<FakeApiServer> server_;
    std::optional<Client> client_;
};

}  // namespace client::test
