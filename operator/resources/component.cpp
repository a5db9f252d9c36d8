#include "resources/component.h"

#include <cinttypes>
#include <cstdio>

#include "api/components.h"
#include "api/names.h"
#include "kube/managed.h"

namespace resources {

using kube::Json;

Component component(const api::Platform& platform, std::string_view key) {
    for (const api::Service& service : api::kServices) {
        if (service.key == key) return {platform, std::string(key), std::string(service.image), platform.spec.version};
    }
    const api::Program* program = api::find_program(key);
    return {platform, std::string(key), std::string(key), std::string(program ? program->version : "")};
}

std::string name_of(const Component& self, std::string_view suffix) {
    const std::string name = api::child_name(self.platform.key.name, self.key);
    return suffix.empty() ? name : api::child_name(name, suffix);
}

std::string host_of(const api::Platform& platform, std::string_view part) {
    return api::child_name(platform.key.name, part) + "." + platform.key.ns + ".svc";
}

Json selector_of(const Component& self) {
    return {{std::string(kInstanceLabel), name_of(self)}};
}

Json labels_of(const Component& self) {
    Json labels = selector_of(self);
    labels[std::string(api::kComponentLabel)] = self.key;
    labels[std::string(api::kAppLabel)] = self.app;
    labels["app.kubernetes.io/part-of"] = "ecommerce-platform";
    labels["app.kubernetes.io/managed-by"] = api::kFieldManager;
    labels[std::string(api::kPlatformLabel)] = self.platform.key.name;
    if (!self.version.empty()) labels[std::string(api::kVersionLabel)] = self.version;
    return labels;
}

kube::Object unowned_object(const Component& self, const kube::Kind& kind, const std::string& name) {
    kube::Object object = kube::Object::make(kind, {kind.namespaced ? self.platform.key.ns : "", name});
    object["metadata"]["labels"] = labels_of(self);
    return object;
}

std::string cluster_name(const api::Platform& platform, std::string_view part) {
    return platform.key.ns + "." + api::child_name(platform.key.name, part);
}

kube::Object cluster_object(const Component& self, const kube::Kind& kind, const std::string& name) {
    kube::Object object = unowned_object(self, kind, name);
    object["metadata"]["labels"][std::string(api::kNamespaceLabel)] = self.platform.key.ns;
    return object;
}

kube::Object owned_object(const Component& self, const kube::Kind& kind, std::string_view suffix) {
    kube::Object object = unowned_object(self, kind, name_of(self, suffix));
    set_owner(self.platform, object);
    return object;
}

void set_owner(const api::Platform& platform, kube::Object& object) {
    if (platform.uid.empty()) return;
    object["metadata"]["ownerReferences"] = Json::array({{{"apiVersion", kube::kPlatform.api_version()},
                                                          {"kind", kube::kPlatform.name},
                                                          {"name", platform.key.name},
                                                          {"uid", platform.uid},
                                                          {"controller", true},
                                                          {"blockOwnerDeletion", true}}});
}

std::string digest_text(const Json& value) {
    char text[17];
    std::snprintf(text, sizeof text, "%016" PRIx64, kube::digest(value));
    return text;
}

}  // namespace resources
