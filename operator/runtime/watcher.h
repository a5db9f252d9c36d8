// Keeps a handler in step with the objects of one kind: list, then watch, for ever.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <string>

#include "client/client.h"
#include "common/base/backoff.h"
#include "common/base/log.h"
#include "runtime/store.h"

namespace runtime {

// Streams the initial state where the API server can (WatchList), else lists in pages. Reconnects with backoff and jitter; after
// 410 (the resourceVersion is too old) it refills the handler, which keeps what it has until the refill is whole.
class Watcher {
public:
    // `client` and `handler` outlive the watcher's run().
    Watcher(boost::asio::io_context& io, client::Client& client, const base::Log& log, kube::Kind kind,
            client::Selection selection, WatchHandler& handler);

    // Called when the handler has been filled for the first time, when the API server has refused to show the kind, and when it
    // shows it again.
    void on_settled(std::function<void()> callback) { on_settled_ = std::move(callback); }
    bool synced() const { return synced_; }
    // The API server lacks the kind, or our role does not let us see it (404, 403). Asked again with backoff.
    bool refused() const { return refused_; }
    const kube::Kind& kind() const { return kind_; }

    // Ends when stop() was called.
    boost::asio::awaitable<void> run();
    void stop();

private:
    boost::asio::awaitable<void> fill_by_list();
    boost::asio::awaitable<void> follow();
    void filled();
    void be_shown();
    void be_refused();
    // An empty problem: the server ended the stream in order, which wants a short pause and no word.
    boost::asio::awaitable<void> pause_after(std::string problem);

    client::Client& client_;
    base::Log log_;
    kube::Kind kind_;
    client::Selection selection_;
    WatchHandler& handler_;
    std::function<void()> on_settled_;
    base::Backoff backoff_;
    boost::asio::steady_timer timer_;
    std::unique_ptr<client::WatchStream> stream_;
    std::string version_;     // Empty: the handler must be filled.
    bool can_stream_ = true;  // The API server takes WatchList requests.
    bool synced_ = false;
    bool refused_ = false;
    int refusals_ = 0;  // In a row.
    bool stopped_ = false;
};

}  // namespace runtime
