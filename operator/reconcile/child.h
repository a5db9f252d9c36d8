// What the operator keeps of an object that belongs to a platform: what decisions need, and not the object.
#pragma once

#include <cstdint>
#include <string>

#include "kube/object.h"
#include "quality/observed.h"

namespace reconcile {

struct Child {
    kube::Key platform;  // By its labels.
    std::string uid;
    std::uint64_t digest = 0;   // Of the fields that we applied; 0: we never did.
    std::uint64_t foreign = 0;  // Of fields that others added to it, outside of what is theirs to write; 0: there are none.
    std::int64_t replicas = 0;  // spec.replicas of a Deployment.
    std::string derived_from;   // A generated Secret's digest annotation,
    std::string age;            // and of one that holds the root key the credentials' age.
    bool deleting = false;
    quality::Workload workload;              // Of Deployments, StatefulSets and DaemonSets.
    quality::Budget budget;                  // Of PodDisruptionBudgets.
    quality::Scaler scaler;                  // Of HorizontalPodAutoscalers.
    quality::Recommendation recommendation;  // Of VerticalPodAutoscalers.
    bool complete = false;                   // Of Jobs; and whether one has given up.
    bool failed = false;

    friend bool operator==(const Child&, const Child&) = default;
};

Child child_from(const kube::Kind& kind, const kube::Json& object);

// Digest that a live object has when it is exactly `wanted`.
std::uint64_t digest_of(const kube::Object& wanted);

}  // namespace reconcile
