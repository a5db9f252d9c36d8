// Products that were asked for lately: in this process, then in Redis, then in the database.
//
// A change is told to every process (product.changed) with its version: what is older than that is no longer served by it,
// whoever has put it where. A process that hears nothing, since the broker is away, serves an old product for kHard at most.
#pragma once

#include <prometheus/counter.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "catalog/product.h"
#include "common/base/deadline.h"
#include "common/data/redis.h"

namespace prometheus {
class Registry;
}

namespace catalog {

// Safe from several threads.
class ProductCache {
public:
    using Time = std::chrono::steady_clock::time_point;
    using Entry = std::shared_ptr<const Cached>;  // Null: there is no such product.
    using Load = std::function<std::optional<Cached>(const std::string& id, const base::Deadline&)>;  // From the database.

    static constexpr std::chrono::seconds kSoft{10};    // From then on one request refreshes it, while others are still served.
    static constexpr std::chrono::seconds kHard{30};    // In this process.
    static constexpr std::chrono::seconds kShared{60};  // In Redis.
    static constexpr std::chrono::seconds kMissing{2};  // That there is none.
    static constexpr std::size_t kMost = 4096;          // In this process; a product is about 1 KiB.

    ProductCache(data::Redis& redis, Load load, prometheus::Registry& registry);

    struct Found {
        Entry entry;
        bool refresh = false;  // The caller is the one to call load() soon.
    };
    // Of this process, without waiting; nothing where it has to be loaded.
    std::optional<Found> find(const std::string& id, Time now);

    // Of Redis or the database, unless another call has just loaded it; blocks. Of calls at the same time one asks and the others
    // wait for it. Throws what loading throws.
    Entry load(const std::string& id, const base::Deadline& deadline);

    // There is this version since now. Blocks for Redis, if it answers.
    void changed(const std::string& id, std::int64_t version);
    void put(const std::string& id, const Cached& cached);

private:
    struct Slot {
        Entry entry;
        std::int64_t at_least = 0;  // Older versions don't count.
        Time soft{};
        Time hard{};
        bool refreshing = false;
    };

    void keep(const std::string& id, const Entry& entry);
    std::int64_t at_least(const std::string& id);
    Entry ask(const std::string& id, const base::Deadline& deadline);
    std::optional<Cached> from_redis(const std::string& id, const base::Deadline& deadline);
    void into_redis(const std::string& id, const Cached& cached);
    void make_room(Time now);

    data::Redis& redis_;
    const Load load_;
    std::mutex mutex_;
    std::unordered_map<std::string, Slot> slots_;
    std::map<std::string, std::shared_future<Entry>> loading_;
    prometheus::Counter& local_;
    prometheus::Counter& shared_;
    prometheus::Counter& database_;
};

}  // namespace catalog
