// Connections over TCP.
#include "common/http/connection.h"

#include "common/http/served_connection.h"

namespace http {

namespace asio = boost::asio;
using Plain = ServedConnection<boost::beast::tcp_stream>;

template <>
asio::awaitable<bool> Plain::handshake() {
    co_return true;
}

// Reads on for a moment after the last response: closing over unread bytes would reset the connection, and the response could be
// lost on its way.
template <>
asio::awaitable<void> Plain::linger(bool) {
    error_code error;
    stream_.socket().shutdown(asio::ip::tcp::socket::shutdown_send, error);
    stream_.expires_after(kLingerTime);
    std::array<char, kReadSize> discarded;
    for (std::size_t total = 0; !error && total < kLingerBytes;) {
        total += co_await stream_.async_read_some(asio::buffer(discarded), asio::redirect_error(asio::use_awaitable, error));
    }
}

namespace {

asio::awaitable<void> run_plain(std::unique_ptr<Plain> connection) {
    co_await connection->run();
}

}  // namespace

asio::awaitable<void> serve(std::shared_ptr<Service> service, asio::ip::tcp::socket socket) {
    return run_plain(std::make_unique<Plain>(std::move(service), std::move(socket)));
}

}  // namespace http
