#include "reconcile/root_key_keeper.h"

namespace reconcile {

using boost::asio::awaitable;

RootKeyKeeper::RootKeyKeeper(client::Client& client, const Children& children, const Applier& applier)
    : client_(client), children_(children), applier_(applier) {}

awaitable<RootKeyKeeper::Secrets> RootKeyKeeper::gather(api::Platform platform) {
    const std::vector<resources::SecretTemplate> templates = resources::secrets(platform);
    const std::array<std::string, 2> keepers = root_key_names(platform);

    // What the two Secrets say the key is; nothing where they are not both there and of one mind.
    std::string fingerprint;
    const Child* first = children_.find(kube::kSecret, {platform.key.ns, keepers[0]});
    const Child* second = children_.find(kube::kSecret, {platform.key.ns, keepers[1]});
    if (first && second && first->derived_from == second->derived_from) fingerprint = first->derived_from;

    const auto unfilled_objects = [&] {
        kube::Objects objects;
        for (const std::string& name : keepers) objects.push_back(root_key_object(platform, name, fingerprint, nullptr));
        for (const resources::SecretTemplate& secret : templates) objects.push_back(unfilled(platform, secret, fingerprint));
        return objects;
    };

    Secrets secrets;
    bool all_match = !fingerprint.empty();
    if (all_match) {
        secrets.objects = unfilled_objects();
        for (const kube::Object& object : secrets.objects) all_match = all_match && applier_.matches(object);
    }
    if (!all_match) {
        std::optional<RootKey> root = co_await read(platform);
        if (!root) root = RootKey::generate();
        fingerprint = root->fingerprint();
        secrets.objects = unfilled_objects();
        for (std::size_t index = 0; index < secrets.objects.size(); ++index) {
            kube::Object& object = secrets.objects[index];
            if (applier_.matches(object)) continue;
            object = index < keepers.size() ? root_key_object(platform, keepers[index], fingerprint, &*root)
                                            : filled(platform, templates[index - keepers.size()], *root);
        }
    }
    for (const resources::SecretTemplate& secret : templates) secrets.digests[secret.name] = digest_of(secret, fingerprint);
    co_return secrets;
}

// Asks the API server itself and not the store: a key must never be made anew where there is one.
awaitable<std::optional<RootKey>> RootKeyKeeper::read(api::Platform platform) {
    for (const std::string& name : root_key_names(platform)) {
        const kube::Key key{platform.key.ns, name};
        const std::optional<kube::Json> secret = co_await client_.get(kube::kSecret, key);
        if (!secret) continue;
        const std::string encoded = root_key_in(*secret);
        if (!encoded.empty()) co_return RootKey::decode(encoded);
    }
    co_return std::nullopt;
}

}  // namespace reconcile
