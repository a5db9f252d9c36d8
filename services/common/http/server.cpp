// Binds, accepts, and drains.
#include "common/http/server.h"

#include <linux/filter.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

#include "common/http/connection.h"
#include "common/http/request_rules.h"
#include "common/http/tls_context.h"

namespace http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

// When the process has no file descriptor left, accepting again at once would only spin.
constexpr base::Duration kAcceptPause{100};

// The farewell of a server without connections: who is in the handshake sends a request within a few round trips of a cluster.
constexpr base::Duration kLoneFarewell{50};

error_code listen(tcp::acceptor& acceptor, const tcp::endpoint& at) {
    error_code error;
    acceptor.open(at.protocol(), error);
    if (!error) acceptor.set_option(tcp::acceptor::reuse_address{true}, error);
    if (!error && at.protocol() == tcp::v6()) acceptor.set_option(asio::ip::v6_only{false}, error);
    if (!error) acceptor.bind(at, error);
    if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
    if (error) {
        error_code ignored;
        acceptor.close(ignored);
    }
    return error;
}

void bind(tcp::acceptor& acceptor, const Address& address) {
    error_code error;
    if (address.host.empty()) {
        error = listen(acceptor, {tcp::v6(), address.port});
        // A machine without IPv6.
        if (error == asio::error::address_family_not_supported || error == asio::error::no_protocol_option) {
            error = listen(acceptor, {tcp::v4(), address.port});
        }
    } else {
        const asio::ip::address ip = asio::ip::make_address(address.host, error);
        if (!error) error = listen(acceptor, {ip, address.port});
    }
    if (error) throw std::runtime_error("listen on " + to_string(address) + ": " + error.message());
}

// Lets no further client begin its handshake, while those who are in it can end it; false: the system can't. Clients ask again
// after a second, and find the port closed.
bool admit_no_more(tcp::acceptor& acceptor) {
    constexpr unsigned kFlags = 13;  // The byte of the TCP header, at which filters of TCP sockets begin.
    constexpr unsigned kSyn = 0x02;
    constexpr unsigned kAck = 0x10;
    std::array<sock_filter, 5> program{
        {BPF_STMT(BPF_LD | BPF_B | BPF_ABS, kFlags), BPF_STMT(BPF_ALU | BPF_AND | BPF_K, kSyn | kAck),
         BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kSyn, 0, 1), BPF_STMT(BPF_RET | BPF_K, 0), BPF_STMT(BPF_RET | BPF_K, 0xFFFFFFFF)}};
    const sock_fprog filter{program.size(), program.data()};
    return setsockopt(acceptor.native_handle(), SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter) == 0;
}

// Best effort: a new connection's send buffer is empty, so nothing here waits.
void turn_away(tcp::socket& socket) {
    static const std::string answer = response_head({.status = 503, .body = {}, .headers = {{"Retry-After", "1"}}}, false, false);
    error_code ignored;
    socket.non_blocking(true, ignored);
    socket.write_some(asio::buffer(answer), ignored);
    socket.shutdown(tcp::socket::shutdown_both, ignored);
    socket.close(ignored);
}

}  // namespace

struct Server::Impl {
    Impl(asio::io_context& loop, Service&& shared)
        : io(loop), service(std::make_shared<Service>(std::move(shared))), acceptor(loop), timer(loop), farewell(loop) {}

    static std::shared_ptr<Impl> of(asio::io_context& loop, AsyncHandler handler, base::Log log, ServerOptions options) {
        auto impl = std::make_shared<Impl>(loop, Service{{}, std::move(handler), log, options.limits, options.farewell});
        if (options.tls) impl->service->tls = std::make_shared<TlsContext>(std::move(*options.tls), std::move(log));
        return impl;
    }

    // Who serves the next connection. What comes after stop() is for this one: the others may have ended.
    std::shared_ptr<Impl> next(const std::shared_ptr<Impl>& self) {
        if (service->draining) return self;
        turn = (turn + 1) % (sharers.size() + 1);
        return turn == 0 ? self : sharers[turn - 1];
    }

    void take(tcp::socket socket) {
        if (service->open.size() < service->limits.connections) {
            asio::co_spawn(io, (service->tls ? serve_tls : serve)(service, std::move(socket)), asio::detached);
        } else if (!service->tls) {
            turn_away(socket);
        }
    }

    // Connections that wait in the kernel would be reset with the acceptor's end.
    void stop_accepting() {
        error_code error;
        acceptor.non_blocking(true, error);
        while (!error) {
            tcp::socket socket{io};
            acceptor.accept(socket, error);
            if (!error) take(std::move(socket));
        }
        accepts = false;
        acceptor.close(error);
        waiting.reset();
        close_idle();
        rest_if_done();
    }

    bool is_done() const { return !accepts && service->open.empty(); }

