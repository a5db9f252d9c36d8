#include "reconcile/references.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <utility>

#include "runtime/store.h"
#include "runtime/watcher.h"

namespace reconcile {

namespace {

constexpr kube::Kind kClusterRole{"rbac.authorization.k8s.io", "v1", "ClusterRole", "clusterroles", false};

client::Selection selection_of(const Reference& to) {
    client::Selection selection;
    selection.ns = to.key.ns;
    selection.field_selector = "metadata.name=" + to.key.name;
    return selection;
}

std::set<std::string> keys_of(const kube::Json& secret) {
    std::set<std::string> keys;
    for (const auto& [key, value] : kube::at(secret, {"data"}).items()) {
        if (value.is_string() && !value.get_ref<const std::string&>().empty()) keys.insert(key);
    }
    return keys;
}

}  // namespace

Referred referred_from(Reference::Use use, const kube::Json& object) {
    Referred referred;
    switch (use) {
        case Reference::Use::Keys:
            referred.keys = keys_of(object);
            break;
        case Reference::Use::Certificate:
            referred.tls = tls_pair_in(object);
            break;
        case Reference::Use::Role:
            referred.has_rules = !kube::at(object, {"rules"}).empty();
            break;
    }
    return referred;
}

struct References::Watched {
    Watched(boost::asio::io_context& io, client::Client& client, const base::Log& log, const Reference& to,
            const std::function<void()>& changed)
        : store([use = to.use](const kube::Json& object) { return referred_from(use, object); },
                [changed](const kube::Key&, const Referred*, const Referred*) { changed(); }),
          watcher(io, client, log, to.use == Reference::Use::Role ? kClusterRole : kube::kSecret, selection_of(to), store) {
        watcher.on_settled(changed);
    }

    // The coroutine owns what it runs on: stop() may come from anywhere, also when nothing else holds it any more.
    static boost::asio::awaitable<void> run(std::shared_ptr<Watched> self) { co_await self->watcher.run(); }

    runtime::Store<Referred> store;
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

const Referred* References::find(const Reference& to) const {
    const auto found = watched_.find(to);
    return found == watched_.end() ? nullptr : found->second->store.find(to.key);
}

const TlsPair* References::tls_pair(const kube::Key& secret) const {
    const Referred* found = find({secret, Reference::Use::Certificate});
    return found ? &found->tls : nullptr;
}

void References::stop() {
    for (const auto& [to, watched] : watched_) watched->watcher.stop();
}

}  // namespace reconcile
