#include "runtime/work_queue.h"

#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace runtime {

namespace asio = boost::asio;

WorkQueue::WorkQueue(asio::io_context& io, const base::Clock& clock) : io_(io), clock_(clock) {}

void WorkQueue::add(const kube::Key& key, base::Duration delay) {
    if (closed_) return;
    const base::SteadyTime due = clock_.now() + delay;
    const auto [entry, added] = waiting_.emplace(key, due);
    if (!added) entry->second = std::min(entry->second, due);
    if (!busy_.contains(key)) wake_one();
}

std::optional<base::SteadyTime> WorkQueue::next_due() const {
    std::optional<base::SteadyTime> next;
    for (const auto& [key, due] : waiting_) {
        if (!busy_.contains(key) && (!next || due < *next)) next = due;
    }
    return next;
}

std::optional<kube::Key> WorkQueue::try_take() {
    auto best = waiting_.end();
    for (auto entry = waiting_.begin(); entry != waiting_.end(); ++entry) {
        if (busy_.contains(entry->first) || entry->second > clock_.now()) continue;
        if (best == waiting_.end() || entry->second < best->second) best = entry;
    }
    if (best == waiting_.end()) return std::nullopt;
    kube::Key key = best->first;
    waiting_.erase(best);
    busy_.insert(key);
    return key;
}

asio::awaitable<std::optional<kube::Key>> WorkQueue::take() {
    while (!closed_) {
        std::optional<kube::Key> key = try_take();
        if (key) co_return key;
        asio::steady_timer timer(io_);
        const std::optional<base::SteadyTime> due = next_due();
        timer.expires_after(due ? std::max(*due - clock_.now(), base::Duration{1}) : std::chrono::hours{1});
        const auto self = sleepers_.insert(sleepers_.end(), &timer);
        boost::system::error_code woken;
        co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, woken));
        sleepers_.erase(self);
    }
    co_return std::nullopt;
}

void WorkQueue::done(const kube::Key& key) {
    busy_.erase(key);
    if (waiting_.contains(key)) wake_one();
}

void WorkQueue::close() {
    closed_ = true;
    waiting_.clear();
    for (asio::steady_timer* sleeper : sleepers_) sleeper->cancel();
}

// The sleeper that is woken goes to the back, so that two keys added at once wake two.
void WorkQueue::wake_one() {
    if (sleepers_.empty()) return;
    sleepers_.front()->cancel();
    sleepers_.splice(sleepers_.end(), sleepers_, sleepers_.begin());
}

}  // namespace runtime
