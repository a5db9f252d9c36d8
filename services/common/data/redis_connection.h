// One connection to a Redis node over hiredis. Internal to data.
#pragma once

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "common/base/deadline.h"
#include "common/data/redis_cluster.h"

struct redisContext;

namespace data {

// The connection can't be used any more, or never could.
class RedisConnectionError : public std::runtime_error {
public:
    RedisConnectionError(const std::string& what, bool sent) : std::runtime_error(what), sent_(sent) {}
    bool sent() const { return sent_; }  // The server may have done the command.

private:
    bool sent_;
};

class RedisConnection {
public:
    // Tries each address of the node's host, and logs in. Resolving a name has the resolver's own time limit.
    RedisConnection(const RedisNode& node, const RedisUrl& credentials, const base::Deadline& deadline);

    Redis::Reply call(const std::vector<std::string>& command, const base::Deadline& deadline);

    // False where the server has closed it, or sent what nobody asked for.
    bool usable() const;

private:
    struct Close {
        void operator()(redisContext* context) const;
    };
    std::unique_ptr<redisContext, Close> context_;
};

}  // namespace data
