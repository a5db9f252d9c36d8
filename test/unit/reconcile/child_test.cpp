#include "reconcile/child.h"

#include <gtest/gtest.h>

namespace reconcile {
namespace {

const kube::Json kSecret = kube::Json::parse(R"({
  "metadata": {"name": "shop-redis", "namespace": "shop", "uid": "u", "resourceVersion": "5",
    "labels": {"ecommerceplatform.io/platform": "shop"}, "annotations": {"ecommerceplatform.io/digest": "abc"},
    "managedFields": [{"manager": "ecommerce-operator", "operation": "Apply", "fieldsV1": {
      "f:metadata": {"f:labels": {"f:ecommerceplatform.io/platform": {}}, "f:annotations": {"f:ecommerceplatform.io/digest": {}}},
      "f:data": {"f:password": {}}}}]}})");

TEST(Child, OfASecretIsTheSameWithAndWithoutItsValues) {
    kube::Json whole = kSecret;
    whole["data"]["password"] = "cGFzcw==";
    EXPECT_EQ(child_from(kube::kSecret, whole), child_from(kube::kSecret, kSecret));
}

TEST(Child, OfASecretMatchesTheObjectThatWasApplied) {
    kube::Object wanted = kube::Object::make(kube::kSecret, {"shop", "shop-redis"});
    wanted["metadata"]["labels"]["ecommerceplatform.io/platform"] = "shop";
    wanted["metadata"]["annotations"]["ecommerceplatform.io/digest"] = "abc";
    wanted["data"]["password"] = nullptr;
    EXPECT_EQ(child_from(kube::kSecret, kSecret).digest, digest_of(wanted));
    wanted["data"]["password"] = "cGFzcw==";
    EXPECT_EQ(child_from(kube::kSecret, kSecret).digest, digest_of(wanted));
}

TEST(Child, BelongsToThePlatformOfItsLabels) {
    EXPECT_EQ(child_from(kube::kSecret, kSecret).platform, (kube::Key{"shop", "shop"}));
    const kube::Json outside = kube::Json::parse(
        R"({"metadata": {"name": "x", "labels": {"ecommerceplatform.io/platform": "shop", "ecommerceplatform.io/namespace": "a"}}})");
    EXPECT_EQ(child_from(kube::kPriorityClass, outside).platform, (kube::Key{"a", "shop"}));
    kube::Json elsewhere = outside;
    elsewhere["metadata"]["namespace"] = "logging";
    EXPECT_EQ(child_from(kube::kDaemonSet, elsewhere).platform, (kube::Key{"a", "shop"}));
    EXPECT_EQ(child_from(kube::kConfigMap, elsewhere).platform, (kube::Key{"logging", "shop"})) << "labels lead nothing else out";
}

TEST(Child, OfADaemonSetCountsNodes) {
    const kube::Json agent = kube::Json::parse(R"({"metadata": {"name": "x", "generation": 2}, "status": {"observedGeneration": 2,
        "desiredNumberScheduled": 3, "currentNumberScheduled": 3, "updatedNumberScheduled": 2, "numberAvailable": 1}})");
    const quality::Workload seen = child_from(kube::kDaemonSet, agent).workload;
    EXPECT_EQ(seen.desired, 3);
    EXPECT_EQ(seen.updated, 2);
    EXPECT_EQ(seen.available, 1);
    EXPECT_EQ(seen.observed_generation, 2);
}

TEST(Child, HasNoDigestWhereWeNeverApplied) {
    const kube::Json foreign = kube::Json::parse(R"({"metadata": {"name": "x", "namespace": "shop"}})");
    EXPECT_EQ(child_from(kube::kConfigMap, foreign).digest, 0U);
}

TEST(Child, TellsWhatOthersAddToItFromWhatTheyMay) {
    const auto with = [](const kube::Kind& kind, const char* added, const char* ours = "ecommerce-operator") {
        kube::Json object = kube::Json::parse(R"({"metadata": {"name": "x", "namespace": "shop"}, "data": {"a": "b"}})");
        object["metadata"]["managedFields"] = {
            {{"manager", ours},
             {"operation", "Apply"},
             {"fieldsV1", {{"f:metadata", {{"f:labels", {{"f:l", kube::Json::object()}}}}}}}},
            {{"manager", "kubectl"}, {"operation", "Update"}, {"fieldsV1", kube::Json::parse(added)}}};
        return child_from(kind, object).foreign;
    };
    EXPECT_NE(with(kube::kConfigMap, R"({"f:data": {"f:a": {}}})"), 0U);
    EXPECT_EQ(with(kube::kConfigMap, R"({"f:metadata": {"f:annotations": {"f:a": {}}}})"), 0U);
    EXPECT_EQ(with(kube::kConfigMap, R"({"f:data": {"f:a": {}}})", "somebody"), 0U) << "it is not ours";
    for (const kube::Kind& kind : {kube::kSecret, kube::kJob, kube::kServiceAccount}) {
        EXPECT_EQ(with(kind, R"({"f:data": {"f:a": {}}})"), 0U) << kind.name;
    }
}

