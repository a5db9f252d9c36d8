#include "resources/desired.h"

#include <algorithm>

#include "resources/databases.h"
#include "resources/exposure.h"
#include "resources/network.h"
#include "resources/priority.h"
#include "resources/services.h"
#include "resources/stores.h"

namespace resources {
namespace {

void append(kube::Objects& objects, kube::Objects more) {
    for (kube::Object& object : more) objects.push_back(std::move(object));
}

std::ptrdiff_t rank(const kube::Object& object) {
    const std::vector<kube::Kind>& kinds = kube::child_kinds();
    return std::find(kinds.begin(), kinds.end(), object.kind) - kinds.begin();
}

}  // namespace

kube::Objects desired(const api::Platform& platform, const SecretDigests& secrets, const Capabilities& capabilities) {
    kube::Objects objects = priority_classes(platform);
    append(objects, network_policies(platform));
    append(objects, postgres(platform, secrets));
    append(objects, redis(platform, secrets));
    append(objects, rabbitmq(platform, secrets));
    append(objects, provisioning(platform, secrets));
    append(objects, migrations(platform, secrets));
    for (const api::Service& each : api::kServices) append(objects, service(platform, each, secrets));
    append(objects, exposure(platform, capabilities));
    std::stable_sort(objects.begin(), objects.end(),
                     [](const kube::Object& a, const kube::Object& b) { return rank(a) < rank(b); });
    return objects;
}

std::vector<std::string> left_out(const api::Platform& platform, const Capabilities& capabilities) {
    std::vector<std::string> words;
    if (platform.spec.ingress.kind == api::Exposure::HttpRoute && !capabilities.contains(kHttpRoutes)) {
        words.push_back("HTTPRoute: the cluster does not serve " + std::string(kHttpRoutes) +
                        ", so no request from outside reaches the gateway. Install the Gateway API, or set spec.ingress.kind to "
                        "Ingress.");
    }
    return words;
}

}  // namespace resources
