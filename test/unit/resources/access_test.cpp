#include "resources/access.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <variant>

#include "api/document.h"
#include "platforms.h"
#include "support/paths.h"
#include "support/process.h"

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

// The first of config/rbac/access.yaml.
Json role_of_developers() {
    const std::string text = support::read_file(support::in_checkout("config/rbac/access.yaml"));
    return std::get<Json>(api::read_document(text.substr(0, text.find("\n---\n") + 1)));
}

bool may(const Json& role, std::string_view verb, const kube::Kind& kind) {
    return std::ranges::any_of(role["rules"], [&](const Json& rule) {
        const auto has = [&](const char* list, std::string_view value) {
            return std::ranges::find(rule[list], Json(value)) != rule[list].end();
        };
        return has("apiGroups", kind.group) && has("resources", kind.plural) && has("verbs", verb);
    });
}

TEST(Access, ShowsDevelopersEveryObjectInTheNamespaceButSecrets) {
    const Json role = role_of_developers();
    ASSERT_EQ(role["metadata"]["name"], "ecommerceplatform-developer");
    for (const kube::Kind& kind : kube::child_kinds()) {
        if (kube::is_outside(kind)) continue;
        for (const char* verb : {"get", "list", "watch"}) {
            EXPECT_EQ(may(role, verb, kind), kind != kube::kSecret) << verb << ' ' << kind.plural;
        }
    }
    for (const Json& rule : role["rules"]) EXPECT_EQ(rule.dump().find("\"*\""), std::string::npos) << "nothing at all: " << rule;
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
