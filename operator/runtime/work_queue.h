// Hands out keys to reconcile: each at most once at a time, never before it is due.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "common/base/clock.h"
#include "kube/object.h"

namespace runtime {

class WorkQueue {
public:
    // `clock` must run at the pace of the loop's timers for take(); with try_take() alone it may be a manual one.
    WorkQueue(boost::asio::io_context& io, const base::Clock& clock);

    // If the key already waits, the earlier time wins.
    void add(const kube::Key& key, base::Duration delay = {});

    // Suspends until a key is due. The key stays busy until done(). Nothing: the queue was closed.
    boost::asio::awaitable<std::optional<kube::Key>> take();

    // A key that is due now, if there is one; the one that is overdue the longest first.
    std::optional<kube::Key> try_take();

    void done(const kube::Key& key);

    // Every take() ends with nothing; keys that wait are dropped.
    void close();

    std::size_t depth() const { return waiting_.size(); }

private:
    std::optional<base::SteadyTime> next_due() const;
    void wake_one();

    boost::asio::io_context& io_;
    const base::Clock& clock_;
    std::map<kube::Key, base::SteadyTime> waiting_;
    std::set<kube::Key> busy_;
    std::list<boost::asio::steady_timer*> sleepers_;
    bool closed_ = false;
};

}  // namespace runtime
