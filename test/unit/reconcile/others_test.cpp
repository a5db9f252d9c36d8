#include "reconcile/others.h"

#include <gmock/gmock.h>

namespace reconcile {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

kube::Json policy(const char* spec) {
    return {{"metadata", {{"name", "mine"}, {"namespace", "shop"}}}, {"spec", kube::Json::parse(spec)}};
}

kube::Objects shop() {
    kube::Objects objects;
    for (const std::string component : {"catalog", "order"}) {
        kube::Object object = kube::Object::make(kube::kDeployment, {"shop", "shop-" + component});
        object["metadata"]["labels"] = {{"app.kubernetes.io/component", component}};
        object["spec"]["template"]["metadata"]["labels"] = {{"app.kubernetes.io/component", component}};
        objects.push_back(object);
    }
    kube::Object agent = kube::Object::make(kube::kDaemonSet, {"logging", "shop-agent"});
    agent["spec"]["template"]["metadata"]["labels"] = {{"app.kubernetes.io/component", "fluent-bit"}};
    objects.push_back(agent);
    objects.push_back(kube::Object::make(kube::kService, {"shop", "shop-order"}));
    return objects;
}

TEST(AllowedBy, ANetworkPolicyAreThePodsThatItSelects) {
    EXPECT_EQ(allowed_by(policy(R"({"podSelector": {"matchLabels": {"a": "b"}}, "policyTypes": ["Ingress"], "ingress": [{}]})")),
              R"({"matchLabels":{"a":"b"}})");
    EXPECT_EQ(allowed_by(policy(R"({"podSelector": {}, "policyTypes": ["Ingress", "Egress"], "egress": [{"to": []}]})")), "{}");
}

TEST(AllowedBy, ANetworkPolicyThatOnlyDeniesIsNothing) {
    EXPECT_EQ(allowed_by(policy(R"({"podSelector": {}, "policyTypes": ["Ingress", "Egress"]})")), "");
    EXPECT_EQ(allowed_by(policy(R"({"podSelector": {}, "policyTypes": ["Ingress"], "ingress": []})")), "");
    EXPECT_EQ(allowed_by(policy(R"({"podSelector": {}, "policyTypes": ["Ingress"], "egress": [{}]})")), "");
}

TEST(BoundedBy, ABudgetAreThePodsThatItSelects) {
    EXPECT_EQ(bounded_by(policy(R"({"selector": {"matchLabels": {"a": "b"}}})")), R"({"matchLabels":{"a":"b"}})");
    EXPECT_EQ(bounded_by(policy(R"({"selector": {}})")), "{}");
    EXPECT_EQ(bounded_by(policy(R"({"minAvailable": 1})")), "");
}

TEST(ScaledBy, AnAutoscalerIsTheDeploymentThatItNames) {
    EXPECT_EQ(scaled_by(policy(R"({"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "x"}})")), "x");
    EXPECT_EQ(scaled_by(policy(R"({"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "x"}})")), "");
    const kube::Objects objects = shop();
    EXPECT_THAT(deployed_as("shop-order", {objects, "shop", {}}), ElementsAre("order"));
    EXPECT_THAT(deployed_as("shop-order", {objects, "elsewhere", {}}), IsEmpty());
    EXPECT_THAT(deployed_as("else", {objects, "shop", {}}), IsEmpty());
}

TEST(SizedBy, AVerticalAutoscalerIsTheDeploymentOfWhichItChangesThePods) {
    const auto of_mode = [](const std::string& mode) {
        kube::Json scaler = policy(R"({"targetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "x"}})");
        if (!mode.empty()) scaler["spec"]["updatePolicy"]["updateMode"] = mode;
        return sized_by(scaler);
    };
    for (const char* mode : {"", "Auto", "Recreate", "Initial", "InPlaceOrRecreate"}) EXPECT_EQ(of_mode(mode), "x") << mode;
    EXPECT_EQ(of_mode("Off"), "");
    EXPECT_EQ(sized_by(policy(R"({"targetRef": {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "x"}})")), "");
}

TEST(SelectedBy, ASelectorAreComponentsOfTheNamespace) {
    const kube::Objects objects = shop();
    const Scene scene{objects, "shop", {}};
    EXPECT_THAT(selected_by("{}", scene), ElementsAre("catalog", "order"));
    EXPECT_THAT(selected_by(R"({"matchLabels": {"app.kubernetes.io/component": "order"}})", scene), ElementsAre("order"));
    EXPECT_THAT(selected_by(R"({"matchLabels": {"app": "else"}})", scene), IsEmpty());
}

TEST(SelectedBy, ASelectorAreAlsoComponentsWhosePodsHaveItsLabelsFromElsewhere) {
    const kube::Objects objects = shop();
    const std::vector<Labelled> pods{{"order", {{"pod-template-hash", "1a"}}},
                                     {"order", {{"pod-template-hash", "1a"}, {"by", "hand"}}},
                                     {"stranger", {{"by", "hand"}}}};
    const Scene scene{objects, "shop", pods};
    EXPECT_THAT(selected_by(R"({"matchLabels": {"by": "hand"}})", scene), ElementsAre("order"));
    EXPECT_THAT(selected_by(R"({"matchLabels": {"pod-template-hash": "1a", "app.kubernetes.io/component": "order"}})", scene),
                ElementsAre("order"));
    EXPECT_THAT(selected_by(R"({"matchExpressions": [{"key": "job-name", "operator": "Exists"}]})", scene), IsEmpty());
}

TEST(IsOurs, WhatTheOperatorAppliedAndNoCopyOfIt) {
    kube::Json object = policy("{}");
    object["metadata"]["labels"] = {{"app.kubernetes.io/managed-by", "ecommerce-operator"}};
    EXPECT_FALSE(is_ours(object));
    const auto written = [&](const char* manager, const char* operation) {
        object["metadata"]["managedFields"] = {
            {{"manager", manager}, {"operation", operation}, {"fieldsV1", {{"f:spec", kube::Json::object()}}}}};
        return is_ours(object);
    };
    EXPECT_TRUE(written("ecommerce-operator", "Apply"));
    EXPECT_FALSE(written("kubectl", "Apply"));
    EXPECT_FALSE(written("ecommerce-operator", "Update"));
}

}  // namespace
}  // namespace reconcile
