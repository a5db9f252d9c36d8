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
    EXPECT_THAT(deployed_as("shop-order", shop(), "shop"), ElementsAre("order"));
    EXPECT_THAT(deployed_as("shop-order", shop(), "elsewhere"), IsEmpty());
    EXPECT_THAT(deployed_as("else", shop(), "shop"), IsEmpty());
}

TEST(SelectedBy, ASelectorAreComponentsOfTheNamespace) {
    EXPECT_THAT(selected_by("{}", shop(), "shop"), ElementsAre("catalog", "order"));
    EXPECT_THAT(selected_by(R"({"matchLabels": {"app.kubernetes.io/component": "order"}})", shop(), "shop"),
                ElementsAre("order"));
    EXPECT_THAT(selected_by(R"({"matchLabels": {"app": "else"}})", shop(), "shop"), IsEmpty());
}

}  // namespace
}  // namespace reconcile
