// The objects for the Prometheus operator come when its API does, and go with it.
#include <gmock/gmock.h>

#include "cluster.h"
#include "support/paths.h"

namespace apiserver {
namespace {

using testing::HasSubstr;
using testing::Not;

// A folder of definitions, which hack/tools/build puts into the cache.
std::string definitions_of(const std::string& tool) {
    const support::Finished said =
        support::run({"bash", "-c", R"(. "$1" && tool "$2")", "bash", support::in_checkout("hack/lib.sh"), tool});
    return said.output.substr(0, said.output.find('\n'));
}

// An API that comes with definitions of custom resources. Other tests' platforms want none of it, so that they don't notice.
class OptionalApiTest : public OperatorTest {
protected:
    OptionalApiTest(const std::string& tool, std::string kinds) : definitions_(definitions_of(tool)), kinds_(std::move(kinds)) {}

    void TearDown() override {
        remove_api();
        OperatorTest::TearDown();
    }

    void add_api() const {
        const support::Finished done = kubectl({"apply", "--server-side", "-f", definitions_});
        ASSERT_EQ(done.status, 0) << done.output;
        ASSERT_TRUE(eventually([&] { return kubectl({"get", kinds_}).status == 0; }));
    }
    void remove_api() const { kubectl({"delete", "-f", definitions_, "--ignore-not-found"}); }

private:
    std::string definitions_;
    std::string kinds_;
};

class Monitoring : public OptionalApiTest {
protected:
    Monitoring() : OptionalApiTest("prometheus-operator", "servicemonitors,prometheusrules") {}
};

TEST_F(Monitoring, ComesAndGoesWithItsApiWithoutARestart) {
    start_operator();
    apply(sample("minimal", {{"spec", {{"quality", {{"observability", {{"metrics", "ServiceMonitor"}}}}}}}}));
    ASSERT_TRUE(ready()) << "it serves without being watched";
    EXPECT_EQ(condition(get("ecp", "shop"), "Stalled"), "False");
    EXPECT_TRUE(says("Metrics", "False", "so nobody reads the metrics")) << promise("Metrics").dump();
    EXPECT_EQ(promise("Metrics")["cure"],
              "Install the Prometheus operator, or set spec.quality.observability.metrics to Annotations.");

    ASSERT_NO_FATAL_FAILURE(add_api());
    ASSERT_TRUE(eventually([&] { return find("servicemonitor", "shop-metrics") && find("prometheusrule", "shop-objectives"); }));
    EXPECT_EQ(get("servicemonitor", "shop-metrics")["metadata"]["ownerReferences"][0]["name"], "shop");
    EXPECT_TRUE(says("Metrics", "Unknown", "Set spec.quality.observability.prometheusUrl")) << promise("Metrics").dump();

    ASSERT_EQ(kubectl({"delete", "prometheusrule/shop-objectives"}).status, 0);
    EXPECT_TRUE(eventually([&] { return find("prometheusrule", "shop-objectives").has_value(); })) << "drift is repaired";

    patch_platform({{"spec", {{"quality", {{"observability", {{"metrics", "None"}}}}}}}});
    EXPECT_TRUE(
        eventually([&] { return !find("servicemonitor", "shop-metrics") && !find("prometheusrule", "shop-objectives"); }));

    patch_platform({{"spec", {{"quality", {{"observability", {{"metrics", "ServiceMonitor"}}}}}}}});
    ASSERT_TRUE(eventually([&] { return find("servicemonitor", "shop-metrics").has_value(); }));
    remove_api();
    patch_platform({{"spec", {{"quality", {{"maintainability", {{"configuration", {{"logLevel", "warn"}}}}}}}}}});
    EXPECT_TRUE(eventually([&] { return get("configmap", "shop-user").dump().find("warn") != std::string::npos; }));
    EXPECT_TRUE(settled());
    EXPECT_THAT(operator_log(), Not(HasSubstr("monitoring.coreos.com/v1, is forbidden")));
}

class Recommendations : public OptionalApiTest {
protected:
    Recommendations() : OptionalApiTest("vertical-pod-autoscaler", "verticalpodautoscalers") {}

