// Leader election: of several processes, the one that holds a coordination.k8s.io Lease leads.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <stdexcept>
#include <string>

#include "client/client.h"
#include "common/base/backoff.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "kube/object.h"
#include "runtime/lease_state.h"

namespace prometheus {
class Registry;
class Gauge;
}  // namespace prometheus

namespace runtime {

// Somebody else leads, or may: whatever only a leader may do has to end at once.
class LeaseLost : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

//     if (!co_await lease.acquire()) co_return;  // Stopped.
//     start_work();
//     co_await lease.hold();                     // Returns after stop(); throws LeaseLost.
//     co_await finish_work();
//     co_await lease.release();
class Lease {
public:
    // `client` is this lease's alone, so that no other request delays a renewal; hold() closes it when the lease is lost.
    // `registry` receives leader_election_master_status{name}; may be null.
    Lease(boost::asio::io_context& io, client::Client& client, kube::Key key, std::string identity, const base::Clock& clock,
          const base::Log& log, prometheus::Registry* registry, LeaseTimes times = {},
          base::Random random = base::system_random());

    // True once this process leads; false after stop(). An API server that can't be reached or refuses is asked again.
    boost::asio::awaitable<bool> acquire();

    // Renews while it can. Returns after stop(), still leading; throws LeaseLost when another holds the lease or `renew_deadline`
    // has passed without a renewal.
    boost::asio::awaitable<void> hold();

    // Lets the next candidate begin at once. Does nothing unless leading; a failure is logged, as the lease then simply runs out.
    boost::asio::awaitable<void> release();

    // Ends acquire() or hold(), after the request that is under way.
    void stop();

    bool leads() const { return leads_; }

private:
    // Reads where that is needed, decides, writes where that is due. Returns what went wrong; empty: nothing.
    boost::asio::awaitable<std::string> attempt();
    boost::asio::awaitable<void> read();
    boost::asio::awaitable<void> write(kube::Json lease);
    boost::asio::awaitable<kube::Json> call_for(const kube::Json& lease);
    boost::asio::awaitable<void> pause(base::Duration time);
    base::Duration until_next_look() const;
    void watch_deadline(base::SteadyTime lost_at);
    void set_leads(bool leads);
    void report_waiting(const std::string& problem);
    void report(const std::string& problem);
    [[noreturn]] void lose(const std::string& problem);

    client::Client& client_;
    kube::Key key_;
    std::string identity_;
    const base::Clock& clock_;
    base::Log log_;
    LeaseTimes times_;
    base::Random random_;
    LeaseState state_;
    boost::asio::steady_timer timer_;     // Until the next attempt.
    boost::asio::steady_timer deadline_;  // Until the lease counts as lost.
    prometheus::Gauge* status_ = nullptr;
    base::SteadyTime renewed_at_;  // When the last renewal that succeeded was begun.
    std::string reported_;         // The last thing logged about waiting, so that it is not repeated.
    bool known_ = false;           // Whether state_ is what the API server has, as far as we know.
    bool leads_ = false;
    bool stopped_ = false;
    std::shared_ptr<int> alive_ = std::make_shared<int>();
};

}  // namespace runtime
