// One client's connection, from its first request to its last. Internal to the server.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <functional>
#include <memory>
#include <set>

#include "common/http/server.h"

namespace http {

class Connection;
class TlsContext;

// What the connections of one server share. Lives as long as the last of them.
struct Service {
    Handler handler;  // One of these two.
    AsyncHandler async_handler;
    base::Log log;
    Limits limits;
    base::Duration farewell{0};
    std::shared_ptr<TlsContext> tls = {};  // Null: plain TCP.
    bool draining = false;
    std::set<Connection*> open = {};
    std::function<void()> on_drained = {};  // Called whenever the last one has closed, if set.
};

class Connection {
public:
    virtual ~Connection() = default;
    virtual void close_if_idle() = 0;
    virtual void abort() = 0;
};

// Serves the connection until either side ends it. Counts as open from the call on, before the coroutine runs.
boost::asio::awaitable<void> serve(std::shared_ptr<Service> service, boost::asio::ip::tcp::socket socket);
boost::asio::awaitable<void> serve_tls(std::shared_ptr<Service> service, boost::asio::ip::tcp::socket socket);

}  // namespace http