    void rest_if_done() {
        if (is_done()) timer.cancel();
    }

    void close_idle() {
        const std::vector<Connection*> open{service->open.begin(), service->open.end()};
        for (Connection* connection : open) connection->close_if_idle();
    }

    void abort_all() {
        const std::vector<Connection*> open{service->open.begin(), service->open.end()};
        for (Connection* connection : open) connection->abort();
    }

    static asio::awaitable<void> accept(std::shared_ptr<Impl> self);

    asio::io_context& io;
    std::shared_ptr<Service> service;
    tcp::acceptor acceptor;
    asio::steady_timer timer;     // The pause after a failed accept; after stop(), the end of the grace.
    asio::steady_timer farewell;  // After stop(), when idle connections are closed.
    std::optional<asio::executor_work_guard<asio::io_context::executor_type>> waiting;  // For what another accepts.
    std::vector<std::shared_ptr<Impl>> sharers;
    std::size_t turn = 0;  // 0: its own.
    bool accepts = true;   // Or is given what another accepts.
    bool ended = false;    // The server is gone.
};

asio::awaitable<void> Server::Impl::accept(std::shared_ptr<Impl> self) {
    bool complained = false;
    while (self->acceptor.is_open()) {
        error_code error;
        const std::shared_ptr<Impl> taker = self->next(self);
        const asio::any_io_executor executor = taker->io.get_executor();
        tcp::socket socket = co_await self->acceptor.async_accept(executor, asio::redirect_error(asio::use_awaitable, error));
        if (!error) {  // Also where stop() came between the kernel's word and this one.
            complained = false;
            asio::dispatch(executor, [taker, socket = std::move(socket)]() mutable {
                if (!taker->ended) taker->take(std::move(socket));
            });
            continue;
        }
        if (!self->acceptor.is_open() || self->service->draining) break;
        if (error == asio::error::connection_aborted) continue;
        if (!complained) self->service->log.warn("can't accept connections", {{"problem", error.message()}});
        complained = true;
        self->timer.expires_after(kAcceptPause);
        co_await self->timer.async_wait(asio::redirect_error(asio::use_awaitable, error));
    }
}

Server::Server(asio::io_context& io, const Address& address, Handler handler, base::Log log, Limits limits)
    : impl_(std::make_shared<Impl>(io, Service{std::move(handler), {}, std::move(log), limits})) {
    bind(impl_->acceptor, address);
    asio::co_spawn(io, Impl::accept(impl_), asio::detached);
}

Server::Server(asio::io_context& io, const Address& address, AsyncHandler handler, base::Log log, ServerOptions options)
    : impl_(Impl::of(io, std::move(handler), std::move(log), std::move(options))) {
    bind(impl_->acceptor, address);
    asio::co_spawn(io, Impl::accept(impl_), asio::detached);
}

Server::Server(asio::io_context& io, Server& listener, AsyncHandler handler, base::Log log, ServerOptions options)
    : impl_(Impl::of(io, std::move(handler), std::move(log), std::move(options))) {
    impl_->waiting.emplace(io.get_executor());
    listener.impl_->sharers.push_back(impl_);
}

Server::~Server() {
    error_code ignored;
    impl_->ended = true;
    impl_->acceptor.close(ignored);
    impl_->waiting.reset();
    impl_->timer.cancel();
    impl_->farewell.cancel();
    impl_->abort_all();
    // A request that has been read but not yet handled must not reach what the handler refers to.
    impl_->service->async_handler = {};
    impl_->service->handler = [](const Request&) { return Response{.status = 503, .body = {}, .headers = {}}; };
}

void Server::stop(base::Duration grace) {
    impl_->service->draining = true;
    impl_->service->on_drained = [impl = std::weak_ptr(impl_)] {
        if (const auto alive = impl.lock()) alive->rest_if_done();
    };
    impl_->timer.expires_after(grace);
    impl_->timer.async_wait([impl = impl_](const error_code& error) {
        if (!error) impl->abort_all();
    });
    const bool alone = impl_->service->open.empty();
    const base::Duration farewell = std::min({grace, impl_->service->farewell, alone ? kLoneFarewell : grace});
    impl_->farewell.cancel();
    const bool listens = impl_->acceptor.is_open();
    if (farewell == base::Duration{0} || (listens && !admit_no_more(impl_->acceptor))) return impl_->stop_accepting();
    impl_->farewell.expires_after(farewell);
    impl_->farewell.async_wait([impl = impl_](const error_code& error) {
        if (!error) impl->stop_accepting();
    });
}

Address Server::address() const {
    error_code error;
    const tcp::endpoint at = impl_->acceptor.local_endpoint(error);
    return {at.address().to_string(), at.port()};
}

bool Server::stopped() const {
    return impl_->is_done();
}

}  // namespace http
