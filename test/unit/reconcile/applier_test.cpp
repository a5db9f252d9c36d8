#include "reconcile/applier.h"

#include <gtest/gtest.h>

namespace reconcile {
namespace {

api::ServiceSettings settings(bool autoscaling) {
    api::ServiceSettings settings;
    settings.autoscaling = autoscaling;
    settings.replicas = {3, 2, 10};
    return settings;
}

constexpr bool kNew = true;
constexpr bool kThere = false;

TEST(ReplicasToSet, StartsANewDeploymentWithTheCount) {
    EXPECT_EQ(replicas_to_set(settings(true), 1, kNew), 3);
    EXPECT_EQ(replicas_to_set(settings(false), 1, kNew), 3);
}

TEST(ReplicasToSet, LeavesTheNumberToAnAutoscaler) {
    EXPECT_EQ(replicas_to_set(settings(true), 2, kThere), std::nullopt);
    EXPECT_EQ(replicas_to_set(settings(true), 7, kThere), std::nullopt);
    EXPECT_EQ(replicas_to_set(settings(true), 12, kThere), std::nullopt);
}

TEST(ReplicasToSet, LiftsToTheMinimumUnderAnAutoscaler) {
    EXPECT_EQ(replicas_to_set(settings(true), 0, kThere), 2);
    EXPECT_EQ(replicas_to_set(settings(true), 1, kThere), 2);
}

TEST(ReplicasToSet, NeverDropsPodsWhenTheAutoscalerGoes) {
    EXPECT_EQ(replicas_to_set(settings(false), 7, kThere), std::nullopt);
    EXPECT_EQ(replicas_to_set(settings(false), 2, kThere), 3);
}

TEST(ReplicasToSet, KeepsWithinTheBoundsWithoutAnAutoscaler) {
    EXPECT_EQ(replicas_to_set(settings(false), 12, kThere), 10);
    EXPECT_EQ(replicas_to_set(settings(false), 1, kThere), 3);
}

TEST(IsRefusal, IsNoneWhereTheSameMayBeTakenTheNextTime) {
    for (const int code : {400, 403, 404, 422}) EXPECT_TRUE(is_refusal(code)) << code;
    for (const int code : {409, 429, 500, 503}) EXPECT_FALSE(is_refusal(code)) << code;
}

}  // namespace
}  // namespace reconcile
