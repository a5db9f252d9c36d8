#include <algorithm>
#include <ostream>
#include <set>
#include <utility>

#include "api/names.h"
#include "cli/commands.h"
#include "cli/input.h"
#include "client/client.h"
#include "reconcile/applier.h"
#include "reconcile/child.h"
#include "reconcile/credentials.h"
#include "resources/desired.h"

namespace cli {

namespace {

using boost::asio::awaitable;

const std::string kManager(api::kFieldManager);

// Who would apply the platform itself; a dry run stores nothing, so the name does not matter beyond it.
const std::string kUser = "ecommerce-operator-diff";

constexpr std::string_view kComponentLabel = "app.kubernetes.io/component";

// Without what changes by itself at every write.
kube::Json comparable(kube::Json object) {
    for (const char* field : {"managedFields", "resourceVersion", "generation", "uid", "creationTimestamp"}) {
        object["metadata"].erase(field);
    }
    object.erase("status");
    return object;
}

const kube::Json& value_at(const kube::Json& json, const std::string& pointer) {
    static const kube::Json missing;
    const kube::Json::json_pointer path(pointer);
    return json.contains(path) ? json.at(path) : missing;
}

// Counts and prints differences.
class Differences {
public:
    explicit Differences(std::ostream& out) : out_(out) {}

    void line(char sign, const kube::Object& object) {
        out_ << sign << " " << to_string(object) << "\n";
        ++count_;
    }

    void compare(const kube::Object& object, const kube::Json& live, const kube::Json& result) {
        const kube::Json before = comparable(live);
        const kube::Json after = comparable(result);
        const kube::Json changes = kube::Json::diff(before, after);
        if (changes.empty()) return;
        line('~', object);
        for (const kube::Json& change : changes) {
            const std::string path = kube::string_at(change, {"path"});
            const std::string what = kube::string_at(change, {"op"});
            out_ << "    " << path << ": ";
            if (what != "add") out_ << value_at(before, path).dump();
            if (what == "replace") out_ << " -> ";
            if (what == "remove") out_ << " removed";
            if (what == "add") out_ << "added ";
            if (what != "remove") out_ << kube::at(change, {"value"}).dump();
            out_ << "\n";
        }
    }

