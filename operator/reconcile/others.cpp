#include "reconcile/others.h"

#include <algorithm>
#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <set>
#include <utility>

#include "api/names.h"
#include "kube/managed.h"
#include "kube/selector.h"
#include "runtime/store.h"
#include "runtime/watcher.h"

namespace reconcile {

namespace {

// How objects of a kind act on others.
struct Way {
    kube::Kind kind;
    std::string (*target)(const kube::Json& object);  // What they act on; empty: nothing. It is all that is kept of them.
    std::vector<std::string> (*components)(const std::string& target, const Scene& scene);
};

constexpr std::array kWays{
    Way{kube::kNetworkPolicy, allowed_by, selected_by},
    Way{kube::kPodDisruptionBudget, bounded_by, selected_by},
    Way{kube::kHorizontalPodAutoscaler, scaled_by, deployed_as},
    Way{kube::kVerticalPodAutoscaler, sized_by, deployed_as},
};

client::Selection all_in(const std::string& ns) {
    client::Selection selection;
    selection.ns = ns;
    return selection;
}

// Keeps what is ours from a store, which would grow with every platform.
class NotOurs final : public runtime::WatchHandler {
public:
    explicit NotOurs(runtime::Store<std::string>& store) : store_(store) {}

    void refill_begin() override { store_.refill_begin(); }
    void put(const kube::Json& object) override {
        if (is_ours(object)) {
            store_.erase(object);
        } else {
            store_.put(object);
        }
    }
    void erase(const kube::Json& object) override { store_.erase(object); }
    void refill_end() override { store_.refill_end(); }

private:
    runtime::Store<std::string>& store_;
};

std::string deployment_in(const kube::Json& target) {
    const bool is_deployment = kube::string_at(target, {"kind"}) == kube::kDeployment.name &&
                               kube::string_at(target, {"apiVersion"}).starts_with("apps/");
    return is_deployment ? kube::string_at(target, {"name"}) : "";
}

bool is_wanted(const kube::Objects& wanted, const kube::Kind& kind, const kube::Key& key) {
    return std::ranges::any_of(wanted, [&](const kube::Object& object) { return object.kind == kind && object.key() == key; });
}

}  // namespace

struct Others::Watched {
    Watched(boost::asio::io_context& io, client::Client& client, const base::Log& log, const std::string& ns, const Way& how,
            const Changed& changed)
        : way(how),
          store(way.target, [changed](const kube::Key& key, const auto*, const auto*) { changed(key.ns); }),
          not_ours(store),
          watcher(io, client, log, way.kind, all_in(ns), not_ours) {}

    bool settled() const { return !served || watcher.synced() || watcher.refused(); }
    bool shown() const { return watcher.synced() && !watcher.refused(); }

    const Way& way;
    runtime::Store<std::string> store;
    NotOurs not_ours;
    runtime::Watcher watcher;
    bool served = !way.kind.optional;
    bool running = false;
};

std::string allowed_by(const kube::Json& policy) {
    const kube::Json& spec = kube::at(policy, {"spec"});
    const kube::Json& types = kube::at(spec, {"policyTypes"});
    const auto allows = [&](const char* type, const char* rules) {
        return std::find(types.begin(), types.end(), type) != types.end() && !kube::at(spec, {rules}).empty();
    };
    if (!allows("Ingress", "ingress") && !allows("Egress", "egress")) return "";
    const kube::Json& selector = kube::at(spec, {"podSelector"});
    return selector.is_null() ? "{}" : selector.dump();
}

// Without a selector it bounds nothing, with an empty one all pods.
std::string bounded_by(const kube::Json& budget) {
    const kube::Json& selector = kube::at(budget, {"spec", "selector"});
    return selector.is_null() ? "" : selector.dump();
}

std::string scaled_by(const kube::Json& scaler) {
    return deployment_in(kube::at(scaler, {"spec", "scaleTargetRef"}));
}

std::string sized_by(const kube::Json& scaler) {
    if (kube::string_at(scaler, {"spec", "updatePolicy", "updateMode"}) == "Off") return "";
    return deployment_in(kube::at(scaler, {"spec", "targetRef"}));
}

bool is_ours(const kube::Json& object) {
    return kube::is_applied_by(object, api::kFieldManager);
}

std::vector<std::string> deployed_as(const std::string& name, const Scene& scene) {
    const auto found = std::ranges::find_if(scene.wanted, [&](const kube::Object& object) {
        return object.kind == kube::kDeployment && object.key() == kube::Key{scene.ns, name};
    });
    if (found == scene.wanted.end()) return {};
    return {kube::label_of(found->json, api::kComponentLabel)};
}

std::vector<std::string> selected_by(const std::string& selector, const Scene& scene) {
    const kube::Json parsed = kube::Json::parse(selector);
    std::set<std::string> components;
    for (const kube::Object& object : scene.wanted) {
        const kube::Json& labels = kube::at(object.json, {"spec", "template", "metadata", "labels"});
        if (labels.is_null() || object.key().ns != scene.ns) continue;
        const std::string component = kube::string_at(labels, {api::kComponentLabel});
        const auto is_selected = [&](const Labelled& pod) {
            if (pod.component != component) return false;
            kube::Json all = labels;
            all.update(pod.labels);
            return kube::selects(parsed, all);
        };
        if (kube::selects(parsed, labels) || std::ranges::any_of(scene.pods, is_selected)) components.insert(component);
    }
    return {components.begin(), components.end()};
}

Others::Others(boost::asio::io_context& io, client::Client& client, const base::Log& log, const std::string& ns,
               const Changed& changed)
    : io_(io) {
    for (const Way& way : kWays) watched_.push_back(std::make_unique<Watched>(io, client, log, ns, way, changed));
}

Others::~Others() = default;

bool Others::settled() const {
    return std::ranges::all_of(watched_, [](const auto& each) { return each->settled(); });
}

void Others::on_settled(const std::function<void()>& callback) {
    for (const auto& each : watched_) each->watcher.on_settled(callback);
}

bool Others::are_in(const std::string& ns) const {
    bool any = false;
    for (const auto& each : watched_) each->store.for_each([&](const kube::Key& key, const auto&) { any = any || key.ns == ns; });
    return any;
}

// One that the operator is about to apply is still the platform's.
quality::Others Others::acting_on(const Scene& scene) const {
    quality::Others acting;
    for (const auto& each : watched_) {
        if (each->served && !each->shown()) continue;
        std::vector<quality::Other>& found = acting[std::string(each->way.kind.name)];
        if (!each->served) continue;
        each->store.for_each([&](const kube::Key& key, const std::string& target) {
            if (key.ns != scene.ns || target.empty() || is_wanted(scene.wanted, each->way.kind, key)) return;
            std::vector<std::string> components = each->way.components(target, scene);
            if (!components.empty()) found.push_back({key.name, std::move(components)});
        });
    }
    return acting;
}

void Others::run(Watched& watched) {
    if (std::exchange(watched.running, true)) return;
    boost::asio::co_spawn(io_, watched.watcher.run(), boost::asio::detached);
}

void Others::set_served(const kube::Kind& kind, bool served) {
    for (const auto& each : watched_) {
        if (each->way.kind != kind) continue;
        each->served = served;
        if (served) run(*each);
    }
}

void Others::start() {
    for (const auto& each : watched_) {
        if (each->served) run(*each);
    }
}

void Others::stop() {
    for (const auto& each : watched_) each->watcher.stop();
}

}  // namespace reconcile
