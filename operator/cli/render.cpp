#include <algorithm>
#include <ostream>
#include <set>
#include <stdexcept>
#include <string_view>

#include "api/document.h"
#include "cli/commands.h"
#include "cli/input.h"
#include "common/base/clock.h"
#include "reconcile/credential_age.h"
#include "reconcile/credentials.h"
#include "resources/desired.h"

namespace cli {

namespace {

resources::Capabilities capabilities_without(const std::vector<std::string>& groups) {
    resources::Capabilities capabilities;
    std::set<std::string_view> known;
    for (const kube::Kind& kind : kube::child_kinds()) {
        if (!kind.optional) continue;
        known.insert(kind.group);
        if (std::find(groups.begin(), groups.end(), kind.group) == groups.end()) capabilities.insert(kind.resource());
    }
    for (const std::string& group : groups) {
        if (known.contains(group)) continue;
        std::string message = "--without " + group + ": no such optional API group; there are:";
        for (const std::string_view each : known) message += " " + std::string(each);
        throw std::runtime_error(message);
    }
    return capabilities;
}

void print(const kube::Object& object, std::ostream& out) {
    out << "---\n" << api::to_yaml(object.json);
}

kube::Objects generated_secrets(const api::Platform& platform, const std::vector<resources::SecretTemplate>& templates,
                                const reconcile::RootKey& root) {
    const std::string age = reconcile::CredentialAge::of_new(platform, base::SystemClock().wall()).encoded();
    kube::Objects objects;
    for (const std::string& name : reconcile::root_key_names(platform)) {
        objects.push_back(reconcile::root_key_object(platform, name, root.fingerprint(), age, &root));
    }
    for (const resources::SecretTemplate& secret : templates) objects.push_back(reconcile::filled(platform, secret, root));
    return objects;
}

}  // namespace

int validate(const std::string& file, std::ostream& out, std::ostream& err) {
    if (!read_valid(file, "default", err)) return kWrong;
    out << source_name(file) << ": valid\n";
    return kOk;
}

int render(const RenderOptions& options, std::ostream& out, std::ostream& err) {
    const std::optional<kube::Json> document = read_valid(options.file, options.ns, err);
    if (!document) return kWrong;
    const api::Platform platform = api::platform_from(*document);
    const resources::Capabilities capabilities = capabilities_without(options.without);

    // Digests of Secrets stand in pod annotations; without their values there are none, and the annotation is left out.
    resources::SecretDigests digests;
    kube::Objects secrets;
    const std::vector<resources::SecretTemplate> templates = resources::secrets(platform, {});
    if (options.generate_secrets) {
        const reconcile::RootKey root = reconcile::RootKey::generate();
        secrets = generated_secrets(platform, templates, root);
        for (const resources::SecretTemplate& secret : templates) {
            digests[secret.name] = reconcile::digest_of(secret, root.fingerprint());
        }
    } else {
        out << "# Generated Secrets are left out (--generate-secrets adds fresh ones):\n";
        for (const std::string& name : reconcile::root_key_names(platform)) out << "#   " << name << "\n";
        for (const resources::SecretTemplate& secret : templates) out << "#   " << secret.name << "\n";
    }
    for (const resources::LeftOut& missing : resources::left_out(platform, capabilities))
        out << "# Left out: " << to_string(missing) << "\n";
    for (const kube::Object& object : secrets) print(object, out);
    for (const kube::Object& object : resources::desired(platform, digests, capabilities)) print(object, out);
    return kOk;
}

}  // namespace cli
