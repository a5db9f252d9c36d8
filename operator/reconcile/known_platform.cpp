#include "reconcile/known_platform.h"

#include <tuple>

namespace reconcile {

namespace {

// The metadata of a document whose spec can't be read.
api::Platform unreadable(const kube::Json& document) {
    api::Platform platform;
    platform.key = runtime::key_of(document);
    platform.uid = kube::string_at(document, {"metadata", "uid"});
    platform.generation = kube::int_at(document, {"metadata", "generation"});
    platform.resource_version = kube::string_at(document, {"metadata", "resourceVersion"});
    platform.deleting = !kube::at(document, {"metadata", "deletionTimestamp"}).is_null();
    if (const kube::Json& finalizers = kube::at(document, {"metadata", "finalizers"}); finalizers.is_array()) {
        platform.finalizers = finalizers.get<std::vector<std::string>>();
    }
    platform.status = kube::at(document, {"status"});
    return platform;
}

}  // namespace

bool operator==(const KnownPlatform& a, const KnownPlatform& b) {
    const auto identity = [](const KnownPlatform& known) {
        const api::Platform& platform = known.platform;
        return std::tie(platform.uid, platform.generation, platform.deleting, platform.finalizers);
    };
    return identity(a) == identity(b);
}

KnownPlatform known_platform_from(const kube::Json& document) {
    KnownPlatform known;
    known.problems = api::validate(document);
    known.platform = known.problems.empty() ? api::platform_from(document) : unreadable(document);
    known.created = kube::string_at(document, {"metadata", "creationTimestamp"});
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
