// Connects, writes, reads, keeps; one timer watches over the times of all exchanges, since a timer for each costs as much as
// reading.
#include "gateway/upstream.h"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <exception>
#include <string_view>
#include <utility>

namespace gateway {

namespace asio = boost::asio;
using error_code = boost::system::error_code;
using tcp = asio::ip::tcp;

namespace {

constexpr std::size_t kReadSize = 8192;

// A kept connection that has something to read has ended, or says what nobody asked for.
bool is_usable(tcp::socket& socket) {
    error_code error;
    char byte = 0;
    socket.receive(asio::buffer(&byte, 1), tcp::socket::message_peek, error);
    return error == asio::error::would_block;
}

void set_options(tcp::socket& socket) {
    error_code ignored;
    socket.set_option(tcp::no_delay{true}, ignored);
    socket.non_blocking(true, ignored);
    constexpr unsigned milliseconds = Upstream::kUnacknowledged.count();
    ::setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_USER_TIMEOUT, &milliseconds, sizeof milliseconds);
}

}  // namespace

// An exchange that the watch knows.
class Upstream::Running {
public:
    Running(Upstream& upstream, Connection& connection) : upstream_(upstream), connection_(connection) {
        upstream_.running_.insert(&connection_);
    }
    ~Running() { upstream_.running_.erase(&connection_); }
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;

private:
    Upstream& upstream_;
    Connection& connection_;
};

Upstream::Upstream(asio::io_context& loop, Target target) : loop_(loop), target_(std::move(target)), resolver_(loop) {}

Upstream::~Upstream() = default;

std::unique_ptr<Upstream::Connection> Upstream::kept() {
    while (!idle_.empty()) {
        std::unique_ptr<Connection> connection = std::move(idle_.back());
        idle_.pop_back();
        if (is_usable(connection->socket)) return connection;
    }
    return {};
}

// True while there is something to watch over.
bool Upstream::sweep(Steady::time_point now) {
    for (Connection* connection : running_) {
        if (connection->late || connection->until > now) continue;
        connection->late = true;
        error_code ignored;
        connection->socket.close(ignored);
    }
    std::erase_if(idle_, [now](const auto& connection) { return connection->until <= now; });
    return !running_.empty() || !idle_.empty();
}

asio::awaitable<void> Upstream::watch(std::shared_ptr<Upstream> self) {
    asio::steady_timer timer(self->loop_);
    error_code ignored;
    do {
        timer.expires_after(self->running_.empty() ? 50 * kTick : kTick);
        co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    } while (self->sweep(Steady::now()));
    self->watching_ = false;
}

void Upstream::start_watching(const std::shared_ptr<Upstream>& self) {
    if (std::exchange(watching_, true)) return;
    asio::co_spawn(loop_, watch(self), asio::detached);
}

// What was known stays where the name can't be looked up now.
asio::awaitable<bool> Upstream::resolve(std::shared_ptr<Upstream> self) {
    if (!self->endpoints_.empty() && Steady::now() < self->resolved_ + kResolved) co_return true;
    error_code error;
    const asio::ip::address address = asio::ip::make_address(self->target_.host, error);
    if (!error) {
        self->endpoints_ = {tcp::endpoint(address, self->target_.port)};
        self->resolved_ = Steady::now();
        co_return true;
    }
    const std::string port = std::to_string(self->target_.port);
    const tcp::resolver::results_type results = co_await self->resolver_.async_resolve(
        self->target_.host, port, tcp::resolver::numeric_service, asio::redirect_error(asio::use_awaitable, error));
    if (!error && !results.empty()) {
        self->endpoints_.clear();
        for (const auto& entry : results) self->endpoints_.push_back(entry.endpoint());
        self->resolved_ = Steady::now();
    }
    co_return !self->endpoints_.empty();
}

