#include "resources/stateful_set.h"

#include <nlohmann/json.hpp>

#include "api/names.h"

namespace resources {

using kube::Json;

namespace {

// The next pod is taken down in a rollout after this one has been ready for so long: what the members of a cluster tell each
// other in the first seconds after a restart is not yet true.
constexpr int kMinReadySeconds = 10;

// The list is owned as a whole, so all that the API server adds to it is written out, status included. Labels that may change are
// left out, since the list is immutable.
Json volume_claim(const Component& self, const api::ManagedStore& store) {
    Json labels = selector_of(self);
    labels[std::string(api::kComponentLabel)] = self.key;
    labels[std::string(api::kPlatformLabel)] = self.platform.key.name;
    Json claim{{"apiVersion", "v1"},
               {"kind", "PersistentVolumeClaim"},
               {"metadata", {{"name", kDataVolume}, {"labels", std::move(labels)}}},
               {"spec",
                {{"accessModes", Json::array({"ReadWriteOnce"})},
                 {"volumeMode", "Filesystem"},
                 {"resources", {{"requests", {{"storage", store.storage}}}}}}},
               {"status", {{"phase", "Pending"}}}};
    if (!store.storage_class_name.empty()) claim["spec"]["storageClassName"] = store.storage_class_name;
    return claim;
}

}  // namespace

kube::Object stateful_set(const Component& self, const api::ManagedStore& store, Start start, Json pod_template) {
    const bool deleted_with_it = self.platform.spec.deletion_policy == api::DeletionPolicy::Delete;
    kube::Object object = owned_object(self, kube::kStatefulSet);
    object["spec"] = {{"replicas", store.nodes},
                      {"serviceName", name_of(self, "headless")},
                      {"podManagementPolicy", start == Start::Together ? "Parallel" : "OrderedReady"},
                      {"updateStrategy", {{"type", "RollingUpdate"}}},
                      {"revisionHistoryLimit", self.platform.spec.revisions},
                      {"selector", {{"matchLabels", selector_of(self)}}},
                      {"persistentVolumeClaimRetentionPolicy",
                       {{"whenDeleted", deleted_with_it ? "Delete" : "Retain"}, {"whenScaled", "Retain"}}},
                      {"volumeClaimTemplates", Json::array({volume_claim(self, store)})},
                      {"template", std::move(pod_template)}};
    if (store.nodes > 1) object["spec"]["minReadySeconds"] = kMinReadySeconds;
    return object;
}

}  // namespace resources
