// What all objects of one part of a platform share: name, labels, selector, owner. Said here once.
#pragma once

#include <string>
#include <string_view>

#include "api/platform.h"
#include "kube/object.h"

namespace resources {

struct Component {
    const api::Platform& platform;
    std::string key;      // "catalog": in names, labels and selectors.
    std::string app;      // "catalog-service": what runs there.
    std::string version;  // Of what runs there; empty where nothing does.
};

// Components of the Jobs that come and go; network policies know them beforehand.
inline constexpr std::string_view kMigration = "migration";
inline constexpr std::string_view kProvisioning = "provisioning";
inline constexpr std::string_view kEndToEnd = "e2e";

// Names one part of one platform, "shop-catalog": what is a part of it, and what its selectors select by.
inline constexpr std::string_view kInstanceLabel = "app.kubernetes.io/instance";

// A service, a data store, or a part that runs no image of its own (policies, classes, Jobs), by its key.
Component component(const api::Platform& platform, std::string_view key);

// "shop-catalog"; with a suffix "shop-catalog-headless".
std::string name_of(const Component& self, std::string_view suffix = "");

// The name under which pods of the platform reach a Service of it: "shop-postgres.shop.svc". Without the cluster's domain, which
// the pods' search path adds whatever it is.
std::string host_of(const api::Platform& platform, std::string_view part);

kube::Json labels_of(const Component& self);

// Never changes during a platform's life, since selectors of Deployments and StatefulSets are immutable.
kube::Json selector_of(const Component& self);

// An object of the platform with name, labels and owner, to be filled.
kube::Object owned_object(const Component& self, const kube::Kind& kind, std::string_view suffix = "");
// The same without an owner: what outlives the platform.
kube::Object unowned_object(const Component& self, const kube::Kind& kind, const std::string& name);
// The same for what is outside the platform's namespace, by a name that says of which one: "shop.shop-pods".
std::string cluster_name(const api::Platform& platform, std::string_view part);
kube::Object cluster_object(const Component& self, const kube::Kind& kind, const std::string& name);
// The platform becomes the owner; one without a uid is only rendered and owns nothing.
void set_owner(const api::Platform& platform, kube::Object& object);

// Digest in hexadecimal, for annotations.
std::string digest_text(const kube::Json& value);

}  // namespace resources
