// One client's connection, from its first request to its last. Internal to the server.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "common/http/server.h"

namespace http {

class Connection;

// What the connections of one server share. Lives as long as the last of them.
struct Service {
    Handler handler;
    base::Log log;
    Limits limits;
    bool draining = false;
    std::set<Connection*> open;
    std::function<void()> on_drained;  // Called whenever the last one has closed, if set.
};

class Connection {
public:
    virtual ~Connection() = default;
    virtual void close_if_idle() = 0;
    virtual void abort() = 0;
};

// Serves the connection until either side ends it. Counts as open from the call on, before the coroutine runs.
boost::asio::awaitable<void> serve(std::shared_ptr<Service> service, boost::asio::ip::tcp::socket socket);

// The whole of a response up to its body.
std::string response_head(const Response& response, bool keep_alive, bool http_1_0);

}  // namespace http
