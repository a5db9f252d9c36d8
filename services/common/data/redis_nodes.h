// The nodes behind one Redis URL, and who has which slot. Internal to data.
#pragma once

#include <prometheus/gauge.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>

#include "common/base/deadline.h"
#include "common/base/log.h"
#include "common/data/redis_cluster.h"
#include "common/data/redis_pool.h"

namespace data {

class RedisNodes {
public:
    RedisNodes(const Redis::Options& options, prometheus::Gauge& open, base::Log log);

    RedisPool& seed() { return *seed_; }
    std::shared_ptr<RedisPool> pool(const RedisNode& node);
    std::optional<RedisNode> owner(std::uint16_t slot) const;
    std::shared_ptr<const SlotTable> table() const;  // Null until there is one.

    void outdate() { outdated_ = true; }
    // Asks for the table again where there is none or it is out of date, but not all the time, and one caller at a time. Throws
    // RedisUnavailable where there is still none.
    void refresh(const base::Deadline& deadline);

private:
    std::optional<SlotTable> ask(RedisPool& pool, const base::Deadline& deadline) const;
    bool find_table(const base::Deadline& deadline);

    const Redis::Options& options_;
    prometheus::Gauge& open_;
    base::Log log_;
    std::unique_ptr<RedisPool> seed_;
    std::mutex refreshing_;
    std::chrono::steady_clock::time_point refreshed_at_{};  // Guarded by refreshing_.
    std::atomic<bool> outdated_ = true;
    mutable std::mutex mutex_;
    std::map<RedisNode, std::shared_ptr<RedisPool>> pools_;
    std::shared_ptr<const SlotTable> table_;
};

}  // namespace data