TEST(Child, OfADeploymentSaysWhyItsPodsDoNotCome) {
    const kube::Json deployment = kube::Json::parse(R"({"metadata": {"name": "x", "generation": 4},
      "spec": {"replicas": 3}, "status": {"observedGeneration": 3, "replicas": 2, "conditions": [
        {"type": "Available", "status": "False", "message": "no"},
        {"type": "ReplicaFailure", "status": "True", "message": "exceeded quota"}]}})");
    const Child child = child_from(kube::kDeployment, deployment);
    EXPECT_EQ(child.workload.failure, "exceeded quota");
    EXPECT_EQ(child.workload.generation, 4);
    EXPECT_EQ(child.workload.observed_generation, 3);
    EXPECT_EQ(child.replicas, 3);
}

kube::Json deployment(const char* conditions) {
    return {{"metadata", {{"name", "x"}, {"generation", 2}}},
            {"spec", {{"replicas", 2}}},
            {"status",
             {{"observedGeneration", 2},
              {"replicas", 2},
              {"updatedReplicas", 2},
              {"availableReplicas", 1},
              {"conditions", kube::Json::parse(conditions)}}}};
}

TEST(Child, OfADeploymentSaysWhetherItsRolloutIsUnderWay) {
    const auto seen = [](const char* conditions) { return child_from(kube::kDeployment, deployment(conditions)).workload; };
    EXPECT_TRUE(seen(R"([{"type": "Progressing", "status": "True", "reason": "NewReplicaSetCreated"}])").rolls());
    EXPECT_TRUE(seen(R"([{"type": "Progressing", "status": "True", "reason": "ReplicaSetUpdated"}])").rolls());
    EXPECT_TRUE(seen(R"([{"type": "Progressing", "status": "True", "reason": "ReplicaSetUpdated"}])").is_rolled_out())
        << "that waits for no more than one";
    EXPECT_FALSE(seen(R"([{"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable"}])").rolls())
        << "a pod died later";
    EXPECT_FALSE(seen("[]").rolls());
    const quality::Workload stuck =
        seen(R"([{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded", "message": "has timed out"}])");
    EXPECT_FALSE(stuck.rolls());
    EXPECT_EQ(stuck.failure, "has timed out");
    EXPECT_FALSE(stuck.refused);
    const quality::Workload refused = seen(R"([
        {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded", "message": "has timed out"},
        {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": "exceeded quota"}])");
    EXPECT_EQ(refused.failure, "exceeded quota");
    EXPECT_TRUE(refused.refused);
}

TEST(Child, OfADeploymentRollsFromTheChangeOnWhateverItsControllerLastSaid) {
    kube::Json changed = deployment(R"([{"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable"}])");
    changed["metadata"]["generation"] = 3;
    EXPECT_TRUE(child_from(kube::kDeployment, changed).workload.rolls());
    changed["status"]["observedGeneration"] = 3;
    changed["status"]["updatedReplicas"] = 0;
    EXPECT_TRUE(child_from(kube::kDeployment, changed).workload.rolls());
}

TEST(Child, OfAStatefulSetRollsUntilItsPodsAreAvailable) {
    kube::Json set = kube::Json::parse(R"({"metadata": {"name": "x", "generation": 1}, "spec": {"replicas": 3},
        "status": {"observedGeneration": 1, "replicas": 3, "updatedReplicas": 3, "availableReplicas": 2, "readyReplicas": 2,
                   "currentRevision": "x-1", "updateRevision": "x-2"}})");
    const auto rolls = [&] { return child_from(kube::kStatefulSet, set).workload.rolls(); };
    EXPECT_TRUE(rolls());
    set["status"]["currentRevision"] = "x-2";
    EXPECT_FALSE(rolls()) << "a pod died";
    set["status"]["readyReplicas"] = 3;
    EXPECT_TRUE(rolls()) << "the last has yet to stay ready";
    EXPECT_TRUE(child_from(kube::kStatefulSet, set).workload.settles);
    set["status"]["availableReplicas"] = 3;
    EXPECT_FALSE(rolls());
}