    // As the recommender does.
    void recommend(const std::string& service, const char* cpu) const {
        const Json amounts{{"cpu", cpu}, {"memory", "128Mi"}};
        const Json status{
            {"recommendation",
             {{"containerRecommendations",
               Json::array(
                   {{{"containerName", service}, {"lowerBound", amounts}, {"target", amounts}, {"upperBound", amounts}}})}}}};
        const support::Finished done = kubectl(
            {"patch", "vpa", "shop-" + service, "--subresource=status", "--type=merge", "-p", Json{{"status", status}}.dump()});
        ASSERT_EQ(done.status, 0) << done.output;
    }
    bool says(const std::string& status, const std::string& words) const {
        return eventually([&] {
            const Json platform = get("ecp", "shop");
            return condition(platform, "CostEfficient") == status &&
                   condition(platform, "CostEfficient", "message").find(words) != std::string::npos;
        });
    }
};

TEST_F(Recommendations, AreComparedWithWhatTheServicesAskFor) {
    start_operator();
    apply(sample("development", {{"spec", {{"services", {{"order", {{"vertical", "Recommend"}}}}}}}}));
    EXPECT_TRUE(says("False", "VerticalPodAutoscaler: the cluster does not serve"));
    ASSERT_NO_FATAL_FAILURE(add_api());
    ASSERT_TRUE(eventually([&] { return find("vpa", "shop-order").has_value(); }));
    ASSERT_TRUE(ready());
    EXPECT_TRUE(says("Unknown", "order: nothing is recommended yet"));
    recommend("order", "60m");
    EXPECT_TRUE(
        says("False", "order: it asks for more cpu than it needs. Set spec.services.order.resources.requests.cpu to 75m."));
    patch_platform({{"spec", {{"services", {{"order", {{"resources", {{"requests", {{"cpu", "60m"}}}}}}}}}}}});
    EXPECT_TRUE(says("True", "RightSizing"));
    patch_platform({{"spec", {{"services", {{"order", {{"vertical", "Auto"}}}}}}}});
    const Json policy{{"updateMode", "Recreate"}, {"minReplicas", 1}};
    EXPECT_TRUE(eventually([&] { return get("vpa", "shop-order")["spec"]["updatePolicy"] == policy; }));
    EXPECT_TRUE(Operated::says("RightSizing", "True", "its pods ask for what is recommended")) << promise("RightSizing");
    recommend("order", "90m");
    EXPECT_TRUE(Operated::says("RightSizing", "Unknown", "not all of its pods ask for what is recommended yet"));
}

// Whose API comes and goes.
TEST_F(Recommendations, OfOthersMayNotChangeWhatPodsAskFor) {
    start_operator();
    const Json scaled{{"autoscaling", "Enabled"}, {"replicas", {{"min", 1}, {"max", 3}}}};
    apply(sample("development", {{"spec", {{"services", {{"order", scaled}}}}}}));
    ASSERT_TRUE(ready());
    EXPECT_TRUE(Operated::says("OneScaler", "True"));
    ASSERT_NO_FATAL_FAILURE(add_api());
    const auto set_mode = [&](const char* mode) {
        const Json scaler{{"apiVersion", "autoscaling.k8s.io/v1"},
                          {"kind", "VerticalPodAutoscaler"},
                          {"metadata", {{"name", "mine"}}},
                          {"spec",
                           {{"targetRef", {{"apiVersion", "apps/v1"}, {"kind", "Deployment"}, {"name", "shop-order"}}},
                            {"updatePolicy", {{"updateMode", mode}}}}}};
        const support::Finished done = kubectl({"apply", "-f", "-"}, scaler.dump());
        ASSERT_EQ(done.status, 0) << done.output;
    };
    set_mode("Recreate");
    EXPECT_TRUE(Operated::says("OneScaler", "False", "VerticalPodAutoscaler mine")) << promise("OneScaler");
    set_mode("Off");
    EXPECT_TRUE(Operated::says("OneScaler", "True")) << promise("OneScaler");
    set_mode("Recreate");
    EXPECT_TRUE(Operated::says("OneScaler", "False")) << promise("OneScaler");
    remove_api();
    EXPECT_TRUE(Operated::says("OneScaler", "True")) << promise("OneScaler");
}

}  // namespace
}  // namespace apiserver
