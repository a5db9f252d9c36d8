#include "reconcile/child.h"

#include <algorithm>
#include <array>

#include "api/names.h"
#include "kube/managed.h"
#include "kube/quantity.h"
#include "quality/verdict.h"

namespace reconcile {

namespace {

bool has_condition(const kube::Json& status, std::string_view type, std::string_view value = "True") {
    return kube::string_at(quality::condition_of(status, type), {"status"}) == value;
}

// The controller's words, where pods can't be made (quota, admission) or don't come up in time.
void look_at_failure(const kube::Json& status, quality::Workload& workload) {
    workload.refused = has_condition(status, "ReplicaFailure");
    const bool is_late = has_condition(status, "Progressing", "False");
    if (!workload.refused && !is_late) return;
    const kube::Json& condition = quality::condition_of(status, workload.refused ? "ReplicaFailure" : "Progressing");
    workload.failure = kube::string_at(condition, {"message"});
}

// A Deployment's controller says so until all new pods are available, that of a StatefulSet until they are ready.
bool progresses(const kube::Json& status) {
    const std::string updated = kube::string_at(status, {"updateRevision"});
    if (!updated.empty()) return kube::string_at(status, {"currentRevision"}) != updated;
    return has_condition(status, "Progressing") &&
           kube::string_at(quality::condition_of(status, "Progressing"), {"reason"}) != "NewReplicaSetAvailable";
}

quality::Workload workload_from(const kube::Json& object) {
    const kube::Json& status = kube::at(object, {"status"});
    quality::Workload workload;
    workload.version = kube::label_of(object, api::kVersionLabel);
    workload.generation = kube::int_at(object, {"metadata", "generation"});
    workload.observed_generation = kube::int_at(status, {"observedGeneration"});
    workload.desired = kube::int_at(object, {"spec", "replicas"});
    workload.current = kube::int_at(status, {"replicas"});
    workload.updated = kube::int_at(status, {"updatedReplicas"});
    workload.available = kube::int_at(status, {"availableReplicas"});
    workload.progresses = progresses(status);
    if (!kube::at(status, {"updateRevision"}).is_null()) {
        workload.settles = kube::int_at(status, {"readyReplicas"}) >= workload.desired && workload.available < workload.desired;
    }
    look_at_failure(status, workload);
    return workload;
}

// Of a DaemonSet, whose nodes are its replicas.
quality::Workload agent_from(const kube::Json& object) {
    const kube::Json& status = kube::at(object, {"status"});
    quality::Workload workload = workload_from(object);
    workload.desired = kube::int_at(status, {"desiredNumberScheduled"});
    workload.current = kube::int_at(status, {"currentNumberScheduled"});
    workload.updated = kube::int_at(status, {"updatedNumberScheduled"});
    workload.available = kube::int_at(status, {"numberAvailable"});
    return workload;
}

quality::Budget budget_from(const kube::Json& object) {
    const kube::Json& status = kube::at(object, {"status"});
    quality::Budget budget;
    // A status of before the first judgement has no generation.
    budget.judged = kube::int_at(status, {"observedGeneration"}) >= kube::int_at(object, {"metadata", "generation"});
    budget.allows = kube::int_at(status, {"disruptionsAllowed"}) > 0;
    const kube::Json& allowed = quality::condition_of(status, "DisruptionAllowed");
    if (kube::string_at(allowed, {"reason"}) == "SyncFailed") budget.failure = kube::string_at(allowed, {"message"});
    return budget;
}

// What the autoscaler says for some seconds after a rollout, of an API that answers. One that does not: "unable to fetch
// metrics".
bool is_unmeasured(const std::string& message) {
    return message.find("did not receive metrics for") != std::string::npos ||
           message.find("no metrics returned from") != std::string::npos;
}

quality::Scaler scaler_from(const kube::Json& object) {
    const kube::Json& conditions = kube::at(object, {"status", "conditions"});
    quality::Scaler scaler;
    if (!conditions.is_array()) return scaler;
    for (const kube::Json& condition : conditions) {
        const std::string type = kube::string_at(condition, {"type"});
        const std::string status = kube::string_at(condition, {"status"});
        const std::string reason = kube::string_at(condition, {"reason"});
        if (type == "ScalingActive") scaler.judged = status != "Unknown";
        if ((type == "ScalingActive" || type == "AbleToScale") && status == "False") {
            scaler.judged = true;
            scaler.inactive = reason;
            scaler.unmeasured = is_unmeasured(kube::string_at(condition, {"message"}));
        }
        if (type == "ScalingLimited") scaler.at_maximum = status == "True" && reason == "TooManyReplicas";
    }
    return scaler;
}

quality::Recommendation recommendation_from(const kube::Json& object) {
    quality::Recommendation recommendation;
    const kube::Json& containers = kube::at(object, {"status", "recommendation", "containerRecommendations"});
    if (!containers.is_array() || containers.empty()) return recommendation;  // A pod of ours has one container.
    const auto bounds = [&](const char* resource) {
        const auto amount = [&](const char* bound) {
            return kube::quantity_millis(kube::string_at(containers[0], {bound, resource})).value_or(0);
        };
        return quality::Recommendation::Bounds{amount("lowerBound"), amount("target"), amount("upperBound")};
    };
    recommendation.cpu = bounds("cpu");
    recommendation.memory = bounds("memory");
    recommendation.given = recommendation.cpu.target > 0 && recommendation.memory.target > 0;
    return recommendation;
}

// Controllers add to ServiceAccounts, and to Jobs, which can't be put back. Of Secrets, which others may bring, pods read what
// they name. Of what we never applied everything is foreign, and none of our business.
std::uint64_t foreign_digest(const kube::Kind& kind, const kube::Json& object) {
    static const std::array<std::string_view, 2> kOurs{api::kFieldManager, api::kReplicasManager};
    if (kind == kube::kServiceAccount || kind == kube::kJob || kind == kube::kSecret) return 0;
    const kube::Json part = kube::foreign_part(object, api::kFieldManager, kOurs);
    return part.is_null() ? 0 : kube::digest(part);
}

}  // namespace

Child child_from(const kube::Kind& kind, const kube::Json& object) {
    Child child;
    const std::string ns = kube::is_outside(kind) ? kube::label_of(object, api::kNamespaceLabel)
                                                  : kube::string_at(object, {"metadata", "namespace"});
    child.platform = {ns, kube::label_of(object, api::kPlatformLabel)};
    child.uid = kube::string_at(object, {"metadata", "uid"});
    child.deleting = !kube::at(object, {"metadata", "deletionTimestamp"}).is_null();
    // Of a Secret the watch shows the metadata alone; an answer to a write shows it whole, and must look the same here.
    const kube::Json part = kube::managed_part(kind == kube::kSecret ? kube::without_values(object) : object, api::kFieldManager);
    child.digest = part.is_null() ? 0 : kube::digest(part);
    child.foreign = part.is_null() ? 0 : foreign_digest(kind, object);
    if (kind == kube::kSecret) {
        child.derived_from = kube::string_at(object, {"metadata", "annotations", api::kDigestAnnotation});
        child.age = kube::string_at(object, {"metadata", "annotations", api::kAgeAnnotation});
    }
    if (kind == kube::kDeployment) child.replicas = kube::int_at(object, {"spec", "replicas"});
    if (kind == kube::kDeployment || kind == kube::kStatefulSet) child.workload = workload_from(object);
    if (kind == kube::kDaemonSet) child.workload = agent_from(object);
    if (kind == kube::kPodDisruptionBudget) child.budget = budget_from(object);
    if (kind == kube::kHorizontalPodAutoscaler) child.scaler = scaler_from(object);
    if (kind == kube::kVerticalPodAutoscaler) child.recommendation = recommendation_from(object);
    if (kind == kube::kJob) {
        child.complete = has_condition(kube::at(object, {"status"}), "Complete");
        child.failed = has_condition(kube::at(object, {"status"}), "Failed");
    }
    return child;
}

std::uint64_t digest_of(const kube::Object& wanted) {
    return kube::digest(kube::applied_part(wanted.kind == kube::kSecret ? kube::without_values(wanted.json) : wanted.json));
}

}  // namespace reconcile