TEST(Child, OfABudgetSaysWhetherADisruptionIsAllowedAndNotHowMany) {
    kube::Json budget = kube::Json::parse(R"({"metadata": {"name": "x", "generation": 1}, "status": {}})");
    EXPECT_EQ(child_from(kube::kPodDisruptionBudget, budget).budget, quality::Budget{});
    budget["status"] = {{"observedGeneration", 1}, {"disruptionsAllowed", 0}};
    EXPECT_EQ(child_from(kube::kPodDisruptionBudget, budget).budget, (quality::Budget{.judged = true, .allows = false}));
    budget["status"]["disruptionsAllowed"] = 1;
    const Child one = child_from(kube::kPodDisruptionBudget, budget);
    EXPECT_TRUE(one.budget.allows);
    budget["status"]["disruptionsAllowed"] = 7;
    EXPECT_EQ(child_from(kube::kPodDisruptionBudget, budget), one);
    budget["status"]["conditions"] = kube::Json::array({{{"type", "DisruptionAllowed"}, {"status", "False"}}});
    budget["status"]["conditions"][0]["reason"] = "InsufficientPods";
    EXPECT_EQ(child_from(kube::kPodDisruptionBudget, budget), one);
    budget["status"]["conditions"][0]["reason"] = "SyncFailed";
    budget["status"]["conditions"][0]["message"] = "found no controller";
    EXPECT_EQ(child_from(kube::kPodDisruptionBudget, budget).budget.failure, "found no controller");
}

kube::Json scaler(const char* conditions) {
    return {{"metadata", {{"name", "x"}}}, {"status", {{"conditions", kube::Json::parse(conditions)}}}};
}

TEST(Child, OfAnAutoscalerSaysWhyItDoesNotScale) {
    const auto of = [](const char* conditions) { return child_from(kube::kHorizontalPodAutoscaler, scaler(conditions)).scaler; };
    EXPECT_EQ(of("[]"), quality::Scaler{});
    EXPECT_EQ(of(R"([{"type": "AbleToScale", "status": "True", "reason": "SucceededGetScale"}])"), quality::Scaler{});
    EXPECT_EQ(of(R"([{"type": "ScalingActive", "status": "True", "reason": "ValidMetricFound"},
                     {"type": "ScalingLimited", "status": "True", "reason": "TooFewReplicas"}])"),
              (quality::Scaler{.judged = true, .at_maximum = false, .inactive = ""}));
    EXPECT_EQ(of(R"([{"type": "ScalingActive", "status": "True", "reason": "ValidMetricFound"},
                     {"type": "ScalingLimited", "status": "True", "reason": "TooManyReplicas"}])"),
              (quality::Scaler{.judged = true, .at_maximum = true, .inactive = ""}));
    const auto failed = [&](const char* why) {
        kube::Json condition{{"type", "ScalingActive"}, {"status", "False"}, {"reason", "FailedGetResourceMetric"}};
        condition["message"] = why;
        return of(kube::Json::array({condition}).dump().c_str());
    };
    EXPECT_TRUE(
        failed("failed to get cpu utilization: did not receive metrics for targeted pods (pods might be unready)").unmeasured);
    EXPECT_TRUE(failed("unable to get metrics for resource cpu: no metrics returned from resource metrics API").unmeasured);
    EXPECT_FALSE(failed("unable to fetch metrics from resource metrics API: the server is unavailable").unmeasured);
    EXPECT_EQ(of(R"([{"type": "AbleToScale", "status": "False", "reason": "FailedGetScale"}])"),
              (quality::Scaler{.judged = true, .at_maximum = false, .inactive = "FailedGetScale"}));
}

TEST(Child, OfAVerticalAutoscalerKeepsWhatItRecommends) {
    kube::Json object = kube::Json::parse(R"({"metadata": {"name": "shop-order", "namespace": "shop"}})");
    EXPECT_FALSE(child_from(kube::kVerticalPodAutoscaler, object).recommendation.given);
    object["status"] = kube::Json::parse(R"({"recommendation": {"containerRecommendations": [{"containerName": "order",
        "lowerBound": {"cpu": "25m", "memory": "32Mi"}, "target": {"cpu": "50m", "memory": "64Mi"},
        "upperBound": {"cpu": "1", "memory": "1Gi"}}]}})");
    const quality::Recommendation recommended = child_from(kube::kVerticalPodAutoscaler, object).recommendation;
    EXPECT_TRUE(recommended.given);
    EXPECT_EQ(recommended.cpu, (quality::Recommendation::Bounds{25, 50, 1000}));
    EXPECT_EQ(recommended.memory.target, 64 * (1000LL << 20));
}

}  // namespace
}  // namespace reconcile
