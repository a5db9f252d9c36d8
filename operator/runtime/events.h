// Tells people what happened: events.k8s.io Events, which `kubectl describe` and `kubectl events` show.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <optional>
#include <string>

#include "client/client.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "runtime/event_book.h"

namespace runtime {

// Events are a courtesy: publish() neither waits nor fails, and what can't be sent is dropped with a line in the log. Equal ones
// are counted on one Event; an idle recorder sends nothing.
class EventRecorder {
public:
    // `instance` names this process; lease_identity() will do.
    EventRecorder(boost::asio::io_context& io, client::Client& client, std::string instance, const base::Clock& clock,
                  base::Log log, EventLimits limits = {});

    void publish(const Reference& regarding, EventType type, std::string reason, std::string action, std::string note);

    // Sends what was published, one after the other. Ends after stop(), once what waits has been tried.
    boost::asio::awaitable<void> run();
    void stop();

private:
    std::optional<EventWrite> next_write();
    boost::asio::awaitable<kube::Json> call_for(const EventWrite& write);
    boost::asio::awaitable<void> send(EventWrite write);
    boost::asio::awaitable<void> wait();

    client::Client& client_;
    const base::Clock& clock_;
    base::Log log_;
    EventBook book_;
    boost::asio::steady_timer timer_;  // Until the next write is due; cancelled by publish().
    bool failing_ = false;             // The last write failed.
    bool dropping_ = false;            // The last happening was dropped.
    bool stopped_ = false;
};

}  // namespace runtime
