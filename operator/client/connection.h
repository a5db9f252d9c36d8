// One connection to the API server, over TLS or plain: HTTP/1.1, one exchange at a time.
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "client/awaitable.h"
#include "client/config.h"
#include "client/errors.h"
#include "client/limits.h"
#include "client/tls.h"

namespace client {

struct Head {
    int status = 0;
    bool reusable = false;  // The connection stays open after the body.
    std::optional<std::chrono::seconds> retry_after;
    std::vector<std::string> warnings;
};

// Every call throws ConnectionError; after that the connection is of no use any more. Whoever awaits a call keeps the connection
// alive meanwhile.
class Connection {
public:
    using Time = std::chrono::steady_clock::time_point;

    virtual ~Connection() = default;
    // Nothing may take longer. Before the first call.
    virtual void set_deadline(Time deadline) = 0;
    virtual awaitable<void> open() = 0;
    virtual awaitable<void> send(std::string request) = 0;
    // A body larger than `body_limit` is an error, as soon as that is known. (No limit is the largest number: Boost 1.74 takes
    // its own "none" for zero where the answer has a Content-Length.)
    virtual awaitable<Head> read_head(std::uint64_t body_limit) = 0;
    // Appends what came next; false when the body is whole.
    virtual awaitable<bool> read_body(std::string& body) = 0;
    // Whether anything of an answer came since the last send().
    virtual bool answered() const = 0;
    // Open, with nothing unread: a server that closed it left its goodbye to be read.
    virtual bool idle() const = 0;
    // Whoever waits in a call gets ConnectionError (Closed).
    virtual void close() = 0;
};

using ConnectionPtr = std::shared_ptr<Connection>;

// `tls` may be null where config.tls is false.
ConnectionPtr make_connection(boost::asio::io_context& io, std::shared_ptr<const Config> config, const Limits& limits,
                              const TlsContext& tls);

}  // namespace client
