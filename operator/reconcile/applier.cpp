#include "reconcile/applier.h"

#include <algorithm>
#include <optional>
#include <set>

#include "api/names.h"

namespace reconcile {

namespace {

using boost::asio::awaitable;

constexpr int kInvalid = 422;
const std::string kManager(api::kFieldManager);
const std::string kReplicas(api::kReplicasManager);

// The service that a Deployment runs, by its component label.
const api::ServiceSettings* settings_of(const api::Platform& platform, const kube::Object& deployment) {
    const std::string component = kube::string_at(deployment.json, {"metadata", "labels", "app.kubernetes.io/component"});
    const auto found = platform.spec.services.find(component);
    return found == platform.spec.services.end() ? nullptr : &found->second;
}

bool is_refusal(const client::ApiError& error) { return error.code() >= 400 && error.code() < 500 && error.code() != 429; }

}  // namespace

std::optional<std::int64_t> replicas_to_set(const api::ServiceSettings& settings, std::int64_t live, bool is_new) {
    const std::int64_t count = settings.replicas.count;
    if (is_new) return live == count ? std::nullopt : std::optional(count);
    const std::int64_t floor = settings.autoscaling ? settings.replicas.min : count;
    const std::int64_t ceiling = settings.autoscaling ? std::max(live, floor) : std::max<std::int64_t>(settings.replicas.max, count);
    const std::int64_t wanted = std::clamp(live, floor, ceiling);
    return wanted == live ? std::nullopt : std::optional(wanted);
}

Applier::Applier(client::Client& client, Children& children, base::Log log, Written written)
    : client_(client), children_(children), log_(std::move(log)), written_(std::move(written)) {}

bool Applier::matches(const kube::Object& wanted) const {
    const Child* live = children_.find(wanted.kind, wanted.key());
    if (!live) return false;
    const std::uint64_t digest = digest_of(wanted);
    if (live->digest == digest) return true;
    const auto rewritten = rewritten_.find({std::string(wanted.kind.name), wanted.key()});
    return rewritten != rewritten_.end() && rewritten->second == std::pair(digest, live->digest);
}

awaitable<std::vector<std::string>> Applier::apply(const api::Platform& platform, kube::Objects wanted) {
    std::vector<std::string> refused;
    for (const kube::Object& object : wanted) {
        try {
            co_await apply_one(platform, object);
        } catch (const client::ApiError& error) {
            if (!is_refusal(error)) throw;
            refused.emplace_back(error.what());
        }
    }
    co_return refused;
}

awaitable<void> Applier::apply_one(const api::Platform& platform, kube::Object wanted) {
    const kube::Key key = wanted.key();
    const api::ServiceSettings* settings = wanted.kind == kube::kDeployment ? settings_of(platform, wanted) : nullptr;
    if (settings) wanted["spec"].erase("replicas");  // The number has a field manager of its own.

    const bool is_new = children_.find(wanted.kind, key) == nullptr;
    if (!matches(wanted)) {
        bool fits = true;
        try {
            const kube::Json answer = co_await client_.apply(wanted.kind, wanted.json, kManager);
            children_.learn(wanted.kind, answer);
        } catch (const client::ApiError& error) {
            if (error.code() != kInvalid || is_new) throw;
            fits = false;
        }
        if (!fits) co_await replace(wanted);
        written_(is_new ? "create" : "update", wanted.kind);
        const Child* live = children_.find(wanted.kind, key);
        if (const std::uint64_t digest = digest_of(wanted); live && live->digest != digest) {
            log_.debug("kept in another form by the API server", {{"object", to_string(wanted)}});
            rewritten_[{std::string(wanted.kind.name), key}] = {digest, live->digest};
        }
    }
    if (settings) co_await hand_over_replicas(platform, key, is_new);
}

// An apply leaves what others added, which may not go together with what is wanted: a second, unnamed port of a Service. Then the
// object is put back whole. What stays of others is their labels and annotations, and the number of replicas.
awaitable<void> Applier::replace(kube::Object wanted) {
    const kube::Key key = wanted.key();
    const std::optional<kube::Json> live = co_await client_.get(wanted.kind, key);
    if (live) {
        kube::Json whole = wanted.json;
        for (const char* field : {"labels", "annotations"}) {
            kube::Json merged = kube::at(*live, {"metadata", field});
            if (!merged.is_object()) continue;
            merged.update(kube::at(whole, {"metadata", field}).is_object() ? whole["metadata"][field] : kube::Json::object());
            whole["metadata"][field] = merged;
        }
        whole["metadata"]["resourceVersion"] = kube::at(*live, {"metadata", "resourceVersion"});
        if (wanted.kind == kube::kDeployment) whole["spec"]["replicas"] = kube::at(*live, {"spec", "replicas"});
        co_await client_.replace(wanted.kind, whole);
        log_.info("put back whole", {{"object", to_string(wanted)}});
    }
    const kube::Json answer = co_await client_.apply(wanted.kind, wanted.json, kManager);
    children_.learn(wanted.kind, answer);
}

awaitable<void> Applier::hand_over_replicas(const api::Platform& platform, kube::Key key, bool is_new) {
    const Child* live = children_.find(kube::kDeployment, key);
    if (!live) co_return;
    const auto part = key.name.substr(platform.key.name.size() + 1);
    const std::optional<std::int64_t> replicas = replicas_to_set(platform.spec.services.at(part), live->replicas, is_new);
    if (!replicas) co_return;
    kube::Object scaled = kube::Object::make(kube::kDeployment, key);
    scaled["metadata"]["uid"] = live->uid;  // Or a Deployment that was just deleted would come back with nothing in it.
    scaled["spec"]["replicas"] = *replicas;
    const kube::Json answer = co_await client_.apply(kube::kDeployment, scaled.json, kReplicas);
    children_.learn(kube::kDeployment, answer);
    written_("update", kube::kDeployment);
}

awaitable<void> Applier::prune(const api::Platform& platform, kube::Objects wanted) {
    std::set<std::pair<std::string_view, kube::Key>> keep;
    for (const kube::Object& object : wanted) keep.emplace(object.kind.name, object.key());
    const std::vector<Children::Found> present = children_.of_platform(platform.key);
    for (const Children::Found& each : present) {
        const bool ours = each.child.digest != 0;
        if (!ours || each.child.deleting || keep.contains({each.kind.name, each.key})) continue;
        co_await remove(each.kind, each.key, each.child.uid);
    }
}

awaitable<void> Applier::remove(kube::Kind kind, kube::Key key, std::string uid) {
    co_await client_.remove(kind, key, uid);
    children_.forget(kind, key);
    rewritten_.erase({std::string(kind.name), key});
    log_.info("deleted", {{"kind", kind.name}, {"object", kube::to_string(key)}});
    written_("delete", kind);
}

}  // namespace reconcile
