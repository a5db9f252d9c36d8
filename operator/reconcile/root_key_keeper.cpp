#include "reconcile/root_key_keeper.h"

#include <algorithm>
#include <stdexcept>

#include "api/components.h"
#include "api/names.h"
#include "quality/verdict.h"

namespace reconcile {

using boost::asio::awaitable;

namespace {

std::string missing(const api::Platform& platform) {
    return "Secret " + root_key_names(platform)[0] +
           " does not exist: spec.quality.security.credentials.source is Existing, so " +
           "bring it, with 64 hexadecimal digits (openssl rand -hex 32) as data.key, or set that to Generated";
}

std::string lost(const api::Platform& platform) {
    const auto& [ns, name] = platform.key;
    const std::array<std::string, 2> keepers = root_key_names(platform);
    return "Secrets " + keepers[0] + " and " + keepers[1] + " hold no root key any more, and no other opens the data stores: " +
           "restore one of them from a backup. Without one, take the data out while they run and begin anew, by the deletion of "
           "the "
           "platform and of what it leaves: kubectl delete ecp " +
           name + " -n " + ns + " && kubectl delete statefulsets,persistentvolumeclaims,secrets -n " + ns + " -l " +
           std::string(api::kPlatformLabel) + "=" + name;
}

}  // namespace

RootKeyKeeper::RootKeyKeeper(client::Client& client, const Children& children, Applier& applier, const base::Clock& clock)
    : client_(client), children_(children), applier_(applier), clock_(clock) {}

awaitable<RootKeyKeeper::Secrets> RootKeyKeeper::gather(api::Platform platform, std::string created) {
    const std::array<std::string, 2> keepers = root_key_names(platform);
    const Child* first = children_.find(kube::kSecret, {platform.key.ns, keepers[0]});
    const Child* second = children_.find(kube::kSecret, {platform.key.ns, keepers[1]});
    // What the two Secrets say the key is; nothing where they are not both there and of one mind.
    std::string fingerprint;
    if (first && second && first->derived_from == second->derived_from) fingerprint = first->derived_from;
    const auto age_of = [](const Child* child) { return child ? CredentialAge::decode(child->age) : std::nullopt; };
    std::optional<CredentialAge> age = later(age_of(first), age_of(second));

    std::vector<resources::SecretTemplate> templates;
    const auto unfilled_objects = [&] {
        templates = resources::secrets(platform, age->rotation);
        kube::Objects objects;
        for (const std::string& name : keepers) {
            objects.push_back(root_key_object(platform, name, fingerprint, age->encoded(), nullptr));
        }
        for (const resources::SecretTemplate& secret : templates) objects.push_back(unfilled(platform, secret, fingerprint));
        return objects;
    };

    Secrets secrets;
    bool all_match = age && !fingerprint.empty();
    if (all_match) {
        secrets.objects = unfilled_objects();
        for (const kube::Object& object : secrets.objects) all_match = all_match && applier_.matches(object);
    }
    if (!all_match) {
        const std::optional<Found> found = co_await read(platform);
        if (!found) {
            const bool was_there = co_await was_used(platform, created);
            if (was_there) throw MissingRootKey(lost(platform));
        }
        if (!found && platform.spec.credentials.is_brought) throw MissingRootKey(missing(platform));
        const RootKey root = found ? found->root : RootKey::generate();
        fingerprint = root.fingerprint();
        // A key that was restored without its age, or with that of a copy, makes again what was last in use.
        if (found) age = later(later(age, found->age), reported_age(platform));
        if (!found || !age) age = CredentialAge::of_new(platform, clock_.wall());
        secrets.objects = unfilled_objects();
        for (std::size_t index = 0; index < secrets.objects.size(); ++index) {
            kube::Object& object = secrets.objects[index];
            if (applier_.matches(object)) continue;
            object = index < keepers.size() ? root_key_object(platform, keepers[index], fingerprint, age->encoded(), &root)
                                            : filled(platform, templates[index - keepers.size()], root);
        }
    }
    for (const resources::SecretTemplate& secret : templates) secrets.digests[secret.name] = digest_of(secret, fingerprint);
    secrets.age = *age;
    co_return secrets;
}

awaitable<void> RootKeyKeeper::write(api::Platform platform, CredentialAge age) {
    const std::optional<Found> found = co_await read(platform);
    if (!found) throw std::runtime_error("the root key is gone");
    kube::Objects keepers;
    for (const std::string& name : root_key_names(platform)) {
        keepers.push_back(root_key_object(platform, name, found->root.fingerprint(), age.encoded(), &found->root));
    }
    const Refused refused = co_await applier_.apply(platform, keepers);
    if (!refused.objects.empty()) throw std::runtime_error(quality::in_words(refused.objects));
}

bool RootKeyKeeper::holds_key(const api::Platform& platform) const {
    return std::ranges::any_of(root_key_names(platform), [&](const std::string& name) {
        return children_.find(kube::kSecret, {platform.key.ns, name}) != nullptr;
    });
}

// By the status; and by volumes that are older than the platform, which one of its name left: those of this one may have come
// while its first key was refused.
awaitable<bool> RootKeyKeeper::was_used(api::Platform platform, std::string created) {
    const auto is_run = [&](std::string_view store) { return !api::data_store(platform.spec, store).external; };
    if (std::ranges::none_of(api::kDataStores, is_run)) co_return false;
    if (!kube::at(platform.status, {"credentials"}).is_null()) co_return true;
    client::Selection claims;
    claims.ns = platform.key.ns;
    claims.label_selector = std::string(api::kPlatformLabel) + "=" + platform.key.name;
    claims.part = client::Part::Metadata;
    const client::ListPage page = co_await client_.list(kube::kPersistentVolumeClaim, claims);
    co_return std::ranges::any_of(page.items, [&](const kube::Json& claim) {
        const std::string component = kube::label_of(claim, api::kComponentLabel);
        const bool is_store = std::ranges::find(api::kDataStores, component) != api::kDataStores.end();
        const bool goes = !kube::at(claim, {"metadata", "deletionTimestamp"}).is_null();
        return is_store && is_run(component) && !goes && kube::string_at(claim, {"metadata", "creationTimestamp"}) < created;
    });
}

// Asks the API server itself and not the store: a key must never be made anew where there is one.
awaitable<std::optional<RootKeyKeeper::Found>> RootKeyKeeper::read(api::Platform platform) {
    std::optional<Found> found;
    std::string bad;
    for (const std::string& name : root_key_names(platform)) {
        const kube::Key key{platform.key.ns, name};
        const std::optional<kube::Json> secret = co_await client_.get(kube::kSecret, key);
        if (!secret) continue;
        const std::string encoded = root_key_in(*secret);
        if (encoded.empty()) continue;
        const std::optional<CredentialAge> age = CredentialAge::decode(child_from(kube::kSecret, *secret).age);
        try {
            if (!found) found = Found{RootKey::decode(encoded), std::nullopt};
        } catch (const BadRootKey& error) {
            bad = "data.key of Secret " + name + " " + error.what();
            continue;
        }
        found->age = later(found->age, age);
    }
    if (!found && !bad.empty()) throw BadRootKey(bad);
    co_return found;
}

}  // namespace reconcile