// Tries each address once, in turns, so that those of a name with several are all used.
asio::awaitable<bool> Upstream::connect(std::shared_ptr<Upstream> self, Connection* connection, Steady::time_point until) {
    const bool known = co_await resolve(self);
    if (!known) co_return false;
    const std::vector<tcp::endpoint> endpoints = self->endpoints_;
    const std::size_t first = self->next_endpoint_++;
    for (std::size_t i = 0; i < endpoints.size() && Steady::now() < until; ++i) {
        const tcp::endpoint& endpoint = endpoints[(first + i) % endpoints.size()];
        error_code error;
        error_code ignored;
        connection->socket.close(ignored);
        connection->late = false;
        connection->until = std::min(until, Steady::now() + kConnectTime);
        co_await connection->socket.async_connect(endpoint, asio::redirect_error(asio::use_awaitable, error));
        if (!error && !connection->late) {
            set_options(connection->socket);
            co_return true;
        }
    }
    self->resolved_ = {};  // Perhaps it has moved.
    co_return false;
}

asio::awaitable<void> Upstream::talk(Connection* connection, std::shared_ptr<const std::string> request, Exchange* exchange,
                                     bool* reusable) {
    using End = Exchange::End;
    error_code error;
    exchange->end = End::Broken;
    // Mostly the kernel has room for all of it.
    std::size_t written = connection->socket.write_some(asio::buffer(*request), error);
    exchange->sent = true;
    if (error == asio::error::would_block) error = {};
    if (!error && written < request->size()) {
        const asio::const_buffer rest = asio::buffer(*request) + written;
        co_await asio::async_write(connection->socket, rest, asio::redirect_error(asio::use_awaitable, error));
    }
    // An upstream that refuses a request early answers before it has read all of it: that answer is worth reading.
    const bool wrote = !error;

    ResponseReader& reader = connection->reader.emplace();
    bool any = false;
    while (reader.state() == ResponseReader::State::More) {
        const auto space = connection->buffer.prepare(kReadSize);
        const std::size_t size =
            co_await connection->socket.async_read_some(space, asio::redirect_error(asio::use_awaitable, error));
        if (error) {
            if (error == asio::error::eof && any) reader.end_of_stream();
            break;
        }
        any = true;
        connection->buffer.commit(size);
        const auto data = connection->buffer.cdata();
        connection->buffer.consume(reader.put({static_cast<const char*>(data.data()), data.size()}));
    }
    switch (reader.state()) {
        case ResponseReader::State::Done:
            exchange->end = End::Answered;
            *reusable = wrote && !error && reader.keep_alive() && connection->buffer.size() == 0;
            exchange->response = reader.take();
            break;
        case ResponseReader::State::TooLarge:
            exchange->end = End::TooLarge;
            break;
        case ResponseReader::State::Malformed:
            exchange->end = error ? End::Broken : End::Malformed;
            break;
        case ResponseReader::State::More:
            exchange->stale = !any;  // Where the connection was a kept one.
            break;
    }
    connection->reader.reset();
}

asio::awaitable<Exchange> Upstream::exchange(std::shared_ptr<Upstream> self, std::shared_ptr<const std::string> request,
                                             Steady::time_point until) {
    Exchange exchange;
    std::unique_ptr<Connection> connection = self->kept();
    const bool fresh = !connection;
    if (fresh) connection = std::make_unique<Connection>(self->loop_);
    connection->until = until;
    connection->late = false;
    bool reusable = false;
    {
        const Running running(*self, *connection);
        self->start_watching(self);
        try {
            bool connected = true;
            if (fresh) connected = co_await connect(self, connection.get(), until);
            connection->until = until;
            if (connected) {
                co_await talk(connection.get(), std::move(request), &exchange, &reusable);
                if (connection->late && exchange.end != Exchange::End::Answered) exchange.end = Exchange::End::Late;
            } else if (Steady::now() >= until) {
                exchange.end = Exchange::End::Late;
            }
        } catch (const std::exception&) {  // Such as too many open files.
            exchange.end = Exchange::End::Broken;
        }
    }
    exchange.stale = exchange.stale && !fresh && exchange.end == Exchange::End::Broken;
    if (exchange.stale) self->idle_.clear();  // The others are as old.
    if (reusable && self->idle_.size() < kIdle) {
        connection->until = Steady::now() + kIdleTime;
        self->idle_.push_back(std::move(connection));
    }
    co_return exchange;
}

}  // namespace gateway
