#include "reconcile/plain_get.h"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <utility>

namespace reconcile {

namespace {

using boost::asio::awaitable;
using boost::asio::use_awaitable;
using boost::asio::ip::tcp;
namespace beast = boost::beast;

constexpr std::chrono::seconds kPatience{2};  // What is asked takes milliseconds.

// Shared with the resolver, which nothing stops once it has begun to look a name up.
struct Lookup {
    explicit Lookup(const boost::asio::any_io_executor& executor) : resolver(executor), patience(executor, kPatience) {}

    tcp::resolver resolver;
    boost::asio::steady_timer patience;
    boost::system::error_code error = boost::asio::error::timed_out;
    tcp::resolver::results_type found;
};

awaitable<tcp::endpoint> endpoint_of(std::string host, std::uint16_t port) {
    boost::system::error_code error;
    const boost::asio::ip::address address = boost::asio::ip::make_address(host, error);
    if (!error) co_return tcp::endpoint(address, port);  // Without the resolver's thread.
    const auto executor = co_await boost::asio::this_coro::executor;
    const auto lookup = std::make_shared<Lookup>(executor);
    lookup->resolver.async_resolve(host, std::to_string(port), tcp::resolver::numeric_service,
                                   [lookup](const boost::system::error_code& failed, tcp::resolver::results_type found) {
                                       lookup->error = failed;
                                       lookup->found = std::move(found);
                                       lookup->patience.cancel();
                                   });
    co_await lookup->patience.async_wait(boost::asio::redirect_error(use_awaitable, error));
    if (lookup->error) throw std::runtime_error("its name is not known: " + lookup->error.message());
    co_return lookup->found.begin()->endpoint();
}

}  // namespace

awaitable<PlainAnswer> plain_get(std::string host, std::uint16_t port, std::string target, std::uint64_t most_bytes) {
    const tcp::endpoint endpoint = co_await endpoint_of(host, port);
    beast::tcp_stream stream(co_await boost::asio::this_coro::executor);
    stream.expires_after(kPatience);
    co_await stream.async_connect(endpoint, use_awaitable);
    beast::http::request<beast::http::empty_body> request(beast::http::verb::get, target, 11);
    request.set(beast::http::field::host, host);
    request.keep_alive(false);
    co_await beast::http::async_write(stream, request, use_awaitable);
    beast::flat_buffer buffer;
    beast::http::response_parser<beast::http::string_body> parser;
    parser.body_limit(most_bytes);
    // Boost 1.74 forgets a Content-Length above the limit where the header is not read by itself.
    co_await beast::http::async_read_header(stream, buffer, parser, use_awaitable);
    co_await beast::http::async_read(stream, buffer, parser, use_awaitable);
    co_return PlainAnswer{static_cast<int>(parser.get().result_int()), std::move(parser.get().body())};
}

}  // namespace reconcile
