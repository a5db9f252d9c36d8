// An HTTP/1.1 server on one event loop.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

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

// Takes connections from its construction on, as the loop runs; serves each one's requests in order. An exception of the handler
// is answered with 500 and logged.
class Server {
public:
    // Throws std::runtime_error that names the address where it can't be bound. An empty host means IPv6 and IPv4.
    Server(boost::asio::io_context& io, const Address& address, Handler handler, base::Log log, Limits limits = {});
    ~Server();  // Cuts off every connection.
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    // Takes no further connection, closes idle ones, lets running requests finish and closes those connections after their
    // response; what is left after `grace` is cut off. io.run() may return when that is done.
    void stop(base::Duration grace = base::Duration{10'000});

    Address address() const;  // As bound: the port is the real one.
    std::size_t connections() const;

private:
    struct Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace http
