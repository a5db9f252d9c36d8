// What the Prometheus operator is told: which pods to read, and when to call somebody.
#include <gmock/gmock.h>

#include <regex>
#include <set>

#include "common/base/metrics.h"
#include "platforms.h"

namespace {

using kube::Json;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

api::Platform watched() {
    api::Platform platform = test::production();
    platform.spec.metrics = api::Metrics::ServiceMonitor;
    return platform;
}

kube::Objects made(const api::Platform& platform, const resources::Capabilities& capabilities) {
    return resources::desired(platform, test::some_digests(platform), capabilities);
}

auto named(const std::string& name) {
    return testing::Truly([name](const kube::Object& object) { return object.key().name == name; });
}

Json rules_of(const api::Platform& platform) {
    return test::find(test::objects_of(platform), kube::kPrometheusRule, "shop-objectives")["spec"]["groups"][0]["rules"];
}

TEST(Monitoring, IsMadeWhereItIsAskedFor) {
    for (const api::Metrics metrics : {api::Metrics::None, api::Metrics::Annotations}) {
        api::Platform platform = test::production();
        platform.spec.metrics = metrics;
        EXPECT_THAT(test::of_kind(test::objects_of(platform), kube::kServiceMonitor), IsEmpty());
        EXPECT_THAT(test::of_kind(test::objects_of(platform), kube::kPrometheusRule), IsEmpty());
    }
    const kube::Objects objects = test::objects_of(watched());
    EXPECT_EQ(test::of_kind(objects, kube::kServiceMonitor).size(), 1U);
    for (const kube::Object& deployment : test::of_kind(objects, kube::kDeployment)) {
        EXPECT_FALSE(deployment.json["spec"]["template"]["metadata"]["annotations"].contains("prometheus.io/scrape"));
    }
}

TEST(Monitoring, IsLeftOutAndSaidWhereTheClusterLacksItsApi) {
    const resources::Capabilities rules{kube::kHttpRoute.resource(), kube::kPrometheusRule.resource()};
    EXPECT_THAT(test::of_kind(made(watched(), rules), kube::kServiceMonitor), IsEmpty());
    EXPECT_EQ(test::of_kind(made(watched(), rules), kube::kPrometheusRule).size(), 1U);
    EXPECT_THAT(resources::left_out(watched(), rules),
                ElementsAre(testing::AllOf(
                    Field(&resources::LeftOut::consequence, HasSubstr("ServiceMonitor: the cluster does not serve")),
                    Field(&resources::LeftOut::cure, HasSubstr("Install the Prometheus operator")),
                    Field(&resources::LeftOut::needed, false))));
}

// A ServiceMonitor that names a port which no Service has reads nothing, and nobody is told.
TEST(Monitoring, ReadsAPortThatEachServiceHas) {
    const kube::Objects objects = test::objects_of(watched());
    const Json spec = test::find(objects, kube::kServiceMonitor, "shop-metrics")["spec"];
    const Json components = spec["selector"]["matchExpressions"][0]["values"];
    std::size_t selected = 0;
    for (const kube::Object& service : test::of_kind(objects, kube::kService)) {
        const Json labels = service.json["metadata"]["labels"];
        if (std::find(components.begin(), components.end(), labels["app.kubernetes.io/component"]) == components.end()) continue;
        ++selected;
        EXPECT_EQ(labels["ecommerceplatform.io/platform"], spec["selector"]["matchLabels"]["ecommerceplatform.io/platform"]);
        const Json ports = service.json["spec"]["ports"];
        EXPECT_TRUE(std::any_of(ports.begin(), ports.end(), [&](const Json& port) {
            return port["name"] == spec["endpoints"][0]["port"];
        })) << kube::to_string(service);
    }
    EXPECT_EQ(selected, api::kServices.size());
    EXPECT_EQ(spec["endpoints"][0]["interval"], "30s");
    EXPECT_EQ(spec["endpoints"][0]["honorLabels"], true);
}

TEST(Monitoring, CountsByABucketThatTheServicesHave) {
    const std::vector<double> buckets = base::http_request_buckets();
    for (const char* latency : {"50ms", "100ms", "250ms", "500ms", "1s", "2500ms", "5s", "10s"}) {
        api::Platform platform = watched();
        platform.spec.objectives.latency_p99 = latency;
        const std::string rule = rules_of(platform)[1]["expr"];
        std::smatch bound;
        ASSERT_TRUE(std::regex_search(rule, bound, std::regex("le=~\"([0-9.]+?)(\\(\\.0\\)\\?)?\""))) << rule;
        const bool whole_seconds = std::string(latency).find("ms") == std::string::npos;
        EXPECT_EQ(std::stod(bound[1]), std::stod(latency) / (whole_seconds ? 1 : 1000));
        EXPECT_THAT(buckets, testing::Contains(std::stod(bound[1])));
    }
    api::Platform platform = watched();
    platform.spec.objectives.latency_p99 = "300ms";
    EXPECT_THROW(test::objects_of(platform), std::invalid_argument);
}

TEST(Monitoring, AlertsFollowTheObjectives) {
    api::Platform platform = watched();
    platform.spec.objectives.error_rate_percent = "0.25";
    const Json rules = rules_of(platform);
    const auto alert = std::find_if(rules.begin(), rules.end(), [](const Json& rule) { return rule.contains("alert"); });
    ASSERT_NE(alert, rules.end());
    EXPECT_EQ((*alert)["alert"], "EcommercePlatformErrors");
    EXPECT_THAT((*alert)["expr"].get<std::string>(), HasSubstr("> 14.4 * 0.25 / 100 and "));
    EXPECT_THAT((*alert)["annotations"]["description"].get<std::string>(), HasSubstr("errorRatePercent 0.25"));
}

// The loosest objective that validate() lets pass, and what the defaults have.
TEST(Monitoring, NoAlertAsksForMoreFailuresThanThereAreRequests) {
    for (const char* percent : {"6.94", "5", "1", "0.1"}) {
        api::Platform platform = watched();
        platform.spec.objectives.error_rate_percent = percent;
        for (const Json& rule : rules_of(platform)) {
            const std::string expression = rule["expr"];
            const std::size_t above = expression.find("} > ");
            if (!rule.contains("alert") || above == std::string::npos) continue;
            EXPECT_LT(std::stod(expression.substr(above + 4)) * std::stod(percent) / 100, 1) << expression;
        }
    }
}

TEST(Dashboards, ComeWithAPrometheusThatReadsTheServices) {
    EXPECT_THAT(test::of_kind(test::objects_of(test::production()), kube::kConfigMap), Not(Contains(named("shop-dashboards"))));
    api::Platform platform = watched();
    platform.spec.dashboards = true;
    const Json map = test::find(test::objects_of(platform), kube::kConfigMap, "shop-dashboards");
    EXPECT_EQ(map["metadata"]["labels"]["grafana_dashboard"], "1");
    ASSERT_EQ(map["data"].size(), 2U);
    std::set<std::string> uids;
    for (const auto& [file, text] : map["data"].items()) {
        EXPECT_THAT(file, testing::EndsWith(".json"));
        const Json board = Json::parse(text.get<std::string>());
        const std::string uid = board["uid"];
        EXPECT_LE(uid.size(), 40U);
        EXPECT_TRUE(uids.insert(uid).second);
        EXPECT_THAT(board["title"].get<std::string>(), HasSubstr("shop/shop"));
        std::set<std::pair<int, int>> places;
        for (const Json& panel : board["panels"]) {
            const int x = panel["gridPos"]["x"];
            EXPECT_TRUE(places.emplace(x, panel["gridPos"]["y"].get<int>()).second) << panel;
            EXPECT_LE(x + panel["gridPos"]["w"].get<int>(), 24);
            for (const Json& target : panel["targets"]) {
                EXPECT_THAT(target["expr"].get<std::string>(), HasSubstr("{namespace=\"shop\",service=")) << panel;
            }
        }
    }
}

}  // namespace
