#include "reconcile/others.h"

#include <algorithm>
#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <set>

#include "api/names.h"
#include "kube/selector.h"
#include "runtime/store.h"
#include "runtime/watcher.h"

namespace reconcile {

namespace {

// How objects of a kind act on others.
struct Way {
    kube::Kind kind;
    std::string (*target)(const kube::Json& object);  // What they act on; empty: nothing. It is all that is kept of them.
    std::vector<std::string> (*components)(const std::string& target, const kube::Objects& wanted, const std::string& ns);
};

constexpr std::array kWays{
    Way{kube::kNetworkPolicy, allowed_by, selected_by},
    Way{kube::kPodDisruptionBudget, bounded_by, selected_by},
    Way{kube::kHorizontalPodAutoscaler, scaled_by, deployed_as},
};

client::Selection of_others(const std::string& ns) {
    client::Selection selection;
    selection.ns = ns;
    selection.label_selector = "app.kubernetes.io/managed-by!=" + api::kFieldManager;
    return selection;
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
          watcher(io, client, log, way.kind, of_others(ns), store) {}

    bool shown() const { return watcher.synced() && !watcher.refused(); }

    const Way& way;
    runtime::Store<std::string> store;
    runtime::Watcher watcher;
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
    const kube::Json& target = kube::at(scaler, {"spec", "scaleTargetRef"});
    const bool is_deployment = kube::string_at(target, {"kind"}) == kube::kDeployment.name &&
                               kube::string_at(target, {"apiVersion"}).starts_with("apps/");
    return is_deployment ? kube::string_at(target, {"name"}) : "";
}

std::vector<std::string> deployed_as(const std::string& name, const kube::Objects& wanted, const std::string& ns) {
    const auto found = std::ranges::find_if(wanted, [&](const kube::Object& object) {
        return object.kind == kube::kDeployment && object.key() == kube::Key{ns, name};
    });
    if (found == wanted.end()) return {};
    return {kube::label_of(found->json, api::kComponentLabel)};
}

std::vector<std::string> selected_by(const std::string& selector, const kube::Objects& wanted, const std::string& ns) {
    const kube::Json parsed = kube::Json::parse(selector);
    std::set<std::string> components;
    for (const kube::Object& object : wanted) {
        const kube::Json& labels = kube::at(object.json, {"spec", "template", "metadata", "labels"});
        if (labels.is_null() || object.key().ns != ns || !kube::selects(parsed, labels)) continue;
        components.insert(kube::string_at(labels, {api::kComponentLabel}));
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
    return std::ranges::all_of(watched_, [](const auto& each) { return each->watcher.synced() || each->watcher.refused(); });
}

void Others::on_settled(const std::function<void()>& callback) {
    for (const auto& each : watched_) each->watcher.on_settled(callback);
}

// One that lost its label is still the platform's.
quality::Others Others::acting_on(const kube::Objects& wanted, const std::string& ns) const {
    quality::Others acting;
    for (const auto& each : watched_) {
        if (!each->shown()) continue;
        std::vector<quality::Other>& found = acting[std::string(each->way.kind.name)];
        each->store.for_each([&](const kube::Key& key, const std::string& target) {
            if (key.ns != ns || target.empty() || is_wanted(wanted, each->way.kind, key)) return;
            std::vector<std::string> components = each->way.components(target, wanted, ns);
            if (!components.empty()) found.push_back({key.name, std::move(components)});
        });
    }
    return acting;
}

void Others::start() {
    for (const auto& each : watched_) boost::asio::co_spawn(io_, each->watcher.run(), boost::asio::detached);
}

void Others::stop() {
    for (const auto& each : watched_) each->watcher.stop();
}

}  // namespace reconcile
