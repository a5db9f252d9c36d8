#include "reconcile/root_key_keeper.h"

#include <stdexcept>

#include "quality/verdict.h"

namespace reconcile {

using boost::asio::awaitable;

RootKeyKeeper::RootKeyKeeper(client::Client& client, const Children& children, Applier& applier, const base::Clock& clock)
    : client_(client), children_(children), applier_(applier), clock_(clock) {}

awaitable<RootKeyKeeper::Secrets> RootKeyKeeper::gather(api::Platform platform) {
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
        if (!found && platform.spec.credentials.is_brought) {
            throw MissingRootKey(
                "Secret " + keepers[0] + " does not exist: spec.quality.security.credentials.source is Existing, so " +
                "bring it, with 64 hexadecimal digits (openssl rand -hex 32) as data.key, or set that to Generated");
        }
        const RootKey root = found ? found->root : RootKey::generate();
        fingerprint = root.fingerprint();
        if (found) age = later(age, found->age);
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
