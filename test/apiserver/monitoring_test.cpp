// The objects for the Prometheus operator come when its API does, and go with it.
#include <gmock/gmock.h>

#include "cluster.h"
#include "support/paths.h"

namespace apiserver {
namespace {

using testing::HasSubstr;
using testing::Not;

// The folder of that operator's definitions, which hack/tools/build puts into the cache.
std::string definitions() {
    const support::Finished said =
        support::run({"bash", "-c", R"(. "$1" && tool prometheus-operator)", "bash", support::in_checkout("hack/lib.sh")});
    return said.output.substr(0, said.output.find('\n'));
}

class Monitoring : public OperatorTest {
protected:
    // Other tests' platforms want none of it, so that they don't notice.
    void TearDown() override {
        kubectl({"delete", "-f", definitions(), "--ignore-not-found"});
        OperatorTest::TearDown();
    }
};

TEST_F(Monitoring, ComesAndGoesWithItsApiWithoutARestart) {
    start_operator();
    apply(sample("minimal", {{"spec", {{"quality", {{"observability", {{"metrics", "ServiceMonitor"}}}}}}}}));
    ASSERT_TRUE(ready()) << "it serves without being watched";
    EXPECT_EQ(condition(get("ecp", "shop"), "Stalled"), "False");

    ASSERT_EQ(kubectl({"apply", "--server-side", "-f", definitions()}).status, 0);
    ASSERT_TRUE(eventually([&] { return kubectl({"get", "servicemonitors,prometheusrules"}).status == 0; }, 30s));
    ASSERT_TRUE(
        eventually([&] { return find("servicemonitor", "shop-metrics") && find("prometheusrule", "shop-objectives"); }, 30s));
    EXPECT_EQ(get("servicemonitor", "shop-metrics")["metadata"]["ownerReferences"][0]["name"], "shop");

    ASSERT_EQ(kubectl({"delete", "prometheusrule/shop-objectives"}).status, 0);
    EXPECT_TRUE(eventually([&] { return find("prometheusrule", "shop-objectives").has_value(); }, 30s)) << "drift is repaired";

    patch_platform({{"spec", {{"quality", {{"observability", {{"metrics", "None"}}}}}}}});
    EXPECT_TRUE(
        eventually([&] { return !find("servicemonitor", "shop-metrics") && !find("prometheusrule", "shop-objectives"); }, 30s));

    patch_platform({{"spec", {{"quality", {{"observability", {{"metrics", "ServiceMonitor"}}}}}}}});
    ASSERT_TRUE(eventually([&] { return find("servicemonitor", "shop-metrics").has_value(); }, 30s));
    ASSERT_EQ(kubectl({"delete", "-f", definitions()}).status, 0);
    patch_platform({{"spec", {{"quality", {{"maintainability", {{"configuration", {{"logLevel", "warn"}}}}}}}}}});
    EXPECT_TRUE(eventually([&] { return get("configmap", "shop-user").dump().find("warn") != std::string::npos; }, 30s));
    EXPECT_TRUE(eventually([&] { return settled(); }, 60s));
    EXPECT_THAT(operator_log(), Not(HasSubstr("monitoring.coreos.com/v1, is forbidden")));
}

}  // namespace
}  // namespace apiserver
