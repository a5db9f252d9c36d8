#include "client/transport.h"

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <utility>

#include "client/status.h"
#include "client/url.h"

namespace client {

using std::chrono::steady_clock;
using Cause = ConnectionError::Cause;

Transport::Transport(boost::asio::io_context& io, Config config, const Limits& limits, prometheus::Registry* registry)
    : io_(io),
      config_(std::make_shared<const Config>(std::move(config))),
      limits_(limits),
      credentials_(std::make_shared<Credentials>(io, *config_, limits.exec, clock_)),
      pool_(std::make_shared<Pool>(io, limits)),
      metrics_(registry, host_header(config_->host, config_->port, config_->tls)) {
    // At once, so that what the configuration names wrongly is said at the start.
    if (config_->tls) tls_ = make_tls_context(config_->ca_pem, {"", config_->client_cert_pem, config_->client_key_pem});
    identity_ = std::make_shared<const Identity>(Identity{"", config_->client_cert_pem, config_->client_key_pem});
}

awaitable<std::string> Transport::perform(Call call) {
    Reply reply = co_await this->call(call, Want::Body);
    co_return std::move(reply.body);
}

awaitable<ConnectionPtr> Transport::open_stream(Call call, Time deadline) {
    const Reply reply = co_await this->call(call, Want::Stream);
    if (!reply.stream)
        throw ConnectionError(call.name + ": status 200 expected, not " + std::to_string(reply.head.status), Cause::Malformed);
    reply.stream->set_deadline(deadline);
    co_return reply.stream;
}

awaitable<Transport::Reply> Transport::call(const Call& call, Want want) {
    IdentityPtr identity;
    Reply reply;
    try {
        identity = co_await credentials_->current();
        reply = co_await attempt(call, want, identity);
        if (reply.head.status == 401) {
            credentials_->refuse(identity);
            const IdentityPtr newer = co_await credentials_->current();
            if (newer != identity) reply = co_await attempt(call, want, newer);
        }
    } catch (const ConnectionError& error) {
        throw ConnectionError(call.name + ": " + error.what(), error.cause());
    } catch (const std::exception& error) {
        throw std::runtime_error(call.name + ": " + error.what());
    }
    for (const std::string& warning : reply.head.warnings) {
        if (on_warning_) on_warning_(call.name + ": " + warning);
    }
    const bool good = reply.head.status >= 200 && reply.head.status <= 299;
    if (!good) throw error_from_body(call.name, reply.body, reply.head.status, reply.head.retry_after);
    co_return reply;
}

awaitable<Transport::Reply> Transport::attempt(const Call& call, Want want, IdentityPtr identity) {
    if (closed_) throw ConnectionError("the client was closed", Cause::Closed);
    use(identity);
    const Time begin = steady_clock::now();
    const Time deadline = begin + limits_.request;
    const std::string request = request_text(call, *identity);
    Reply reply;
    try {
        if (want == Want::Body) {
            reply = co_await pooled(call, request, identity, deadline);
        } else {
            const ConnectionPtr connection = connect(deadline);
            co_await connection->open();
            reply = co_await converse(call, request, connection, want);
        }
    } catch (const ConnectionError& error) {
        if (error.cause() != Cause::Closed) metrics_.observe(call.method, 0, steady_clock::now() - begin);
        throw;
    }
    metrics_.observe(call.method, reply.head.status, steady_clock::now() - begin);
    co_return reply;
}

// A connection that waited for work may have been closed by the server just now. Then the call is sent once more on a new one: a
// repeatable call as long as nothing was answered, a GET always.
awaitable<Transport::Reply> Transport::pooled(const Call& call, std::string request, IdentityPtr identity, Time deadline) {
    for (bool again = false;; again = true) {
        Pool::Lease lease = co_await pool_->take(deadline);
        if (closed_) throw ConnectionError("the client was closed", Cause::Closed);
        const bool reused = lease.reused() != nullptr && !again;
        const ConnectionPtr connection = reused ? lease.reused() : connect(deadline);
        try {
            if (reused) {
                connection->set_deadline(deadline);
            } else {
                co_await connection->open();
            }
            Reply reply = co_await converse(call, request, connection, Want::Body);
            if (reply.head.reusable && connection->idle() && identity_ == identity) lease.keep(connection);
            co_return reply;
        } catch (const ConnectionError& error) {
            const bool may_repeat = call.method == "GET" || (call.repeatable && !connection->answered());
            if (!reused || !may_repeat || error.cause() != Cause::Broken) throw;
        }
        pool_->drop_idle();  // The others have waited for as long.
    }
}

awaitable<Transport::Reply> Transport::converse(const Call& call, std::string request, ConnectionPtr connection, Want want) {
    co_await connection->send(std::move(request));
    Reply reply;
    std::uint64_t limit = std::numeric_limits<std::uint64_t>::max();
    if (want == Want::Body) limit = call.body_limit > 0 ? call.body_limit : limits_.body;
    reply.head = co_await connection->read_head(limit);
    if (want == Want::Stream && reply.head.status == 200) {
        reply.stream = connection;
        co_return reply;
    }
    bool more = true;
    while (more) {
        more = co_await connection->read_body(reply.body);
        if (reply.body.size() > limits_.body && want == Want::Stream) break;  // A refusal, of which the beginning will do.
    }
    co_return reply;
}

// Another certificate means other connections; another token goes over the same.
void Transport::use(const IdentityPtr& identity) {
    if (identity_ == identity) return;
    const bool same_certificate =
        identity_->client_cert_pem == identity->client_cert_pem && identity_->client_key_pem == identity->client_key_pem;
    if (!same_certificate) {
        if (config_->tls) tls_ = make_tls_context(config_->ca_pem, *identity);
        pool_->drop_idle();
    }
    identity_ = identity;
}

ConnectionPtr Transport::connect(Time deadline) {
    ConnectionPtr connection = make_connection(io_, config_, limits_, tls_);
    connection->set_deadline(deadline);
    std::erase_if(open_, [](const std::weak_ptr<Connection>& other) { return other.expired(); });
    open_.push_back(connection);
    return connection;
}

std::string Transport::request_text(const Call& call, const Identity& identity) const {
    std::string text = call.method + " " + config_->base_path + call.target + " HTTP/1.1\r\n";
    const auto header = [&text](const char* name, const std::string& value) {
        const bool clean = std::ranges::all_of(value, [](char c) { return static_cast<unsigned char>(c) >= ' ' && c != 127; });
        if (!clean) throw std::runtime_error(std::string("header ") + name + ": contains a control character");
        text.append(name).append(": ").append(value).append("\r\n");
    };
    header("Host", host_header(config_->host, config_->port, config_->tls));
    header("User-Agent", config_->user_agent);
    header("Accept", call.accept);
    if (!identity.token.empty()) header("Authorization", "Bearer " + identity.token);
    if (!call.content_type.empty()) {
        header("Content-Type", call.content_type);
        header("Content-Length", std::to_string(call.body.size()));
    }
    return text + "\r\n" + call.body;
}

void Transport::close() {
    closed_ = true;
    credentials_->close();
    pool_->close();
    for (const std::weak_ptr<Connection>& weak : open_) {
        if (const ConnectionPtr connection = weak.lock()) connection->close();
    }
    on_warning_ = nullptr;
}

}  // namespace client
