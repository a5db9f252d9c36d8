#include "resources/budget.h"

#include <gmock/gmock.h>

#include "platforms.h"

namespace {

using kube::Json;
using ::testing::IsEmpty;

TEST(Budget, BoundsNothingUnlessGiven) {
    const kube::Objects objects = test::objects_of(test::production());
    EXPECT_THAT(test::of_kind(objects, kube::kResourceQuota), IsEmpty());
    EXPECT_THAT(test::of_kind(objects, kube::kLimitRange), IsEmpty());
}

TEST(Budget, BoundsWhatIsGivenAndNoMore) {
    api::Platform platform = test::production();
    platform.spec.budget = {.cpu = "20", .memory = "", .storage = "500Gi", .monthly = ""};
    const kube::Objects objects = test::objects_of(platform);
    const Json quota = test::find(objects, kube::kResourceQuota, "shop-budget");
    EXPECT_EQ(quota["spec"]["hard"], (Json{{"requests.cpu", "20"}, {"requests.storage", "500Gi"}}));
    const Json range = test::find(objects, kube::kLimitRange, "shop-budget");
    EXPECT_EQ(range["spec"]["limits"][0]["defaultRequest"], (Json{{"cpu", "100m"}, {"memory", "128Mi"}}));
}

}  // namespace
