#include "resources/access.h"

#include <gmock/gmock.h>

#include "platforms.h"

namespace {

using kube::Json;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> subjects(const kube::Objects& objects, const std::string& name) {
    std::vector<std::string> names;
    const Json binding = test::find(objects, kube::kRoleBinding, name);
    for (const Json& subject : binding["subjects"]) {
        EXPECT_EQ(subject["kind"], "Group");
        names.push_back(subject["name"]);
    }
    return names;
}

TEST(Access, IsNobodysUnlessGiven) {
    EXPECT_THAT(test::of_kind(test::objects_of(test::production()), kube::kRoleBinding), IsEmpty());
}

TEST(Access, BindsTheRoleToItsGroups) {
    api::Platform platform = test::production();
    platform.spec.access = {.developers = {"dev", "both"}, .operators = {"ops", "both"}, .automation = {"argocd"}};
    const kube::Objects objects = test::objects_of(platform);
    EXPECT_THAT(subjects(objects, "shop-developer"), ElementsAre("dev", "both", "ops"));  // Operators look as well.
    EXPECT_THAT(subjects(objects, "shop-operator"), ElementsAre("ops", "both"));
    EXPECT_THAT(subjects(objects, "shop-automation"), ElementsAre("argocd"));
    const Json binding = test::find(objects, kube::kRoleBinding, "shop-operator");
    EXPECT_EQ(binding["roleRef"]["name"], "ecommerceplatform-operator");
    EXPECT_EQ(binding["metadata"]["namespace"], platform.key.ns);
}

TEST(Access, OfNobodyHasNoBinding) {
    api::Platform platform = test::production();
    platform.spec.access.automation = {"argocd"};
    EXPECT_EQ(test::of_kind(test::objects_of(platform), kube::kRoleBinding).size(), 1U);
}

}  // namespace
