#include "resources/admission.h"

#include <gmock/gmock.h>

#include "platforms.h"

namespace {

using kube::Json;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Json policy_of(const api::Platform& platform) {
    return test::find(test::objects_of(platform), kube::kValidatingAdmissionPolicy, "shop.shop-pods")["spec"];
}

TEST(Admission, LooksAtPodsOfTheNamespaceAlone) {
    const Json policy = policy_of(test::production());
    EXPECT_EQ(policy["matchConstraints"]["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"], "shop");
    EXPECT_EQ(policy["matchConstraints"]["resourceRules"].size(), 1U);
    EXPECT_EQ(policy["matchConstraints"]["resourceRules"][0]["resources"], Json({"pods", "pods/ephemeralcontainers"}));
}

TEST(Admission, DeniesWarnsOrIsNotThere) {
    api::Platform platform = test::production();
    const auto actions = [&] {
        return test::find(test::objects_of(platform), kube::kValidatingAdmissionPolicyBinding, "shop.shop-pods")["spec"];
    };
    EXPECT_EQ(actions()["validationActions"], Json({"Deny"}));
    EXPECT_EQ(actions()["policyName"], "shop.shop-pods");
    platform.spec.admission = api::Admission::Warn;
    EXPECT_EQ(actions()["validationActions"], Json({"Warn"}));
    platform.spec.admission = api::Admission::None;
    EXPECT_THAT(test::of_kind(test::objects_of(platform), kube::kValidatingAdmissionPolicy), IsEmpty());
    EXPECT_THAT(test::of_kind(test::objects_of(platform), kube::kValidatingAdmissionPolicyBinding), IsEmpty());
}

TEST(Admission, AsksForRegistriesAndDigestsWhereTheSpecDoes) {
    api::Platform platform = test::production();
    EXPECT_EQ(policy_of(platform)["validations"].size(), 3U);
    platform.spec.image_policy = {{"registry.example.com", "docker.io/library"}, true};
    const Json rules = policy_of(platform)["validations"];
    ASSERT_EQ(rules.size(), 5U);
    EXPECT_THAT(rules[3]["expression"].get<std::string>(), HasSubstr("['registry.example.com/', 'docker.io/library/'].exists"));
    EXPECT_THAT(rules[4]["message"].get<std::string>(), HasSubstr("digest"));
}

}  // namespace
