// Connections over TLS.
#include <boost/beast/ssl/ssl_stream.hpp>

#include "common/http/connection.h"
#include "common/http/served_connection.h"
#include "common/http/tls_context.h"

namespace http {

namespace asio = boost::asio;
using Secure = ServedConnection<boost::beast::ssl_stream<boost::beast::tcp_stream>>;

template <>
asio::awaitable<bool> Secure::handshake() {
    error_code error;
    tcp().expires_after(service_->limits.header_time);
    co_await stream_.async_handshake(asio::ssl::stream_base::server, asio::redirect_error(asio::use_awaitable, error));
    co_return !error;
}

// Ends the stream as TLS wants it, so that the client knows that nothing was cut off. What a client still sends after a request
// that was refused half-read is read first: closing over unread bytes would reset the connection, and the response could be lost.
template <>
asio::awaitable<void> Secure::linger(bool whole) {
    error_code error;
    tcp().expires_after(kLingerTime);
    std::array<char, kReadSize> discarded;
    for (std::size_t total = 0; !whole && !error && total < kLingerBytes;) {
        total += co_await stream_.async_read_some(asio::buffer(discarded), asio::redirect_error(asio::use_awaitable, error));
    }
    if (error) co_return;
    co_await stream_.async_shutdown(asio::redirect_error(asio::use_awaitable, error));
}

namespace {

asio::awaitable<void> run_tls(std::unique_ptr<Secure> connection) {
    co_await connection->run();
}

}  // namespace

asio::awaitable<void> serve_tls(std::shared_ptr<Service> service, asio::ip::tcp::socket socket) {
    const std::shared_ptr<asio::ssl::context> context = service->tls->current();  // Its stream keeps what it needs of it.
    return run_tls(std::make_unique<Secure>(std::move(service), std::move(socket), *context));
}

}  // namespace http
