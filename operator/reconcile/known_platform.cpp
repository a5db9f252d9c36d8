#include "reconcile/known_platform.h"

#include <nlohmann/json.hpp>
#include <tuple>

#include "kube/managed.h"

namespace reconcile {

namespace {

// Of the promises, by which name which are broken: whether that changes is news.
void keep_broken(kube::Json& status) {
    kube::Json broken = kube::Json::array();
    for (const kube::Json& promise : kube::at(status, {"promises"})) {
        if (kube::string_at(promise, {"status"}) != "False") continue;
        kube::Json brief{
            {"attribute", kube::at(promise, {"attribute"})}, {"name", kube::at(promise, {"name"})}, {"status", "False"}};
        if (broken.empty() || broken.back() != brief) broken.push_back(std::move(brief));
    }
    status.erase("promises");
    if (!broken.empty()) status["promises"] = std::move(broken);
}

}  // namespace

bool operator==(const KnownPlatform& a, const KnownPlatform& b) {
    const auto identity = [](const KnownPlatform& known) {
        const api::Platform& platform = known.platform;
        return std::tie(platform.uid, platform.generation, platform.deleting, platform.finalizers, platform.rotate);
    };
    return identity(a) == identity(b);
}

KnownPlatform known_platform_from(const kube::Json& document) {
    KnownPlatform known;
    known.problems = api::validate(document);
    known.platform = known.problems.empty() ? api::platform_from(document) : api::identity_from(document);
    known.created = kube::string_at(document, {"metadata", "creationTimestamp"});
    kube::Json& status = known.platform.status;
    known.status_digest = kube::digest(status);
    if (status.is_object()) {
        keep_broken(status);
        status.erase("components");
    }
    return known;
}

const KnownPlatform* first_in_namespace(const Platforms& platforms, const std::string& ns) {
    const KnownPlatform* first = nullptr;
    platforms.for_each([&](const kube::Key& key, const KnownPlatform& known) {
        if (key.ns != ns) return;
        if (!first || std::tie(known.created, key.name) < std::tie(first->created, first->platform.key.name)) first = &known;
    });
    return first;
}

}  // namespace reconcile
