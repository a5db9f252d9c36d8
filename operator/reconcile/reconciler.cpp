#include "reconcile/reconciler.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "api/attributes.h"
#include "api/names.h"
#include "api/off_hours.h"
#include "api/version.h"
#include "kube/managed.h"
#include "quality/parts.h"
#include "reconcile/turn.h"
#include "resources/access.h"
#include "resources/services.h"

namespace reconcile {

namespace {

using boost::asio::awaitable;
using runtime::Action;

const std::string kStatus = "status";

// A Secret that someone brings carries no label by which it would be watched.
constexpr base::Duration kRootKeyIsReadAgain{10'000};

// Nothing tells when rights in its namespace are given.
constexpr base::Duration kLogAgentIsTriedAgain{30'000};

std::optional<kube::Key> certificate_secret(const api::Platform& platform) {
    const std::string& name = platform.spec.ingress.tls_secret_name;
    return name.empty() ? std::nullopt : std::optional(kube::Key{platform.key.ns, name});
}

std::set<Reference> references_of(const api::Platform& platform) {
    std::set<Reference> references;
    for (const std::string_view name : api::kDataStores) {
        const api::DataStore& store = api::data_store(platform.spec, name);
        if (store.external) references.insert(Reference{{platform.key.ns, store.external->secret_name}});
    }
    if (const auto secret = certificate_secret(platform)) references.insert(Reference{*secret, Reference::Use::Certificate});
    for (const std::string& role : resources::roles(platform)) references.insert(Reference{{"", role}, Reference::Use::Role});
    return references;
}

// Only what a deletion must see to keeps a platform from going at once: volumes, and objects outside the namespace.
bool needs_finalizer(const api::Platform& platform) {
    return !api::managed_stores(platform.spec).empty() || platform.spec.priority_classes ||
           platform.spec.admission != api::Admission::None || platform.spec.logging.agent == api::LogAgent::DaemonSet;
}

bool has_finalizer(const api::Platform& platform) {
    return std::find(platform.finalizers.begin(), platform.finalizers.end(), api::kFinalizer) != platform.finalizers.end();
}

std::string condition_status(const kube::Json& status, std::string_view type) {
    return kube::string_at(quality::condition_of(status, type), {"status"});
}

bool is_attribute(std::string_view condition) {
    return std::find(api::kAttributes.begin(), api::kAttributes.end(), condition) != api::kAttributes.end();
}

// That last ran as a whole; empty: none has.
std::string version_before(const api::Platform& platform) {
    return kube::string_at(platform.status, {"version"});
}

std::vector<api::Problem> namespace_taken(const KnownPlatform& first) {
    return {{"metadata.namespace", "a namespace holds one platform, and " + first.platform.key.name + " was here first"}};
}

std::vector<api::Problem> not_shown(const std::vector<std::string>& kinds) {
    return {{"", "the API server does not show the operator " + quality::listed(kinds) +
                     ": give its role the verbs list and watch for them, as config/rbac does"}};
}

// Nothing: off hours did not just end.
std::optional<base::WallTime> wakes_until(const api::Platform& platform, base::WallTime now) {
    const auto before = std::chrono::floor<std::chrono::seconds>(now - resources::kProgressDeadline);
    if (platform.spec.rests || !api::are_off(platform.spec.off_hours, before)) return std::nullopt;
    const auto ended = api::next_change(platform.spec.off_hours, before);
    return ended ? std::optional(base::WallTime(*ended + resources::kProgressDeadline)) : std::nullopt;
}

bool goes_back(const api::Platform& platform) {
    return platform.spec.forward_only && api::is_before(platform.spec.version, version_before(platform));
}

std::vector<api::Problem> version_problem(const api::Platform& platform) {
    return {{"spec.version", platform.spec.version + " is before " + version_before(platform) +
                                 ", which ran last, and spec.quality.maintainability.versions is Forward"}};
}

}  // namespace

PlatformReconciler::PlatformReconciler(Parts parts)
    : parts_(std::move(parts)),
      applier_(parts_.client, parts_.children, parts_.clock, parts_.log, parts_.written),
      root_keys_(parts_.client, parts_.children, applier_, parts_.clock),
      jobs_(parts_.client, parts_.children, parts_.surroundings) {}

awaitable<Action> PlatformReconciler::reconcile(kube::Key key) {
    const KnownPlatform* found = parts_.platforms.find(key);
    if (!found) {
        parts_.references.set(key, {});
        standstill_.forget(key);
        co_return Action::wait();  // Its children go with their owner reference.
    }
    KnownPlatform known = *found;
    Platform platform = known.platform;
    if (platform.deleting) co_return co_await clean_up(known);
    const auto now = std::chrono::floor<std::chrono::seconds>(parts_.clock.wall());
    if (api::are_off(platform.spec.off_hours, now)) platform.spec = api::at_rest(platform.spec);
    if (platform.status.is_null()) {
        const quality::Verdict unknown = quality::first_sight(platform);
        co_await report(platform, unknown);
    }
    if (!known.problems.empty()) {
        const quality::Verdict invalid = quality::rejected("InvalidSpec", known.problems);
        co_await report(platform, invalid);
        co_return Action::wait();
    }
    const KnownPlatform* first = first_in_namespace(parts_.platforms, key.ns);
    if (first && first->platform.key != key) {
        const quality::Verdict taken = quality::rejected("NamespaceTaken", namespace_taken(*first));
        co_await report(platform, taken);
        co_return Action::wait();
    }
    if (!parts_.children.hidden().empty()) co_return co_await wait_for_sight(platform);
    const std::set<Reference> references = references_of(platform);
    parts_.references.set(key, references);
    for (const Reference& to : references) {
        if (parts_.references.state(to) == References::State::Unknown) co_return Action::wait();
    }
    if (goes_back(platform)) {
        const quality::Verdict backwards = quality::rejected("VersionGoesBack", version_problem(platform));
        co_await report(platform, backwards);
        co_return Action::wait();
    }
    std::string reason;
    std::string bad_key;
    try {
        if (platform.spec.suspend) co_return co_await look_on(platform);
        co_return co_await bring_about(platform);
    } catch (const MissingRootKey& error) {
        reason = "RootKeyMissing";
        bad_key = error.what();
    } catch (const BadRootKey& error) {
        reason = "InvalidRootKey";
        bad_key = error.what();
    }
    const quality::Verdict invalid = quality::rejected(reason, {{"", bad_key}});
    co_await report(platform, invalid);
    co_return Action::after(kRootKeyIsReadAgain);
}

// Nothing can be said of a platform, or done for it, or left behind, by one who does not see what it has.
awaitable<Action> PlatformReconciler::wait_for_sight(Platform platform) {
    const quality::Verdict blind = quality::rejected("KindsNotShown", not_shown(parts_.children.hidden()));
    co_await report(platform, blind);
    co_return Action::wait();
}

// Of a platform that is suspended: writes nothing but the status.
awaitable<Action> PlatformReconciler::look_on(Platform platform) {
    const Everything wanted = co_await everything(platform);
    const kube::Objects due = resources::due(wanted.objects, progress(platform, wanted.objects));
    const std::optional<base::WallTime> turn = co_await judge(platform, wanted, due, {});
    co_return again(platform, turn);
}

awaitable<Action> PlatformReconciler::bring_about(Platform platform) {
    if (needs_finalizer(platform)) co_await set_finalizer(platform, true);

    const Everything wanted = co_await everything(platform);
    const resources::Progress so_far = progress(platform, wanted.objects);
    const kube::Objects due = resources::due(wanted.objects, so_far);
    kube::Objects now = due;
    std::ranges::copy(resources::stand_ins(platform, version_before(platform), wanted.digests, due, so_far),
                      std::back_inserter(now));
    Refused refused = co_await applier_.apply(platform, std::move(now));
    const Refused kept = co_await applier_.prune(platform, wanted.objects);
    std::ranges::copy(kept.log_agent, std::back_inserter(refused.log_agent));
    if (!needs_finalizer(platform) && kept.log_agent.empty()) co_await set_finalizer(platform, false);

    std::optional<base::WallTime> turn = co_await judge(platform, wanted, due, refused);
    if (!refused.objects.empty()) co_return Action::back_off(quality::in_words(refused.objects));
    const std::optional<base::WallTime> step = co_await rotate(platform, wanted);
    if (refused.again) turn = earlier(turn, parts_.clock.wall() + *refused.again);
    if (!refused.log_agent.empty()) turn = earlier(turn, parts_.clock.wall() + kLogAgentIsTriedAgain);
    co_return again(platform, earlier(turn, step));
}

// Takes the next step of the credentials' rotation where it is due, each from a state in which everything runs as declared.
// Returns when to look again.
awaitable<std::optional<base::WallTime>> PlatformReconciler::rotate(Platform platform, Everything wanted) {
    const std::optional<base::WallTime> next = next_step(wanted.age, platform);
    if (!next || *next > parts_.clock.wall()) co_return next;
    if (!is_steady(platform, wanted.objects)) co_return std::nullopt;  // What moves calls again.
    const CredentialAge age = stepped(wanted.age, platform, parts_.clock.wall());
    co_await root_keys_.write(platform, age);
    const std::string text = in_words(age.rotation);
    parts_.log.info("credentials",
                    {{"platform", kube::to_string(platform.key)}, {"generation", age.rotation.generation}, {"detail", text}});
    parts_.publish(platform, {false, "CredentialRotation", "Rotate", text});
    co_return age.stepped;
}

std::optional<base::WallTime> PlatformReconciler::ahead(const std::optional<base::WallTime>& time) const {
    return time && *time > parts_.clock.wall() ? time : std::nullopt;
}

// At that time, or before where off hours begin or end.
Action PlatformReconciler::again(const Platform& platform, std::optional<base::WallTime> time) const {
    const base::WallTime now = parts_.clock.wall();
    time = earlier(time, api::next_change(platform.spec.off_hours, std::chrono::floor<std::chrono::seconds>(now)));
    if (!time) return Action::wait();
    return Action::after(std::max(base::Duration::zero(), std::chrono::ceil<base::Duration>(*time - now)));
}

bool PlatformReconciler::is_steady(const Platform& platform, const kube::Objects& wanted) const {
    return std::ranges::all_of(wanted, [&](const kube::Object& object) {
        if (object.kind == kube::kDaemonSet) return true;  // Of the log agent, which the platform may have to do without.
        const Child* child = parts_.children.find(object.kind, object.key());
        if (!child || child->deleting || !applier_.is_as_declared(platform, object)) return false;
        if (object.kind == kube::kJob) return child->complete;
        // It reads no credentials, which need not wait for it.
        if (kube::label_of(object.json, api::kComponentLabel) == api::kPrometheus) return true;
        const bool runs = object.kind == kube::kDeployment || object.kind == kube::kStatefulSet;
        return !runs || child->workload.is_whole();
    });
}

// Returns when the verdict is another one by the passing of time alone.
awaitable<std::optional<base::WallTime>> PlatformReconciler::judge(Platform platform, Everything wanted, kube::Objects due,
                                                                   Refused refused) {
    const base::WallTime now = parts_.clock.wall();
    quality::Observed observed = observe(platform, sources(), wanted.objects, due, refused, now);
    observed.preparations = co_await jobs_.preparations(wanted.objects, now);
    observed.verification = co_await jobs_.verification(wanted.objects, now);
    // What was never written down, as of a platform that began suspended, must not be reported to have been.
    if (root_keys_.holds_key(platform)) observed.credentials = reconcile::observed(wanted.age, platform, now);
    std::optional<base::WallTime> turn =
        earlier(ahead(too_old_at(wanted.age, platform)), parts_.surroundings.trouble_turns(platform.key, now));
    if (const auto secret = certificate_secret(platform)) {
        const CertificateSeen seen = look_at_certificate(parts_.references.tls_pair(*secret), platform.spec.ingress.host, now);
        observed.certificate = seen.observed;
        turn = earlier(turn, seen.turn);
    }
    turn = earlier(turn, standstill_.look_at(platform.key, observed, now));
    if (const auto awake_at = wakes_until(platform, now)) {
        observed.wakes = true;
        turn = earlier(turn, awake_at);
    }
    const quality::Verdict verdict = quality::assess(platform, observed);
    co_await report(platform, verdict);
    co_return turn;
}

awaitable<PlatformReconciler::Everything> PlatformReconciler::everything(Platform platform) {
    const KnownPlatform* known = parts_.platforms.find(platform.key);
    const std::string created = known ? known->created : "";
    const RootKeyKeeper::Secrets secrets = co_await root_keys_.gather(platform, created);
    Everything wanted{secrets.objects, secrets.digests, secrets.age};
    const kube::Objects rest = resources::desired(platform, secrets.digests, parts_.capabilities);
    wanted.objects.insert(wanted.objects.end(), rest.begin(), rest.end());
    co_return wanted;
}

Sources PlatformReconciler::sources() const {
    return {parts_.children, parts_.references, parts_.surroundings, parts_.measurements, applier_, parts_.capabilities};
}

resources::Progress PlatformReconciler::progress(const Platform& platform, const kube::Objects& wanted) const {
    resources::Progress progress;
    const Child* postgres =
        parts_.children.find(kube::kStatefulSet, {platform.key.ns, api::child_name(platform.key.name, api::kPostgres)});
    progress.postgres_available = postgres && postgres->workload.available > 0;
    for (const Children::Found& each : parts_.children.of_platform(platform.key)) {
        if (each.child.complete && !each.child.deleting) progress.complete.insert(each.key.name);
        if (each.kind == kube::kDeployment) progress.deployed.insert(each.key.name);
    }
    if (!platform.spec.verify_after_rollout) return progress;  // Nothing else waits for what is rolled out.
    for (const kube::Object& object : wanted) {
        if (object.kind != kube::kDeployment) continue;
        const Child* child = parts_.children.find(object.kind, object.key());
        if (child && child->workload.is_rolled_out() && applier_.is_as_declared(platform, object)) {
            progress.rolled.insert(object.key().name);
        }
    }
    return progress;
}

// Writes the status if it says anything new, and an Event where a condition turned or an attribute has news.
awaitable<void> PlatformReconciler::report(Platform platform, quality::Verdict verdict) {
    const KnownPlatform* known = parts_.platforms.find(platform.key);
    if (!known || known->platform.uid != platform.uid) co_return;
    const kube::Json previous = known->platform.status;
    const kube::Json status = quality::status_json(verdict, platform.generation, previous, base::rfc3339(parts_.clock.wall()));
    if (kube::digest(status) == known->status_digest) co_return;
    kube::Object document = kube::Object::make(kube::kPlatform, platform.key);
    document["metadata"]["uid"] = platform.uid;
    document["status"] = status;
    const kube::Json answer = co_await parts_.client.apply(kube::kPlatform, document.json, api::kFieldManager, kStatus);
    parts_.platforms.learn(answer);
    platform.status = previous;
    announce(platform, verdict);
}

void PlatformReconciler::announce(const Platform& platform, const quality::Verdict& verdict) const {
    for (const quality::Condition& condition : verdict.conditions) {
        if (is_attribute(condition.type)) {
            if (quality::is_news(verdict, condition, platform.status)) announce_attribute(platform, condition);
            continue;
        }
        if (condition.status == condition_status(platform.status, condition.type) || condition.status == "Unknown") continue;
        const bool good = condition.type == "Ready" ? condition.status == "True" : condition.status == "False";
        if (good && condition.type != "Ready") continue;  // The end of Reconciling or Stalled is told by Ready.
        const bool warning = condition.type == "Stalled" || (condition.type == "Ready" && !good && !platform.status.is_null() &&
                                                             condition_status(platform.status, "Ready") == "True");
        parts_.log.info("condition changed", {{"platform", kube::to_string(platform.key)},
                                              {"type", condition.type},
                                              {"status", condition.status},
                                              {"reason", condition.reason},
                                              {"detail", condition.message}});
        parts_.publish(platform, {warning, condition.reason, "Reconcile", condition.message});
    }
}

void PlatformReconciler::announce_attribute(const Platform& platform, const quality::Condition& condition) const {
    const std::string text = condition.type + " is " + condition.status + ": " + condition.message;
    parts_.log.info("attribute changed", {{"platform", kube::to_string(platform.key)},
                                          {"attribute", condition.type},
                                          {"status", condition.status},
                                          {"reason", condition.reason},
                                          {"detail", condition.message}});
    parts_.publish(platform, {condition.status == "False", condition.reason, "Judge", text});
}

awaitable<void> PlatformReconciler::set_finalizer(Platform platform, bool wanted) {
    const KnownPlatform* known = parts_.platforms.find(platform.key);
    if (!known || has_finalizer(known->platform) == wanted) co_return;
    std::vector<std::string> finalizers = known->platform.finalizers;
    if (wanted) {
        finalizers.emplace_back(api::kFinalizer);
    } else {
        std::erase(finalizers, api::kFinalizer);
    }
    const kube::Json patch{
        {"metadata", {{"uid", platform.uid}, {"resourceVersion", known->platform.resource_version}, {"finalizers", finalizers}}}};
    const kube::Json answer = co_await parts_.client.merge_patch(kube::kPlatform, platform.key, patch);
    if (!platform.deleting) parts_.platforms.learn(answer);
}

// What a deletion leaves behind is what deletionPolicy says, whatever the objects themselves were told before.
awaitable<Action> PlatformReconciler::clean_up(KnownPlatform known) {
    const Platform platform = known.platform;
    parts_.references.set(platform.key, {});
    if (!has_finalizer(platform)) co_return Action::wait();
    if (!parts_.children.hidden().empty()) co_return co_await wait_for_sight(platform);
    if (known.problems.empty()) co_await settle_volumes(platform);
    const std::vector<Children::Found> children = parts_.children.of_platform(platform.key);
    for (const Children::Found& child : children) {
        if (kube::is_outside(child.kind) && child.child.digest != 0) co_await applier_.remove(platform, child);
    }
    co_await set_finalizer(platform, false);
    parts_.log.info("cleaned up", {{"platform", kube::to_string(platform.key)}});
    co_return Action::wait();
}

// Retain: nothing that goes with the platform may take a volume or the Secrets that open it along. Delete: the claims are
// deleted, which takes effect when their pods are gone.
awaitable<void> PlatformReconciler::settle_volumes(Platform platform) {
    const bool retain = platform.spec.deletion_policy == api::DeletionPolicy::Retain;
    if (retain) {
        Everything holders;
        try {
            holders = co_await everything(platform);
        } catch (const BadRootKey&) {
            // Nothing was ever made with it, or nothing can be any more: what is there goes or stays as it was last told to.
        }
        // Those that are already gone stay so.
        std::erase_if(holders.objects, [&](const kube::Object& object) {
            const bool holds = object.kind == kube::kSecret || object.kind == kube::kStatefulSet;
            return !holds || !parts_.children.find(object.kind, object.key());
        });
        co_await applier_.apply(platform, holders.objects);
    }
    client::Selection claims;
    claims.ns = platform.key.ns;
    claims.label_selector = std::string(api::kPlatformLabel) + "=" + platform.key.name;
    claims.part = client::Part::Metadata;
    const client::ListPage page = co_await parts_.client.list(kube::kPersistentVolumeClaim, claims);
    for (const kube::Json& claim : page.items) {
        const kube::Key key = kube::key_of(claim);
        if (!retain) {
            co_await parts_.client.remove(kube::kPersistentVolumeClaim, key);
        } else if (!kube::at(claim, {"metadata", "ownerReferences"}).is_null()) {
            const kube::Json patch{{"metadata", {{"ownerReferences", nullptr}}}};
            co_await parts_.client.merge_patch(kube::kPersistentVolumeClaim, key, patch);
        }
    }
}

}  // namespace reconcile
