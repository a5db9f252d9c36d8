#include "reconcile/references.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <utility>

#include "runtime/store.h"
#include "runtime/watcher.h"

namespace reconcile {

namespace {

client::Selection selection_of(const kube::Key& secret) {
    client::Selection selection;
    selection.ns = secret.ns;
    selection.field_selector = "metadata.name=" + secret.name;
    selection.part = client::Part::Metadata;
    return selection;
}

}  // namespace

// Its presence is all that is kept.
struct References::Watched {
    Watched(boost::asio::io_context& io, client::Client& client, const base::Log& log, const kube::Key& secret,
            const std::function<void()>& changed)
        : store([](const kube::Json&) { return true; }, [changed](const kube::Key&, const bool*, const bool*) { changed(); }),
          watcher(io, client, log, kube::kSecret, selection_of(secret), store) {
        watcher.on_settled(changed);
    }

    // The coroutine owns what it runs on: stop() may come from anywhere, also when nothing else holds it any more.
    static boost::asio::awaitable<void> run(std::shared_ptr<Watched> self) { co_await self->watcher.run(); }

    runtime::Store<bool> store;
    runtime::Watcher watcher;
};

References::References(boost::asio::io_context& io, client::Client& client, base::Log log, Changed changed)
    : io_(io), client_(client), log_(std::move(log)), changed_(std::move(changed)) {}

References::~References() = default;

void References::set(const kube::Key& platform, const std::set<kube::Key>& secrets) {
    if (secrets.empty()) {
        wanted_.erase(platform);
    } else {
        wanted_[platform] = secrets;
    }
    for (const kube::Key& secret : secrets) {
        if (watched_.contains(secret)) continue;
        const auto tell = [this, secret] {
            for (const auto& [user, used] : wanted_) {
                if (used.contains(secret)) changed_(user);
            }
        };
        const auto watched = std::make_shared<Watched>(io_, client_, log_, secret, tell);
        watched_.emplace(secret, watched);
        boost::asio::co_spawn(io_, Watched::run(watched), boost::asio::detached);
    }
    std::erase_if(watched_, [this](const auto& entry) {
        for (const auto& [user, used] : wanted_) {
            if (used.contains(entry.first)) return false;
        }
        entry.second->watcher.stop();
        return true;
    });
}

References::State References::state(const kube::Key& secret) const {
    const auto found = watched_.find(secret);
    if (found == watched_.end() || !found->second->watcher.synced()) return State::Unknown;
    return found->second->store.find(secret) ? State::Present : State::Absent;
}

void References::stop() {
    for (const auto& [secret, watched] : watched_) watched->watcher.stop();
}

}  // namespace reconcile
