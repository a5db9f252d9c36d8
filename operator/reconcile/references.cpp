#include "reconcile/references.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <utility>

#include "reconcile/certificate.h"
#include "runtime/store.h"
#include "runtime/watcher.h"

namespace reconcile {

namespace {

constexpr kube::Kind kClusterRole{"rbac.authorization.k8s.io", "v1", "ClusterRole", "clusterroles", false};

client::Selection selection_of(const Reference& to) {
    client::Selection selection;
    selection.ns = to.key.ns;
    selection.field_selector = "metadata.name=" + to.key.name;
    if (to.use != Reference::Use::Certificate) selection.part = client::Part::Metadata;
    return selection;
}

}  // namespace

// Its presence is all that is kept, and the certificates.
struct References::Watched {
    Watched(boost::asio::io_context& io, client::Client& client, const base::Log& log, const Reference& to,
            const std::function<void()>& changed)
        : store(chain_in, [changed](const kube::Key&, const std::string*, const std::string*) { changed(); }),
          watcher(io, client, log, to.use == Reference::Use::Role ? kClusterRole : kube::kSecret, selection_of(to), store) {
        watcher.on_settled(changed);
    }

    // The coroutine owns what it runs on: stop() may come from anywhere, also when nothing else holds it any more.
    static boost::asio::awaitable<void> run(std::shared_ptr<Watched> self) { co_await self->watcher.run(); }

    runtime::Store<std::string> store;
    runtime::Watcher watcher;
};

References::References(boost::asio::io_context& io, client::Client& client, base::Log log, Changed changed)
    : io_(io), client_(client), log_(std::move(log)), changed_(std::move(changed)) {}

References::~References() = default;

void References::set(const kube::Key& platform, const std::set<Reference>& references) {
    if (references.empty()) {
        wanted_.erase(platform);
    } else {
        wanted_[platform] = references;
    }
    for (const Reference& to : references) {
        if (watched_.contains(to)) continue;
        const auto tell = [this, to] {
            for (const auto& [user, used] : wanted_) {
                if (used.contains(to)) changed_(user);
            }
        };
        const auto watched = std::make_shared<Watched>(io_, client_, log_, to, tell);
        watched_.emplace(to, watched);
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

References::State References::state(const Reference& to) const {
    const auto found = watched_.find(to);
    if (found == watched_.end()) return State::Unknown;
    const runtime::Watcher& watcher = found->second->watcher;
    if (to.use == Reference::Use::Role && watcher.refused()) return State::Refused;
    if (!watcher.synced()) return State::Unknown;
    return found->second->store.find(to.key) ? State::Present : State::Absent;
}

const std::string* References::chain(const kube::Key& secret) const {
    const auto found = watched_.find({secret, Reference::Use::Certificate});
    return found == watched_.end() ? nullptr : found->second->store.find(secret);
}

void References::stop() {
    for (const auto& [to, watched] : watched_) watched->watcher.stop();
}

}  // namespace reconcile
