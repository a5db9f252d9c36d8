#include <algorithm>
#include <ostream>
#include <utility>

#include "api/names.h"
#include "cli/commands.h"
#include "cli/input.h"
#include "client/client.h"
#include "common/base/clock.h"
#include "reconcile/applier.h"
#include "reconcile/child.h"
#include "reconcile/credential_age.h"
#include "reconcile/credentials.h"
#include "resources/desired.h"

namespace cli {

namespace {

using boost::asio::awaitable;

const std::string kKubectl = "kubectl";  // The field manager of `kubectl apply --server-side`.
const std::string kLastApplied = "kubectl.kubernetes.io/last-applied-configuration";

// Without what changes by itself at every write.
kube::Json comparable(kube::Json object) {
    for (const char* field : {"managedFields", "resourceVersion", "generation", "uid", "creationTimestamp"}) {
        object["metadata"].erase(field);
    }
    if (object["metadata"].contains("annotations")) object["metadata"]["annotations"].erase(kLastApplied);
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

    void remark(const std::string& text) { out_ << "# " << text << "\n"; }

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
    const auto settings = platform.spec.services.find(kube::label_of(deployment.json, api::kComponentLabel));
    if (settings == platform.spec.services.end()) return;
    const std::int64_t present = live ? kube::int_at(*live, {"spec", "replicas"}) : 0;
    const std::optional<std::int64_t> replicas = reconcile::replicas_to_set(settings->second, present, !live);
    deployment["spec"].erase("replicas");
    if (replicas) deployment["spec"]["replicas"] = *replicas;
}

// Who applied the platform before. An apply removes the fields that the same one applied last and now leaves out.
std::string applier_of(const std::optional<kube::Json>& live) {
    if (!live) return kKubectl;
    for (const kube::Json& entry : kube::at(*live, {"metadata", "managedFields"})) {
        const bool whole = kube::string_at(entry, {"subresource"}).empty();
        if (whole && kube::string_at(entry, {"operation"}) == "Apply") return kube::string_at(entry, {"manager"});
    }
    return kKubectl;
}

// kubectl apply without --server-side keeps what it wrote last in an annotation: it removes what the file no longer has of that,
// and replaces lists as a whole.
void drop(kube::Json& result, const kube::Json& last, const kube::Json& declared) {
    if (!result.is_object() || !last.is_object()) return;
    for (const auto& [field, value] : last.items()) {
        if (!result.contains(field)) continue;
        if (!declared.contains(field)) {
            result.erase(field);
        } else if (declared.at(field).is_array()) {
            result[field] = declared.at(field);
        } else {
            drop(result[field], value, declared.at(field));
        }
    }
}

// The platform as it would be.
awaitable<kube::Json> compare_platform(kube::Json document, client::Client& client, Differences& differences) {
    const kube::Object declared{kube::kPlatform, document};
    const kube::Key key = declared.key();
    const std::string whole;
    const std::optional<kube::Json> live = co_await client.get(kube::kPlatform, key);
    const std::string manager = applier_of(live);
    kube::Json result = co_await client.apply(kube::kPlatform, document, manager, whole, client::DryRun::Yes);
    if (!live) {
        differences.line('+', declared);
        co_return result;
    }
    const std::string last = kube::string_at(*live, {"metadata", "annotations", kLastApplied});
    if (!last.empty()) {
        drop(result["spec"], kube::at(kube::Json::parse(last, nullptr, false), {"spec"}), document["spec"]);
        result["metadata"].erase("managedFields");
        result = co_await client.replace(kube::kPlatform, result, client::DryRun::Yes);  // The rules may forbid to leave it out.
    }
    differences.compare(declared, *live, result);
    co_return result;
}

awaitable<void> compare_child(kube::Object wanted, const api::Platform& platform, client::Client& client,
                              Differences& differences) {
    const kube::Key key = wanted.key();
    const std::string whole;
    const std::optional<kube::Json> live = co_await client.get(wanted.kind, key);
    if (wanted.kind == kube::kDeployment) settle_replicas(wanted, platform, live);
    const kube::Json result = co_await client.apply(wanted.kind, wanted.json, api::kFieldManager, whole, client::DryRun::Yes);
    if (live) {
        differences.compare(wanted, *live, result);
    } else {
        differences.line('+', wanted);
    }
}

// A log agent lives where who asks may have no rights, or where nothing is prepared for it.
awaitable<void> compare_log_agent(kube::Object wanted, const api::Platform& platform, client::Client& client,
                                  Differences& differences) {
    std::string refused;
    try {
        co_await compare_child(wanted, platform, client, differences);
    } catch (const client::ApiError& error) {
        refused = error.what();
    }
    if (!refused.empty()) differences.remark("Refused: " + refused);
}

struct Secrets {
    kube::Objects objects;
    resources::SecretDigests digests;
};

// Secrets are compared by what they are derived from; their values stay where they are.
awaitable<Secrets> compare_secrets(api::Platform platform, client::Client& client, Differences& differences) {
    std::string fingerprint;
    std::optional<reconcile::CredentialAge> age;
    Secrets wanted;
    for (const std::string& name : reconcile::root_key_names(platform)) {
        const kube::Key key{platform.key.ns, name};
        const std::optional<kube::Json> live = co_await client.get(kube::kSecret, key, client::Part::Metadata);
        if (!live) continue;
        const reconcile::Child child = reconcile::child_from(kube::kSecret, *live);
        fingerprint = child.derived_from;
        age = reconcile::later(age, reconcile::CredentialAge::decode(child.age));
    }
    if (!age) age = reconcile::CredentialAge::of_new(platform, base::SystemClock().wall());
    for (const std::string& name : reconcile::root_key_names(platform)) {
        wanted.objects.push_back(reconcile::root_key_object(platform, name, fingerprint, age->encoded(), nullptr));
    }
    for (const resources::SecretTemplate& secret : resources::secrets(platform, age->rotation)) {
        wanted.objects.push_back(reconcile::unfilled(platform, secret, fingerprint));
        wanted.digests[secret.name] = reconcile::digest_of(secret, fingerprint);
    }
    for (const kube::Object& object : wanted.objects) {
        const kube::Key key = object.key();
        const std::optional<kube::Json> live = co_await client.get(kube::kSecret, key, client::Part::Metadata);
        if (!live) {
            differences.line('+', object);
        } else if (reconcile::child_from(kube::kSecret, *live).digest != reconcile::digest_of(object)) {
            differences.line('~', object);
        }
    }
    co_return wanted;
}

awaitable<resources::Capabilities> served(client::Client& client) {
    resources::Capabilities capabilities;
    for (const kube::Kind& kind : kube::child_kinds()) {
        if (!kind.optional) continue;
        const kube::Key definition{"", kind.resource()};
        const std::optional<kube::Json> found =
            co_await client.get(kube::kCustomResourceDefinition, definition, client::Part::Metadata);
        if (found) capabilities.insert(kind.resource());
    }
    co_return capabilities;
}

awaitable<void> compare_pruned(api::Platform platform, kube::Objects wanted, resources::Capabilities capabilities,
                               client::Client& client, Differences& differences) {
    const reconcile::Kept kept(wanted);
    client::Selection children;
    children.label_selector = std::string(api::kPlatformLabel) + "=" + platform.key.name;
    for (const kube::Kind& kind : kube::child_kinds()) {
        if (kind.optional && !capabilities.contains(kind.resource())) continue;
        children.ns = kube::is_outside(kind) ? "" : platform.key.ns;
        children.part = kind == kube::kSecret ? client::Part::Metadata : client::Part::Whole;
        const client::ListPage page = co_await client.list(kind, children);
        for (const kube::Json& json : page.items) {
            const reconcile::Child child = reconcile::child_from(kind, json);
            const kube::Object object{kind, json};
            if (child.platform == platform.key && kept.prunes(kind, object.key(), child)) {
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

    const kube::Json declared = co_await compare_platform(*document, client, differences);
    const api::Platform platform = api::platform_from(declared);
    if (platform.spec.suspend) {
        differences.remark("Suspended: the operator leaves every object as it is.");
        co_return differences.exit_status();
    }
    const Secrets secrets = co_await compare_secrets(platform, client, differences);
    const resources::Capabilities capabilities = co_await served(client);
    for (const resources::LeftOut& missing : resources::left_out(platform, capabilities))
        differences.remark("Left out: " + to_string(missing));
    kube::Objects wanted = resources::desired(platform, secrets.digests, capabilities);
    for (const kube::Object& object : wanted) {
        if (object.kind == kube::kDaemonSet) {
            co_await compare_log_agent(object, platform, client, differences);
        } else {
            co_await compare_child(object, platform, client, differences);
        }
    }
    wanted.insert(wanted.end(), secrets.objects.begin(), secrets.objects.end());
    co_await compare_pruned(platform, wanted, capabilities, client, differences);
    co_return differences.exit_status();
}

}  // namespace cli
