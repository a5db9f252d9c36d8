// Runs reconcile for every key of the work queue, and turns each outcome into what happens next.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "common/base/backoff.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "kube/object.h"
#include "runtime/bell.h"
#include "runtime/work_queue.h"

namespace prometheus {
class Registry;
}

namespace runtime {

// What a reconcile asks for. Failures that nobody expected are exceptions, which back off too.
struct Action {
    enum class Next { Wait, After, BackOff };

    Next next = Next::Wait;
    base::Duration delay{};
    std::string reason;

    static Action wait() { return {}; }  // Until something changes.
    static Action after(base::Duration delay) { return {Next::After, delay, {}}; }
    static Action back_off(std::string reason) { return {Next::BackOff, {}, std::move(reason)}; }
};

// A key that fails is tried again after 5 ms, doubling up to 1000 s, as controller-runtime does. The metrics have the names that
// dashboards for controller-runtime know.
class Controller {
public:
    using Reconcile = std::function<boost::asio::awaitable<Action>(kube::Key)>;

    Controller(boost::asio::io_context& io, const base::Clock& clock, const base::Log& log, prometheus::Registry& registry,
               std::string name, Reconcile reconcile);
    ~Controller();

    void enqueue(const kube::Key& key, base::Duration delay = {});

    // Starts that many workers, which run at the same time on different keys.
    void start(int workers);

    // No new reconcile begins; returns when those that run have finished.
    boost::asio::awaitable<void> stop();

private:
    struct Metrics;

    boost::asio::awaitable<void> work();
    boost::asio::awaitable<void> handle(kube::Key key);

    boost::asio::io_context& io_;
    const base::Clock& clock_;
    base::Log log_;
    std::string name_;
    Reconcile reconcile_;
    WorkQueue queue_;
    base::ItemBackoff<kube::Key> backoff_;
    std::map<kube::Key, base::SteadyTime> due_;  // Of the keys that wait, for the metric.
    int working_ = 0;
    std::unique_ptr<Metrics> metrics_;
    Bell idle_;  // Rung when the last worker has finished.
};

}  // namespace runtime
