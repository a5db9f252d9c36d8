// Calls over connections: who we are, a second try where the first met a dead connection or an old credential, metrics, warnings.
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "client/awaitable.h"
#include "client/config.h"
#include "client/connection.h"
#include "client/credentials.h"
#include "client/limits.h"
#include "client/pool.h"
#include "client/request_metrics.h"
#include "common/base/clock.h"

namespace client {

struct Call {
    std::string name;    // "apply Deployment shop/cart": opens every message.
    std::string method;  // "PATCH"
    std::string target;  // Encoded, without the server's base path.
    std::string accept = "application/json";
    std::string content_type = "";  // Empty: no body.
    std::string body = "";
    std::size_t body_limit = 0;  // Of the answer; 0: Limits::body.
    bool repeatable = true;      // Sending it twice does no harm.
};

// Whoever awaits one of its calls keeps the transport alive meanwhile. Every message begins with the call's name.
class Transport {
public:
    using Time = Connection::Time;

    // Throws std::runtime_error where certificates can't be used.
    Transport(boost::asio::io_context& io, Config config, const Limits& limits, prometheus::Registry* registry);

    // The answer's body; throws ApiError where the status is not 200 to 299.
    awaitable<std::string> perform(Call call);

    // The same with the body still to come, on a connection of its own that must be done with at `deadline`.
    awaitable<ConnectionPtr> open_stream(Call call, Time deadline);

    void close();

    const Config& config() const { return *config_; }
    const Limits& limits() const { return limits_; }
    void set_warning_handler(std::function<void(std::string)> handler) { on_warning_ = std::move(handler); }

private:
    struct Reply {
        Head head;
        std::string body;
        ConnectionPtr stream;  // Instead of the body, where one was asked for and the status is good.
    };
    enum class Want { Body, Stream };
    awaitable<Reply> call(const Call& call, Want want);
    awaitable<Reply> attempt(const Call& call, Want want, IdentityPtr identity);
    awaitable<Reply> pooled(const Call& call, std::string request, IdentityPtr identity, Time deadline);
    awaitable<Reply> converse(const Call& call, std::string request, ConnectionPtr connection, Want want);
    void use(const IdentityPtr& identity);
    ConnectionPtr connect(Time deadline);
    std::string request_text(const Call& call, const Identity& identity) const;

    boost::asio::io_context& io_;
    std::shared_ptr<const Config> config_;
    Limits limits_;
    base::SystemClock clock_;
    std::shared_ptr<Credentials> credentials_;
    std::shared_ptr<Pool> pool_;
    RequestMetrics metrics_;
    TlsContext tls_;
    IdentityPtr identity_;                         // Whose certificate tls_ and the pool's connections carry.
    std::vector<std::weak_ptr<Connection>> open_;  // All connections, so that close() ends them.
    std::function<void(std::string)> on_warning_;
    bool closed_ = false;
};

}  // namespace client
