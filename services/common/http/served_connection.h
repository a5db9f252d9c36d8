// Reads requests, calls the handler, writes responses: over TCP, or over TLS. Internal to the server.
#pragma once

#include <algorithm>
#include <array>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/buffers_suffix.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/stream_traits.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "common/http/connection.h"
#include "common/http/request_rules.h"

namespace http {

// What came in: a request, or the status that refuses it, or neither when the client went away or was too slow.
struct Received {
    std::optional<Request> request;
    int refusal = 0;
    bool keep_alive = false;
    bool http_1_0 = false;
};

template <typename Stream>
class ServedConnection final : public Connection {
    using error_code = boost::beast::error_code;
    using Steady = std::chrono::steady_clock;
    template <typename T>
    using awaitable = boost::asio::awaitable<T>;

public:
    template <typename... Arguments>
    explicit ServedConnection(std::shared_ptr<Service> service, Arguments&&... stream)
        : service_(std::move(service)),
          stream_(std::forward<Arguments>(stream)...),
          buffer_(service_->limits.header_bytes + 2 * kReadSize) {
        error_code error;
        tcp().socket().set_option(boost::asio::ip::tcp::no_delay{true}, error);
        tcp().socket().non_blocking(true, error);
        const auto peer = tcp().socket().remote_endpoint(error);
        if (!error) peer_ = peer.address().to_string();
        service_->open.insert(this);
    }
    ~ServedConnection() override {
        service_->open.erase(this);
        if (service_->open.empty() && service_->on_drained) service_->on_drained();
    }
    ServedConnection(const ServedConnection&) = delete;
    ServedConnection& operator=(const ServedConnection&) = delete;

    awaitable<void> run();

    // What the kernel has received and nobody has read yet is a request that has begun.
    void close_if_idle() override {
        error_code error;
        if (idle_ && (tcp().socket().available(error) == 0 || error)) abort();
    }

    void abort() override { tcp().close(); }

private:
    static constexpr bool kIsTls = !std::is_same_v<Stream, boost::beast::tcp_stream>;
    static constexpr std::size_t kReadSize = 4096;
    static constexpr std::size_t kLastChunk = 5;  // "0\r\n\r\n"
    static constexpr std::size_t kLingerBytes = std::size_t{256} * 1024;
    static constexpr base::Duration kLingerTime{1000};

    boost::beast::tcp_stream& tcp() { return boost::beast::get_lowest_layer(stream_); }

    awaitable<bool> handshake();
    awaitable<bool> wait_for_request();
    awaitable<error_code> read_more(Steady::time_point until);
    error_code parse(Parser& parser);
    awaitable<Received> receive();
    awaitable<Response> answer(Received& received);
    awaitable<bool> send(std::string_view head, std::string_view body);
    awaitable<void> linger(bool whole);

