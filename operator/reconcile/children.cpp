#include "reconcile/children.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "api/names.h"

namespace reconcile {

Children::Children(boost::asio::io_context& io, client::Client& client, const base::Log& log, const std::string& ns,
                   const Changed& changed)
    : io_(io) {
    for (const kube::Kind& kind : kube::child_kinds()) {
        Tracked tracked;
        tracked.kind = kind;
        tracked.store =
            std::make_unique<runtime::Store<Child>>([kind](const kube::Json& object) { return child_from(kind, object); },
                                                    [changed](const kube::Key&, const Child* before, const Child* now) {
                                                        if (before && (!now || now->platform != before->platform))
                                                            changed(before->platform);
                                                        if (now) changed(now->platform);
                                                    });
        client::Selection selection;
        selection.ns = kube::is_outside(kind) ? "" : ns;
        selection.label_selector = api::kPlatformLabel;
        selection.part = kind == kube::kSecret ? client::Part::Metadata : client::Part::Whole;
        tracked.watcher = std::make_unique<runtime::Watcher>(io, client, log, kind, selection, *tracked.store);
        tracked.watcher->on_settled([this] {
            if (settled() && on_settled_) on_settled_();
        });
        tracked_.push_back(std::move(tracked));
    }
}

const Children::Tracked* Children::tracked(const kube::Kind& kind) const {
    const auto found = std::find_if(tracked_.begin(), tracked_.end(), [&](const Tracked& each) { return each.kind == kind; });
    return found == tracked_.end() ? nullptr : &*found;
}

const Child* Children::find(const kube::Kind& kind, const kube::Key& key) const {
    const Tracked* found = tracked(kind);
    return found ? found->store->find(key) : nullptr;
}

std::vector<Children::Found> Children::of_platform(const kube::Key& platform) const {
    std::vector<Found> result;
    for (const Tracked& each : tracked_) {
        each.store->for_each([&](const kube::Key& key, const Child& child) {
            if (child.platform == platform) result.push_back({each.kind, key, child});
        });
    }
    return result;
}

void Children::learn(const kube::Kind& kind, const kube::Json& answer) {
    if (const Tracked* found = tracked(kind)) found->store->learn(answer);
}

void Children::forget(const kube::Kind& kind, const kube::Key& key) {
    if (const Tracked* found = tracked(kind)) found->store->forget(key);
}

bool Children::settled() const {
    return std::ranges::all_of(
        tracked_, [](const Tracked& each) { return !each.running || each.watcher->synced() || each.watcher->refused(); });
}

std::vector<std::string> Children::hidden() const {
    std::vector<std::string> kinds;
    for (const Tracked& each : tracked_) {
        if (!each.kind.optional && each.watcher->refused()) kinds.push_back(each.kind.resource());
    }
    return kinds;
}

void Children::run(Tracked& each) {
    if (std::exchange(each.running, true)) return;
    boost::asio::co_spawn(io_, each.watcher->run(), boost::asio::detached);
}

void Children::start() {
    for (Tracked& each : tracked_) {
        if (!each.kind.optional) run(each);
    }
}

void Children::serve(const kube::Kind& kind) {
    for (Tracked& each : tracked_) {
        if (each.kind == kind) run(each);
    }
}

void Children::stop() {
    for (Tracked& each : tracked_) each.watcher->stop();
}

}  // namespace reconcile
