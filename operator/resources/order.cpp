#include "resources/order.h"

#include <algorithm>
#include <iterator>

#include "api/names.h"
#include "resources/component.h"
#include "resources/services.h"

namespace resources {

namespace {

bool is_job_of(const kube::Object& object, std::string_view component) {
    return object.kind == kube::kJob && kube::label_of(object.json, api::kComponentLabel) == component;
}

bool is_deployment(const kube::Object& object, const std::string& name) {
    return object.kind == kube::kDeployment && object.key().name == name;
}

}  // namespace

kube::Objects due(const kube::Objects& wanted, const Progress& progress) {
    // Whether all Jobs among `wanted` that fit are complete; true where there is none, as with an external database.
    const auto complete = [&](const auto& fits) {
        return std::all_of(wanted.begin(), wanted.end(), [&](const kube::Object& object) {
            return !fits(object) || progress.complete.contains(object.key().name);
        });
    };
    const bool provisioned = complete([](const kube::Object& object) { return is_job_of(object, kProvisioning); });
    const auto migrated = [&](const kube::Object& of_service) {
        const std::string app = kube::label_of(of_service.json, api::kAppLabel);
        return complete([&](const kube::Object& object) {
            return is_job_of(object, kMigration) && kube::label_of(object.json, api::kAppLabel) == app;
        });
    };
    const bool rolled_out = std::all_of(wanted.begin(), wanted.end(), [&](const kube::Object& object) {
        return object.kind != kube::kDeployment || progress.rolled.contains(object.key().name);
    });
    kube::Objects now;
    std::copy_if(wanted.begin(), wanted.end(), std::back_inserter(now), [&](const kube::Object& object) {
        if (is_job_of(object, kProvisioning)) return progress.postgres_available;
        if (is_job_of(object, kMigration)) return provisioned;
        if (is_job_of(object, kEndToEnd)) return rolled_out || progress.complete.contains(object.key().name);
        if (object.kind == kube::kDeployment) return migrated(object);
        const bool scales = object.kind == kube::kHorizontalPodAutoscaler;
        return !scales || progress.deployed.contains(object.key().name) || migrated(object);
    });
    return now;
}

kube::Objects stand_ins(api::Platform platform, const std::string& version_before, const SecretDigests& secrets,
                        const kube::Objects& due, const Progress& progress) {
    if (version_before.empty() || version_before == platform.spec.version) return {};
    platform.spec.version = version_before;
    kube::Objects missing;
    for (const api::Service& each : api::kServices) {
        const std::string name = api::child_name(platform.key.name, each.key);
        const bool is_due = std::ranges::any_of(due, [&](const kube::Object& object) { return is_deployment(object, name); });
        const bool is_pinned = platform.spec.images.digests.contains(std::string(each.image));
        if (is_due || is_pinned || progress.deployed.contains(name)) continue;
        std::ranges::copy_if(service(platform, each, secrets), std::back_inserter(missing),
                             [&](const kube::Object& object) { return is_deployment(object, name); });
    }
    return missing;
}

}  // namespace resources
