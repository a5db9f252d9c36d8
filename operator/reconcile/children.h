// Every object that belongs to a platform, by kind: a store and a watch each, and the way back from an object to its platform.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "client/client.h"
#include "common/base/log.h"
#include "reconcile/child.h"
#include "runtime/store.h"
#include "runtime/watcher.h"

namespace reconcile {

class Children {
public:
    using Changed = std::function<void(const kube::Key& platform)>;

    // `ns` empty: all namespaces. What lies outside a platform's own is watched wherever it is. `changed` hears of every change
    // to a platform's child.
    Children(boost::asio::io_context& io, client::Client& client, const base::Log& log, const std::string& ns,
             const Changed& changed);

    // Null where there is none.
    const Child* find(const kube::Kind& kind, const kube::Key& key) const;

    struct Found {
        kube::Kind kind;
        kube::Key key;
        Child child;
    };
    std::vector<Found> of_platform(const kube::Key& platform) const;

    void learn(const kube::Kind& kind, const kube::Json& answer);
    void forget(const kube::Kind& kind, const kube::Key& key);

    // Kinds of optional APIs are watched from the moment their API is there.
    void serve(const kube::Kind& kind);

    // Every kind has been seen, or our role does not let us see it.
    bool settled() const;
    // Called when they are, and whenever a kind is refused or shown again after that.
    void on_settled(std::function<void()> callback) { on_settled_ = std::move(callback); }
    // The kinds that our role does not let us see, without which nothing can be brought about. Of optional ones, what needs them
    // says so when it is applied.
    std::vector<std::string> hidden() const;
    void start();
    void stop();

private:
    struct Tracked {
        kube::Kind kind;
        std::unique_ptr<runtime::Store<Child>> store;
        std::unique_ptr<runtime::Watcher> watcher;
        bool running = false;
    };

    const Tracked* tracked(const kube::Kind& kind) const;
    void run(Tracked& tracked);

    boost::asio::io_context& io_;
    std::vector<Tracked> tracked_;
    std::function<void()> on_settled_;
};

}  // namespace reconcile
