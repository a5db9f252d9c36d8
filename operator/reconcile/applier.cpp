#include "reconcile/applier.h"

#include <algorithm>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/this_coro.hpp>
#include <exception>
#include <memory>
#include <optional>

#include "api/names.h"
#include "runtime/bell.h"

namespace reconcile {

namespace {

using boost::asio::awaitable;

// Requests under way for one platform. The API server works on each for some milliseconds; more than it has cores gains nothing.
constexpr int kAtOnce = 4;

constexpr int kForbidden = 403;
constexpr int kConflict = 409;
constexpr int kInvalid = 422;
constexpr int kTooManyRequests = 429;

// The service that a Deployment runs, by its component label.
const api::ServiceSettings* settings_of(const api::Platform& platform, const kube::Object& deployment) {
    const std::string component = kube::label_of(deployment.json, api::kComponentLabel);
    const auto found = platform.spec.services.find(component);
    return found == platform.spec.services.end() ? nullptr : &found->second;
}

bool is_log_agent(const kube::Kind& kind) {
    return kind == kube::kDaemonSet;
}

ObjectId id_of(const kube::Object& object) {
    return {std::string(object.kind.name), object.key()};
}

// Of what `live` has, what `wanted` says nothing of stays.
kube::Json merged(kube::Json live, const kube::Json& wanted) {
    if (!live.is_object()) return wanted;
    if (wanted.is_object()) live.update(wanted, true);
    return live;
}

}  // namespace

bool is_refusal(int code) {
    return code >= 400 && code < 500 && code != kConflict && code != kTooManyRequests;
}

std::optional<std::int64_t> replicas_to_set(const api::ServiceSettings& settings, std::int64_t live, bool is_new) {
    const std::int64_t count = settings.replicas.count;
    if (is_new) return live == count ? std::nullopt : std::optional(count);
    const std::int64_t floor = settings.least();
    const std::int64_t ceiling =
        settings.autoscaling ? std::max(live, floor) : std::max<std::int64_t>(settings.replicas.max, count);
    const std::int64_t wanted = std::clamp(live, floor, ceiling);
    return wanted == live ? std::nullopt : std::optional(wanted);
}

Kept::Kept(const kube::Objects& wanted) {
    for (const kube::Object& object : wanted) keys_.emplace(object.kind.name, object.key());
}

bool Kept::prunes(const kube::Kind& kind, const kube::Key& key, const Child& child) const {
    return child.digest != 0 && !keys_.contains({kind.name, key});
}

Applier::Applier(client::Client& client, Children& children, const base::Clock& clock, base::Log log, Written written)
    : client_(client), children_(children), log_(std::move(log)), written_(std::move(written)), put_backs_(clock) {}

bool Applier::matches(const kube::Object& wanted) const {
    const Child* live = children_.find(wanted.kind, wanted.key());
    if (!live) return false;
    const std::uint64_t digest = digest_of(wanted);
    if (live->digest == digest && live->foreign == 0) return true;
    const auto rewritten = rewritten_.find(id_of(wanted));
    return rewritten != rewritten_.end() && rewritten->second == Form{digest, live->digest, live->foreign};
}

// Objects that are being applied: several at once, begun in their order.
struct Applier::Batch {
    explicit Batch(const boost::asio::any_io_executor& executor) : worked_through(executor) {}

