#include "client/connection.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <cerrno>
#include <type_traits>
#include <utility>

#include "client/status.h"
#include "client/url.h"

namespace client {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;

using asio::ip::tcp;
using beast::error_code;
using Cause = ConnectionError::Cause;
using PlainStream = beast::tcp_stream;
using TlsStream = asio::ssl::stream<beast::tcp_stream>;

namespace {

constexpr std::size_t kReadBuffer = 8u << 10;
constexpr std::uint32_t kHeaderLimit = 64u << 10;

// Half-open connections are noticed within a minute, also while nothing is sent.
void set_options(tcp::socket& socket) {
    error_code ignored;
    socket.set_option(tcp::no_delay(true), ignored);
    socket.set_option(asio::socket_base::keep_alive(true), ignored);
    const auto set = [&socket](int option, int value) {
        ::setsockopt(socket.native_handle(), IPPROTO_TCP, option, &value, sizeof value);
    };
    set(TCP_KEEPIDLE, 30);   // Seconds.
    set(TCP_KEEPINTVL, 10);  // Seconds.
    set(TCP_KEEPCNT, 3);
    set(TCP_USER_TIMEOUT, 30'000);  // Milliseconds that sent bytes may stay unacknowledged.
}

template <class Stream>
Stream make_stream(asio::io_context& io, const TlsContext& tls) {
    if constexpr (std::is_same_v<Stream, TlsStream>) {
        return Stream(beast::tcp_stream(io), *tls);
    } else {
        return Stream(io);
    }
}

template <class Stream>
class StreamConnection final : public Connection {
public:
    StreamConnection(asio::io_context& io, std::shared_ptr<const Config> config, const Limits& limits, const TlsContext& tls)
        : config_(std::move(config)),
          limits_(limits),
          tls_(tls),
          resolver_(io),
          stream_(make_stream<Stream>(io, tls)),
          buffer_(kHeaderLimit + kReadBuffer) {}

    void set_deadline(Time deadline) override { deadline_ = deadline; }

    awaitable<void> open() override {
        const std::vector<tcp::endpoint> endpoints = co_await resolve();
        error_code error = asio::error::host_not_found;
        auto token = asio::redirect_error(asio::use_awaitable, error);
        for (const tcp::endpoint& endpoint : endpoints) {
            if (closed_) break;
            lowest().expires_at(std::min(deadline_, std::chrono::steady_clock::now() + limits_.connect));
            co_await lowest().async_connect(endpoint, token);
            if (!error) break;
        }
        check(error, "connect");
        set_options(lowest().socket());
        if constexpr (std::is_same_v<Stream, TlsStream>) {
            expect_peer(stream_.native_handle(), config_->tls_server_name.empty() ? config_->host : config_->tls_server_name);
            lowest().expires_at(std::min(deadline_, std::chrono::steady_clock::now() + limits_.handshake));
            co_await stream_.async_handshake(asio::ssl::stream_base::client, token);
            const std::string refused = refusal_of_peer(stream_.native_handle());
            if (error && !refused.empty())
                throw ConnectionError(place() + ": TLS: server not trusted: " + refused, Cause::Broken);
            check(error, "TLS");
        }
        buffer_.reserve(kReadBuffer);
    }

    awaitable<void> send(std::string request) override {
        parser_.reset();
        error_code error;
        auto token = asio::redirect_error(asio::use_awaitable, error);
        lowest().expires_at(deadline_);
        co_await asio::async_write(stream_, asio::const_buffer(request.data(), request.size()), token);
        check(error, "send");
    }

    awaitable<Head> read_head(std::uint64_t body_limit) override {
        parser_.emplace();
        parser_->header_limit(kHeaderLimit);
        parser_->body_limit(body_limit);
        error_code error;
        auto token = asio::redirect_error(asio::use_awaitable, error);
        lowest().expires_at(deadline_);
        co_await http::async_read_header(stream_, buffer_, *parser_, token);
        check(error, "read");
        co_return head();
    }

    awaitable<bool> read_body(std::string& body) override {
        if (parser_->is_done()) co_return false;
        error_code error;
        auto token = asio::redirect_error(asio::use_awaitable, error);
        lowest().expires_at(deadline_);
        co_await http::async_read_some(stream_, buffer_, *parser_, token);
        std::string& piece = parser_->get().body();
        body += piece;
        piece.clear();
        check(error, "read");
        co_return true;
    }

    bool answered() const override { return buffer_.size() > 0 || (parser_ && parser_->got_some()); }

    bool idle() const override {
        if (closed_ || !lowest().socket().is_open() || buffer_.size() > 0) return false;
        char byte = 0;
        const ssize_t size = ::recv(lowest_fd(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
        return size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
    }

    void close() override {
        closed_ = true;
        resolver_.cancel();
        lowest().close();
    }

private:
    beast::tcp_stream& lowest() { return beast::get_lowest_layer(stream_); }
    const beast::tcp_stream& lowest() const { return beast::get_lowest_layer(stream_); }
    int lowest_fd() const { return const_cast<StreamConnection*>(this)->lowest().socket().native_handle(); }
    std::string place() const { return "API server " + host_header(config_->host, config_->port, config_->tls); }

    awaitable<std::vector<tcp::endpoint>> resolve() {
        error_code error;
        const asio::ip::address address = asio::ip::make_address(config_->host, error);
        std::vector<tcp::endpoint> endpoints;
        if (!error) {  // Without the resolver's thread.
            endpoints.emplace_back(address, static_cast<unsigned short>(std::stoi(config_->port)));
            co_return endpoints;
        }
        auto token = asio::redirect_error(asio::use_awaitable, error);
        const tcp::resolver::results_type found =
            co_await resolver_.async_resolve(config_->host, config_->port, tcp::resolver::numeric_service, token);
        check(error, "resolve");
        for (const auto& entry : found) endpoints.push_back(entry.endpoint());
        co_return endpoints;
    }

    Head head() const {
        const auto& message = parser_->get();
        Head head;
        head.status = static_cast<int>(message.result_int());
        head.reusable = parser_->keep_alive() && !parser_->need_eof();
        const auto retry = message.find(http::field::retry_after);
        if (retry != message.end()) head.retry_after = retry_after_from({retry->value().data(), retry->value().size()});
        const auto [first, last] = message.equal_range(http::field::warning);
        for (auto field = first; field != last; ++field) {
            for (std::string& text : warnings_from({field->value().data(), field->value().size()}))
                head.warnings.push_back(std::move(text));
        }
        return head;
    }

    void check(error_code error, const char* step) const {
        if (closed_) throw ConnectionError(place() + ": closed", Cause::Closed);
        if (!error) return;
        const std::string what = place() + ": " + step + ": ";
        if (error == beast::error::timeout) throw ConnectionError(what + "no answer in time", Cause::Timeout);
        if (error == http::error::body_limit) throw ConnectionError(what + "the answer is larger than allowed", Cause::Malformed);
        if (error == http::error::header_limit || error == http::error::buffer_overflow) {
            throw ConnectionError(what + "the answer's headers are larger than allowed", Cause::Malformed);
        }
        const bool broken = error == http::error::end_of_stream || error == http::error::partial_message ||
                            error.category() != http::make_error_code(http::error::end_of_stream).category();
        throw ConnectionError(what + error.message(), broken ? Cause::Broken : Cause::Malformed);
    }

    std::shared_ptr<const Config> config_;
    Limits limits_;
    TlsContext tls_;
    tcp::resolver resolver_;
    Stream stream_;
    beast::flat_buffer buffer_;
    std::optional<http::response_parser<http::string_body>> parser_;
    Time deadline_ = Time::max();
    bool closed_ = false;
};

}  // namespace

ConnectionPtr make_connection(asio::io_context& io, std::shared_ptr<const Config> config, const Limits& limits,
                              const TlsContext& tls) {
    if (config->tls) return std::make_shared<StreamConnection<TlsStream>>(io, std::move(config), limits, tls);
    return std::make_shared<StreamConnection<PlainStream>>(io, std::move(config), limits, tls);
}

}  // namespace client
