// An HTTP/1.1 server on one event loop.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/http/address.h"
#include "common/http/message.h"

namespace boost::asio {
class io_context;
}

namespace http {

// What one client may take from the others. Who exceeds a time is cut off; who exceeds a size is told so, and cut off.
struct Limits {
    std::size_t header_bytes = std::size_t{16} * 1024;  // Request line and headers; 431.
    std::size_t body_bytes = std::size_t{1024} * 1024;  // 413.
    std::size_t connections = 1024;                     // Further ones get 503 and are closed.
    base::Duration header_time{10'000};                 // From a request's first byte to the end of its headers.
    base::Duration body_time{30'000};                   // From there to the end of its body.
    base::Duration write_time{30'000};                  // For a response.
    base::Duration idle_time{90'000};                   // Between requests, and before the first.
};

// A handler that may wait without blocking: a coroutine function, or one that returns its awaitable. A lambda that captures must
// not be the coroutine itself, since it may be gone while that waits. The client may be gone too when it resumes.
using AsyncHandler = std::function<boost::asio::awaitable<Response>(Request)>;

struct Tls {
    std::string certificate_file;  // PEM, with the chain.
    std::string key_file;
};

struct ServerOptions {
    Limits limits = {};
    std::optional<Tls> tls = {};  // Read again when the files change.
    // After stop(), how long clients that are connecting, and connections without a request, have for one that is on its way. It
    // is answered, and the client learns with it that the connection is over: closing at once would lose what crosses the closing
    // on the wire. New connections are not taken in that time. Where no connection was open at stop() it is 50 ms at most.
    base::Duration farewell{500};
};

// Takes connections from its construction on, as the loop runs; serves each one's requests in order. An exception of the handler
// is answered with 500 and logged. Each member is to be called on the loop's thread, or while the loop does not run.
class Server {
public:
    // Throws std::runtime_error that names the address where it can't be bound. An empty host means IPv6 and IPv4.
    Server(boost::asio::io_context& io, const Address& address, Handler handler, base::Log log, Limits limits = {});

    // Throws std::runtime_error that names the files too, where they can't be used.
    Server(boost::asio::io_context& io, const Address& address, AsyncHandler handler, base::Log log, ServerOptions options = {});

    // Listens to nothing: it and `listener`, each on a loop and thread of its own, take turns in what `listener` accepts, so that
    // each has as many connections as the other. (With SO_REUSEPORT the kernel would spread them by chance.) To be made before
    // either loop runs. `listener` is to be stopped first, lest it gives what nobody takes.
    Server(boost::asio::io_context& io, Server& listener, AsyncHandler handler, base::Log log, ServerOptions options = {});
    ~Server();  // Cuts off every connection.
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    // Takes no further connection but those that the kernel has for it already, closes idle ones, lets running requests finish
    // and closes those connections after their response; what is left after `grace` is cut off. io.run() may return when that is
    // done. A second call may cut it short.
    void stop(base::Duration grace = base::Duration{10'000});

    bool stopped() const;     // After stop(): nothing is left to accept or to serve.
    Address address() const;  // As bound: the port is the real one. Of a server that listens.

private:
    struct Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace http
