#include "common/data/redis_pool.h"

#include <exception>
#include <utility>

namespace data {

namespace {

constexpr int kFailures = 5;  // So many in a row are no coincidence.
constexpr std::chrono::seconds kPause{1};
// Whoever had a smaller part of a call's time than this says nothing about the node. Caches are asked in a fifth, and do.
constexpr int kHurry = 10;

}  // namespace

// One of the pool's connections that may be open.
struct RedisPool::Place {
    Place(RedisPool& from, const base::Deadline& deadline) : pool(from) { pool.enter(deadline); }
    ~Place() { pool.leave(); }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    RedisPool& pool;
};

RedisPool::RedisPool(RedisNode node, bool follows_url, const Redis::Options& options, prometheus::Gauge& open, base::Log log)
    : node_(std::move(node)), follows_url_(follows_url), options_(options), open_(open), log_(std::move(log)) {}

RedisPool::~RedisPool() {
    open_.Decrement(static_cast<double>(idle_.size()));
}

Redis::Reply RedisPool::run(const std::vector<std::string>& command, bool asking, const base::Deadline& deadline) {
    const base::Duration allowed = deadline.left();
    const Place place(*this, deadline);
    std::unique_ptr<RedisConnection> connection;
    try {
        connection = idle();
        if (!connection) connection = connect(deadline.at_most(options_.connect_time));
        if (asking) connection->call({"ASKING"}, deadline);
        Redis::Reply reply = connection->call(command, deadline);
        keep(std::move(connection));
        succeeded();
        return reply;
    } catch (const RedisConnectionError& error) {
        drop(std::move(connection));
        if (!deadline.passed() || allowed >= options_.call_time / kHurry) failed(error.what());
        throw;
    } catch (...) {
        drop(std::move(connection));
        throw;
    }
}

void RedisPool::enter(const base::Deadline& deadline) {
    std::unique_lock lock(mutex_);
    const auto free = [this] { return busy_ < options_.connections; };
    if (!free() && !freed_.wait_until(lock, deadline.at_most(options_.call_time).time(), free)) {
        throw RedisUnavailable("redis: all connections to " + to_string(node_) + " are in use");
    }
    if (failures_ >= kFailures) {
        const Time now = std::chrono::steady_clock::now();
        if (now < blocked_until_) throw RedisConnectionError(to_string(node_) + ": has failed too often just now", false);
        blocked_until_ = now + kPause;  // This one finds out for all others.
    }
    ++busy_;
}

void RedisPool::leave() {
    {
        const std::lock_guard lock(mutex_);
        --busy_;
    }
    freed_.notify_one();
}

std::unique_ptr<RedisConnection> RedisPool::idle() {
    for (;;) {
        std::unique_ptr<RedisConnection> connection;
        {
            const std::lock_guard lock(mutex_);
            if (idle_.empty()) return nullptr;
            connection = std::move(idle_.back());
            idle_.pop_back();
        }
        if (connection->usable()) return connection;
        drop(std::move(connection));
    }
}

std::unique_ptr<RedisConnection> RedisPool::connect(const base::Deadline& deadline) {
    RedisUrl url;
    try {
        url = redis_url_from(options_.url());
    } catch (const std::exception& error) {
        throw RedisConnectionError(error.what(), false);
    }
    auto connection = std::make_unique<RedisConnection>(follows_url_ ? url.node : node_, url, deadline);
    open_.Increment();
    return connection;
}

bool RedisPool::is_failing() const {
    const std::lock_guard lock(mutex_);
    return failures_ > 0;
}

void RedisPool::keep(std::unique_ptr<RedisConnection> connection) {
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(connection));
}

void RedisPool::drop(std::unique_ptr<RedisConnection> connection) {
    if (connection) open_.Decrement();
}

void RedisPool::succeeded() {
    {
        const std::lock_guard lock(mutex_);
        if (std::exchange(failures_, 0) < kFailures) return;
    }
    log_.info("redis node answers again", {{"node", to_string(node_)}});
}

void RedisPool::failed(const std::string& why) {
    {
        const std::lock_guard lock(mutex_);
        if (++failures_ < kFailures) return;
        blocked_until_ = std::chrono::steady_clock::now() + kPause;
        if (failures_ > kFailures) return;
    }
    log_.warn("redis node does not answer", {{"node", to_string(node_)}, {"error", why}});
}

}  // namespace data