    int exit_status() const {
        if (count_ == 0) out_ << "no differences\n";
        return count_ == 0 ? kOk : kWrong;
    }

private:
    std::ostream& out_;
    int count_ = 0;
};

// The number of replicas has rules of its own: what is there counts.
void settle_replicas(kube::Object& deployment, const api::Platform& platform, const std::optional<kube::Json>& live) {
    const auto settings = platform.spec.services.find(kube::string_at(deployment.json, {"metadata", "labels", kComponentLabel}));
    if (settings == platform.spec.services.end()) return;
    const std::int64_t present = live ? kube::int_at(*live, {"spec", "replicas"}) : 0;
    const std::optional<std::int64_t> replicas = reconcile::replicas_to_set(settings->second, present, !live);
    deployment["spec"].erase("replicas");
    if (replicas) deployment["spec"]["replicas"] = *replicas;
}

// `platform` is null for the platform itself.
awaitable<void> compare_with_dry_run(kube::Object wanted, const api::Platform* platform, std::string manager,
                                     client::Client& client, Differences& differences) {
    const kube::Key key = wanted.key();
    const std::string whole;
    const std::optional<kube::Json> live = co_await client.get(wanted.kind, key);
    if (platform && wanted.kind == kube::kDeployment) settle_replicas(wanted, *platform, live);
    const kube::Json result = co_await client.apply(wanted.kind, wanted.json, manager, whole, client::DryRun::Yes);
    if (live) {
        differences.compare(wanted, *live, result);
    } else {
        differences.line('+', wanted);
    }
}

// Secrets are compared by what they are derived from; their values stay where they are.
awaitable<resources::SecretDigests> compare_secrets(api::Platform platform, client::Client& client, Differences& differences) {
    std::string fingerprint;
    kube::Objects wanted;
    for (const std::string& name : reconcile::root_key_names(platform)) {
        const kube::Key key{platform.key.ns, name};
        const std::optional<kube::Json> live = co_await client.get(kube::kSecret, key, client::Part::Metadata);
        if (live) fingerprint = reconcile::child_from(kube::kSecret, *live).derived_from;
        wanted.push_back(reconcile::root_key_object(platform, name, fingerprint, nullptr));
    }
    resources::SecretDigests digests;
    for (const resources::SecretTemplate& secret : resources::secrets(platform)) {
        wanted.push_back(reconcile::unfilled(platform, secret, fingerprint));
        digests[secret.name] = reconcile::digest_of(secret, fingerprint);
    }
    for (const kube::Object& object : wanted) {
        const kube::Key key = object.key();
        const std::optional<kube::Json> live = co_await client.get(kube::kSecret, key, client::Part::Metadata);
        if (!live) {
            differences.line('+', object);
        } else if (reconcile::child_from(kube::kSecret, *live).digest != reconcile::digest_of(object)) {
            differences.line('~', object);
        }
    }
    co_return digests;
}

awaitable<resources::Capabilities> served(client::Client& client) {
    client::Selection all;
    all.part = client::Part::Metadata;
    const client::ListPage page = co_await client.list(kube::kCustomResourceDefinition, all);
    resources::Capabilities capabilities;
    for (const kube::Json& crd : page.items) capabilities.insert(kube::string_at(crd, {"metadata", "name"}));
    co_return capabilities;
}

awaitable<void> compare_pruned(api::Platform platform, kube::Objects wanted, resources::Capabilities capabilities,
                               client::Client& client, Differences& differences) {
    std::set<std::pair<std::string_view, kube::Key>> keep;
    for (const kube::Object& object : wanted) keep.emplace(object.kind.name, object.key());
    client::Selection children;
    children.label_selector = std::string(api::kPlatformLabel) + "=" + platform.key.name;
    for (const kube::Kind& kind : kube::child_kinds()) {
        if (kind == kube::kSecret || (kind.optional && !capabilities.contains(kind.resource()))) continue;
        children.ns = kind.namespaced ? platform.key.ns : "";
        const client::ListPage page = co_await client.list(kind, children);
        for (const kube::Json& json : page.items) {
            const reconcile::Child child = reconcile::child_from(kind, json);
            const kube::Object object{kind, json};
            if (child.platform == platform.key && child.digest != 0 && !keep.contains({kind.name, object.key()})) {
                differences.line('-', object);
            }
        }
    }
}

}  // namespace

awaitable<int> diff(std::string file, std::string ns, client::Client& client, std::ostream& out, std::ostream& err) {
    std::optional<kube::Json> document = read_valid(file, ns, err);
    if (!document) co_return kWrong;
    document->erase("status");
    Differences differences(out);

    const kube::Object declared{kube::kPlatform, *document};
    co_await compare_with_dry_run(declared, nullptr, kUser, client, differences);
    const kube::Key key = declared.key();
    const std::optional<kube::Json> live = co_await client.get(kube::kPlatform, key);
    // The owner reference names the platform as it is there; for one that is not, a uid of the right form stands in.
    (*document)["metadata"]["uid"] =
        live ? kube::string_at(*live, {"metadata", "uid"}) : std::string("00000000-0000-0000-0000-000000000000");
    const api::Platform platform = api::platform_from(*document);

    const resources::SecretDigests digests = co_await compare_secrets(platform, client, differences);
    const resources::Capabilities capabilities = co_await served(client);
    const kube::Objects wanted = resources::desired(platform, digests, capabilities);
    for (const kube::Object& object : wanted) co_await compare_with_dry_run(object, &platform, kManager, client, differences);
    co_await compare_pruned(platform, wanted, capabilities, client, differences);
    co_return differences.exit_status();
}

}  // namespace cli