    api::Platform platform;
    kube::Objects wanted;
    std::size_t next = 0;
    int workers = kAtOnce;
    Refused refused;
    std::exception_ptr failure;
    std::exception_ptr conflict;   // Of one of them, which keeps none of the others.
    runtime::Bell worked_through;  // Rung by the last worker.
};

awaitable<Refused> Applier::apply(const api::Platform& platform, kube::Objects wanted) {
    std::erase_if(wanted, [&](kube::Object& object) { return !needs_write(platform, object); });
    if (wanted.empty()) co_return Refused{};

    const boost::asio::any_io_executor executor = co_await boost::asio::this_coro::executor;
    const auto batch = std::make_shared<Batch>(executor);
    batch->platform = platform;
    batch->wanted = std::move(wanted);
    for (int worker = 0; worker < kAtOnce; ++worker) {
        boost::asio::co_spawn(executor, work_through(batch), boost::asio::detached);
    }
    co_await batch->worked_through.until([&batch] { return batch->workers == 0; });
    if (batch->failure) std::rethrow_exception(batch->failure);
    if (batch->conflict) std::rethrow_exception(batch->conflict);
    std::sort(batch->refused.objects.begin(), batch->refused.objects.end());
    co_return batch->refused;
}

awaitable<void> Applier::work_through(std::shared_ptr<Batch> batch) {
    while (batch->next < batch->wanted.size() && !batch->failure) {
        const kube::Object& object = batch->wanted[batch->next++];
        if (const auto wait = postponed(object)) {
            std::optional<base::Duration>& again = batch->refused.again;
            again = again ? std::min(*again, *wait) : *wait;
        }
        try {
            co_await apply_one(batch->platform, object);
        } catch (const client::ApiError& error) {
            if (is_refusal(error.code())) {
                (is_log_agent(object.kind) ? batch->refused.log_agent : batch->refused.objects).emplace_back(error.what());
            } else if (error.code() == kConflict) {
                batch->conflict = std::current_exception();
            } else {
                batch->failure = std::current_exception();
            }
        } catch (...) {
            batch->failure = std::current_exception();
        }
    }
    if (--batch->workers == 0) batch->worked_through.ring();
}

// Takes the number of replicas out of a service's Deployment: it has a field manager of its own.
bool Applier::needs_write(const api::Platform& platform, kube::Object& wanted) const {
    const api::ServiceSettings* settings = wanted.kind == kube::kDeployment ? settings_of(platform, wanted) : nullptr;
    if (settings) wanted["spec"].erase("replicas");
    if (!matches(wanted)) return true;
    return settings && replicas_to_set(*settings, children_.find(wanted.kind, wanted.key())->replicas, false);
}

// Only a Deployment is looked at without one of its fields; the others need no copy.
bool Applier::is_as_declared(const api::Platform& platform, const kube::Object& wanted) const {
    if (wanted.kind != kube::kDeployment) return matches(wanted);
    kube::Object copy = wanted;
    return !needs_write(platform, copy);
}

// Until what others added to a live object may be taken away again; nothing where it may now, or where they added nothing.
std::optional<base::Duration> Applier::postponed(const kube::Object& wanted) const {
    const Child* live = children_.find(wanted.kind, wanted.key());
    if (!live || live->foreign == 0 || matches(wanted)) return std::nullopt;
    const base::Duration wait = put_backs_.wait(id_of(wanted));
    return wait > base::Duration::zero() ? std::optional(wait) : std::nullopt;
}

awaitable<void> Applier::apply_one(const api::Platform& platform, kube::Object wanted) {
    const kube::Key key = wanted.key();
    const api::ServiceSettings* settings = wanted.kind == kube::kDeployment ? settings_of(platform, wanted) : nullptr;
    const Child* live = children_.find(wanted.kind, key);
    const bool is_new = live == nullptr;
    const bool only_waits = live && live->digest == digest_of(wanted) && postponed(wanted);
    if (!matches(wanted) && !only_waits) {
        co_await bring(wanted);
        written_(is_new ? "create" : "update", wanted.kind);
    }
    if (settings) co_await set_replicas(*settings, key, is_new);
}

// By an apply where that is enough.
awaitable<void> Applier::bring(kube::Object wanted) {
    const kube::Key key = wanted.key();
    const Child* before = children_.find(wanted.kind, key);
    const bool may_replace = before && put_backs_.wait(id_of(wanted)) == base::Duration::zero();
    bool whole = may_replace && before->foreign != 0;
    if (!whole) {
        try {
            const kube::Json answer = co_await client_.apply(wanted.kind, wanted.json, api::kFieldManager);
            children_.learn(wanted.kind, answer);
        } catch (const client::ApiError& error) {
            if (error.code() != kInvalid || !may_replace) throw;
            whole = true;
        }
    }
    const std::uint64_t foreign = whole ? co_await replace(wanted) : 0;
    const Child* live = children_.find(wanted.kind, key);
    const std::uint64_t digest = digest_of(wanted);
    if (!live || (live->digest == digest && foreign == 0)) co_return;
    log_.debug("kept in another form by the API server", {{"object", to_string(wanted)}});
    rewritten_[id_of(wanted)] = {digest, live->digest, foreign};
}

// An apply leaves what others added, which may not go together with what is wanted: a second, unnamed port of a Service. Then the
// object is put back whole. What stays of others is their metadata, also that of pods, which would be rolled for it, and the
// number of replicas. Returns the digest of what is foreign even so, as someone else applies what is the API server's default.
awaitable<std::uint64_t> Applier::replace(kube::Object wanted) {
    const kube::Key key = wanted.key();
    std::uint64_t foreign = 0;
    const std::optional<kube::Json> live = co_await client_.get(wanted.kind, key);
    if (live) {
        kube::Json whole = wanted.json;
        whole["metadata"] = merged(kube::at(*live, {"metadata"}), whole["metadata"]);
        whole["metadata"].erase("managedFields");
        if (const kube::Json& pods = kube::at(*live, {"spec", "template", "metadata"}); !pods.is_null()) {
            kube::Json& wanted_pods = whole["spec"]["template"]["metadata"];
            wanted_pods = merged(pods, wanted_pods);
        }
        if (wanted.kind == kube::kDeployment) whole["spec"]["replicas"] = kube::at(*live, {"spec", "replicas"});
        const kube::Json put = co_await client_.replace(wanted.kind, whole);
        foreign = child_from(wanted.kind, put).foreign;
        put_backs_.count(id_of(wanted));
        log_.info("put back whole", {{"object", to_string(wanted)}});
    }
    const kube::Json answer = co_await client_.apply(wanted.kind, wanted.json, api::kFieldManager);
    children_.learn(wanted.kind, answer);
    co_return foreign;
}

awaitable<void> Applier::set_replicas(api::ServiceSettings settings, kube::Key key, bool is_new) {
    const Child* live = children_.find(kube::kDeployment, key);
    const std::optional<std::int64_t> replicas = live ? replicas_to_set(settings, live->replicas, is_new) : std::nullopt;
    if (!replicas) co_return;
    kube::Object scaled = kube::Object::make(kube::kDeployment, key);
    scaled["metadata"]["uid"] = live->uid;  // Or a Deployment that was just deleted would come back with nothing in it.
    scaled["spec"]["replicas"] = *replicas;
    const kube::Json answer = co_await client_.apply(kube::kDeployment, scaled.json, api::kReplicasManager);
    children_.learn(kube::kDeployment, answer);
    written_("update", kube::kDeployment);
}

awaitable<Refused> Applier::prune(const api::Platform& platform, kube::Objects wanted) {
    Refused refused;
    const Kept kept(wanted);
    const std::vector<Children::Found> present = children_.of_platform(platform.key);
    for (const Children::Found& each : present) {
        if (each.child.deleting || !kept.prunes(each.kind, each.key, each.child)) continue;
        try {
            co_await remove(platform, each);
        } catch (const client::ApiError& error) {
            if (!is_log_agent(each.kind) || !is_refusal(error.code())) throw;
            refused.log_agent.emplace_back(error.what());
        }
    }
    co_return refused;
}

awaitable<void> Applier::remove(const api::Platform& platform, Children::Found child) {
    try {
        co_await client_.remove(child.kind, child.key, child.child.uid);
    } catch (const client::ApiError& error) {
        const bool is_named = child.key.ns == platform.spec.logging.ns;
        if (!is_log_agent(child.kind) || is_named || error.code() != kForbidden) throw;
        log_.warn(
            "a DaemonSet with the platform's labels is left",
            {{"platform", kube::to_string(platform.key)}, {"object", kube::to_string(child.key)}, {"reason", error.what()}});
        co_return;
    }
    children_.forget(child.kind, child.key);
    const ObjectId id{std::string(child.kind.name), child.key};
    rewritten_.erase(id);
    put_backs_.forget(id);
    log_.info("deleted", {{"kind", child.kind.name}, {"object", kube::to_string(child.key)}});
    written_("delete", child.kind);
}

}  // namespace reconcile
