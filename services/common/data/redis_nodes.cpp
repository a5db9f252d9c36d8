#include "common/data/redis_nodes.h"

#include <algorithm>
#include <utility>

namespace data {

namespace {

constexpr std::chrono::milliseconds kRefreshInterval{100};

}  // namespace

RedisNodes::RedisNodes(const Redis::Options& options, prometheus::Gauge& open, base::Log log)
    : options_(options),
      open_(open),
      log_(std::move(log)),
      seed_(std::make_unique<RedisPool>(redis_url_from(options.url()).node, true, options, open, log_)) {}

std::shared_ptr<RedisPool> RedisNodes::pool(const RedisNode& node) {
    const std::lock_guard lock(mutex_);
    std::shared_ptr<RedisPool>& pool = pools_[node];
    if (!pool) pool = std::make_shared<RedisPool>(node, false, options_, open_, log_);
    return pool;
}

std::shared_ptr<const SlotTable> RedisNodes::table() const {
    const std::lock_guard lock(mutex_);
    return table_;
}

std::optional<RedisNode> RedisNodes::owner(std::uint16_t slot) const {
    const std::shared_ptr<const SlotTable> known = table();
    const RedisNode* node = known ? known->owner(slot) : nullptr;
    return node == nullptr ? std::nullopt : std::optional(*node);
}

void RedisNodes::refresh(const base::Deadline& deadline) {
    if (!outdated_ && table()) return;
    std::unique_lock lock(refreshing_, std::try_to_lock);
    if (!lock) {
        if (table()) return;  // Somebody is at it; what is known suffices meanwhile.
        lock.lock();
    }
    const auto now = std::chrono::steady_clock::now();
    const bool known = table() != nullptr;
    if (known && (!outdated_ || now < refreshed_at_ + kRefreshInterval)) return;
    refreshed_at_ = now;
    if (find_table(deadline)) {
        outdated_ = false;
    } else if (!known) {
        throw RedisUnavailable("redis: no node tells who has which slots");
    }
}

std::optional<SlotTable> RedisNodes::ask(RedisPool& pool, const base::Deadline& deadline) const {
    try {
        std::optional<SlotTable> table = slot_table_from(pool.run({"CLUSTER", "SLOTS"}, false, deadline), pool.node());
        if (table && !table->nodes().empty()) return table;
    } catch (const std::runtime_error& error) {  // RedisConnectionError, RedisUnavailable
        log_.debug("redis node does not tell the slots", {{"node", to_string(pool.node())}, {"error", error.what()}});
    }
    return std::nullopt;
}

bool RedisNodes::find_table(const base::Deadline& deadline) {
    // A node that hangs must leave time for the others.
    const base::Duration share = options_.call_time / 3;
    std::optional<SlotTable> found;
    if (const std::shared_ptr<const SlotTable> known = table()) {
        std::vector<std::shared_ptr<RedisPool>> pools;
        for (const RedisNode& node : known->nodes()) pools.push_back(pool(node));
        // Those that fail come last: a caller in a hurry has no time for any other after one that hangs.
        std::stable_partition(pools.begin(), pools.end(), [](const auto& of_node) { return !of_node->is_failing(); });
        for (const auto& of_node : pools) {
            if (found || deadline.passed()) break;
            found = ask(*of_node, deadline.at_most(share));
        }
    }
    if (!found && !deadline.passed()) found = ask(*seed_, deadline);
    if (!found) return false;
    const auto fresh = std::make_shared<const SlotTable>(*std::move(found));
    const std::lock_guard lock(mutex_);
    table_ = fresh;
    std::erase_if(pools_,
                  [&](const auto& entry) { return std::ranges::find(fresh->nodes(), entry.first) == fresh->nodes().end(); });
    return true;
}

}  // namespace data
