// The connections to one Redis node: at most so many, and for a moment none at all after several failures in a row. Internal to
// data.
#pragma once

#include <prometheus/gauge.h>

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "common/base/deadline.h"
#include "common/base/log.h"
#include "common/data/redis_connection.h"

namespace data {

class RedisPool {
public:
    // With `follows_url` each new connection goes where the URL then says, instead of to `node`.
    RedisPool(RedisNode node, bool follows_url, const Redis::Options& options, prometheus::Gauge& open, base::Log log);
    ~RedisPool();
    RedisPool(const RedisPool&) = delete;
    RedisPool& operator=(const RedisPool&) = delete;

    // Throws RedisConnectionError; RedisUnavailable where every connection is in use until the deadline.
    Redis::Reply run(const std::vector<std::string>& command, bool asking, const base::Deadline& deadline);

    const RedisNode& node() const { return node_; }
    // Whether the last call failed.
    bool is_failing() const;

private:
    using Time = std::chrono::steady_clock::time_point;
    struct Place;

    void enter(const base::Deadline& deadline);
    void leave();
    std::unique_ptr<RedisConnection> idle();
    std::unique_ptr<RedisConnection> connect(const base::Deadline& deadline);
    void keep(std::unique_ptr<RedisConnection> connection);
    void drop(std::unique_ptr<RedisConnection> connection);
    void succeeded();
    void failed(const std::string& why);

    const RedisNode node_;
    const bool follows_url_;
    const Redis::Options& options_;
    prometheus::Gauge& open_;
    base::Log log_;
    mutable std::mutex mutex_;
    std::condition_variable freed_;
    std::vector<std::unique_ptr<RedisConnection>> idle_;
    std::size_t busy_ = 0;
    int failures_ = 0;  // In a row.
    Time blocked_until_{};
};

}  // namespace data