    std::shared_ptr<Service> service_;
    Stream stream_;
    boost::beast::flat_buffer buffer_;
    std::optional<Parser> parser_;  // While a request is read. Not in a coroutine's frame: malloc is slow above 1 KiB.
    std::string peer_;
    bool idle_ = false;
};

template <typename Stream>
boost::asio::awaitable<void> ServedConnection<Stream>::run() {
    bool open = co_await handshake();
    while (open) {
        open = co_await wait_for_request();
        if (!open) break;
        Received received = co_await receive();
        if (!received.request && received.refusal == 0) break;
        const bool whole = received.request.has_value();
        const bool head_only = whole && received.request->method == "HEAD";
        const Response response = co_await answer(received);
        if (response.hang_up) break;
        // Requests that came in one go with this one have begun too.
        const bool keep_alive = whole && received.keep_alive && (!service_->draining || buffer_.size() > 0);
        const std::string head = response_head(response, keep_alive, received.http_1_0);
        const bool has_body = !head_only && response.status != 204 && response.status != 304;
        const std::string_view body = has_body ? std::string_view{response.body} : std::string_view{};
        const bool sent = co_await send(head, body);
        if (!sent) break;
        if (!keep_alive) {
            co_await linger(whole);
            break;
        }
    }
    abort();
}

// False: the connection is over. True at once where the next request is already in the buffer.
template <typename Stream>
boost::asio::awaitable<bool> ServedConnection<Stream>::wait_for_request() {
    if (buffer_.size() > 0) co_return true;
    const Limits& limits = service_->limits;
    const base::Duration patience = service_->draining ? std::min(limits.idle_time, service_->farewell) : limits.idle_time;
    if (patience == base::Duration{0}) co_return false;
    idle_ = true;
    const error_code error = co_await read_more(Steady::now() + patience);
    idle_ = false;
    co_return !error;
}

template <typename Stream>
boost::asio::awaitable<boost::beast::error_code> ServedConnection<Stream>::read_more(Steady::time_point until) {
    error_code error = boost::beast::http::error::buffer_overflow;
    const std::size_t space = std::min(buffer_.max_size() - buffer_.size(), 4 * kReadSize);
    if (space == 0) co_return error;
    tcp().expires_at(until);
    const auto free = buffer_.prepare(std::min(space, std::max(kReadSize, buffer_.capacity() - buffer_.size())));
    const std::size_t size =
        co_await stream_.async_read_some(free, boost::asio::redirect_error(boost::asio::use_awaitable, error));
    buffer_.commit(size);
    co_return error;
}

// need_more where the buffer does not hold enough.
template <typename Stream>
boost::beast::error_code ServedConnection<Stream>::parse(Parser& parser) {
    error_code error = boost::beast::http::error::need_more;
    if (buffer_.size() == 0) return error;
    // Beast asserts that the end of a chunked body does not come in pieces of fewer than the 5 bytes that it has at least.
    if (parser.is_header_done() && parser.chunked() && buffer_.size() < kLastChunk) return error;
    error = {};
    buffer_.consume(parser.put(buffer_.data(), error));
    return error;
}

template <typename Stream>
boost::asio::awaitable<Received> ServedConnection<Stream>::receive() {
    using boost::beast::http::error;
    Received received;
    Parser& parser = parser_.emplace();
    parser.header_limit(static_cast<std::uint32_t>(service_->limits.header_bytes));
    parser.body_limit(service_->limits.body_bytes);

    Steady::time_point until = Steady::now() + service_->limits.header_time;
    bool head_done = false;
    while (!parser.is_done()) {
        const error_code unread = parse(parser);
        if (unread && unread != error::need_more) {
            received.refusal = refusal_for(unread);
            break;
        }
        if (!head_done && parser.is_header_done()) {
            head_done = true;
            const Parser::value_type& head = parser.get();
            received.http_1_0 = head.version() == 10;
            received.refusal = objection(head);
            if (received.refusal != 0) break;
            received.request = request_of(head, peer_);  // Before the body, as its trailers would be taken for headers.
            received.keep_alive = head.keep_alive();
            until = Steady::now() + service_->limits.body_time;
            if (!parser.is_done() && head.count(boost::beast::http::field::expect) > 0) {
                const bool told = co_await send("HTTP/1.1 100 Continue\r\n\r\n", {});
                if (!told) break;
            }
            parser.eager(true);
        }
        if (!unread) continue;
        const error_code failure = co_await read_more(until);
        if (failure) {
            if (failure == error::buffer_overflow) received.refusal = refusal_for(failure);
            break;
        }
    }
    if (received.refusal == 0 && parser.is_done()) {
        received.request->body = std::move(parser.get().body());
    } else {
        received.request.reset();
    }
    parser_.reset();
    co_return received;
}

template <typename Stream>
boost::asio::awaitable<Response> ServedConnection<Stream>::answer(Received& received) {
    if (!received.request) co_return refused(received.refusal);
    const std::string method = received.request->method;
    std::string failure;
    try {
        Response response;
        if (service_->async_handler) {
            awaitable<Response> handled = service_->async_handler(std::move(*received.request));
            response = co_await std::move(handled);
        } else {
            response = service_->handler(*received.request);
        }
        if (is_sendable(response)) co_return response;
        failure = "a header holds a line break";
    } catch (const std::exception& thrown) {
        failure = thrown.what();
    } catch (...) {
        failure = "an exception of no known type";
    }
    service_->log.error("a handler failed", {{"method", method}, {"problem", failure}});
    co_return refused(500);
}

template <typename Stream>
boost::asio::awaitable<bool> ServedConnection<Stream>::send(std::string_view head, std::string_view body) {
    const std::array<boost::asio::const_buffer, 2> parts{boost::asio::buffer(head), boost::asio::buffer(body)};
    boost::beast::buffers_suffix<std::array<boost::asio::const_buffer, 2>> rest{parts};
    error_code error;
    if constexpr (!kIsTls) {
        // Mostly the kernel has room for all of it, and neither a timer nor a turn of the loop is needed.
        rest.consume(tcp().socket().write_some(parts, error));
        if (boost::beast::buffer_bytes(rest) == 0) co_return true;
        if (error && error != boost::asio::error::would_block) co_return false;
    }
    tcp().expires_after(service_->limits.write_time);
    co_await boost::asio::async_write(stream_, rest, boost::asio::redirect_error(boost::asio::use_awaitable, error));
    co_return !error;
}

}  // namespace http
