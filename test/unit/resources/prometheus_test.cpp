// A Prometheus of the platform's own: where it finds the services, and what it keeps.
#include <gmock/gmock.h>

#include "api/document.h"
#include "platforms.h"
#include "resources/objectives.h"

namespace {

using kube::Json;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

Json file_of(const api::Platform& platform, const std::string& name) {
    const Json map = test::find(test::objects_of(platform), kube::kConfigMap, "shop-prometheus");
    return std::get<Json>(api::read_document(map["data"][name].get<std::string>()));
}

kube::Object stateful_set_of(const api::Platform& platform) {
    return {kube::kStatefulSet, test::find(test::objects_of(platform), kube::kStatefulSet, "shop-prometheus")};
}

// Where the labels that queries ask by are wrong, nothing is found, and nobody is told.
TEST(OwnPrometheus, FindsEachServicesPodsByDnsAndNamesThemAsQueriesDo) {
    const kube::Objects objects = test::objects_of(test::with_prometheus());
    const Json scrapes = file_of(test::with_prometheus(), "prometheus.yml")["scrape_configs"];
    ASSERT_EQ(scrapes.size(), api::kServices.size());
    for (const Json& scrape : scrapes) {
        const Json labels = scrape["relabel_configs"];
        EXPECT_EQ(labels[0], (Json{{"target_label", "namespace"}, {"replacement", "shop"}}));
        const std::string service = labels[1]["replacement"];
        EXPECT_FALSE(test::find(objects, kube::kService, service).is_null()) << service;
        EXPECT_EQ(scrape["dns_sd_configs"][0]["names"], Json::array({service + "-headless.shop.svc"}));
        const Json headless = test::find(objects, kube::kService, service + "-headless")["spec"];
        EXPECT_EQ(headless["clusterIP"], "None");
        EXPECT_EQ(headless["publishNotReadyAddresses"], true);
        EXPECT_EQ(headless["ports"][0]["port"], scrape["dns_sd_configs"][0]["port"]);
        EXPECT_EQ(scrape["honor_labels"], true);
    }
    EXPECT_THAT(test::names_of(test::objects_of(test::production()), kube::kService), Not(Contains("shop-user-headless")));
}

TEST(OwnPrometheus, HasTheAlertsOfTheObjectives) {
    const Json rules = file_of(test::with_prometheus(), "rules.yml");
    EXPECT_EQ(rules["groups"], resources::rule_groups(test::with_prometheus()));
    EXPECT_THAT(rules.dump(), Not(HasSubstr("ServiceMonitor"))) << "no runbook tells of what is not there";
    api::Platform stricter = test::with_prometheus();
    stricter.spec.objectives.error_rate_percent = "0.01";
    EXPECT_NE(stateful_set_of(stricter).json, stateful_set_of(test::with_prometheus()).json) << "it starts anew with them";
}

TEST(OwnPrometheus, NeverFillsItsVolume) {
    const auto arguments = [](const std::string& storage) {
        api::Platform platform = test::with_prometheus();
        platform.spec.prometheus->managed.storage = storage;
        return test::container_of(stateful_set_of(platform))["args"];
    };
    EXPECT_THAT(arguments("100Gi"), Contains("--storage.tsdb.retention.size=81920MB"));
    EXPECT_THAT(arguments("1"), Contains("--storage.tsdb.retention.size=1MB"));
    EXPECT_THAT(arguments("1Gi"), Contains("--storage.tsdb.retention.time=15d"));
}

TEST(OwnPrometheus, IsRestrictedAndGivesWayToDataStores) {
    const kube::Object own = stateful_set_of(test::with_prometheus());
    EXPECT_EQ(test::container_of(own)["image"], "prom/prometheus:v2.42.0");
    EXPECT_EQ(test::container_of(own)["securityContext"]["readOnlyRootFilesystem"], true);
    EXPECT_EQ(test::pod_of(own)["automountServiceAccountToken"], false);
    EXPECT_EQ(test::pod_of(own)["priorityClassName"], "shop.shop-services");
    api::Platform mirrored = test::with_prometheus();
    mirrored.spec.images.data_registry = "registry.example.com/shop";
    mirrored.spec.images.digests["prometheus"] = "sha256:1";
    EXPECT_EQ(test::container_of(stateful_set_of(mirrored))["image"], "registry.example.com/shop/prometheus@sha256:1");
}

TEST(OwnPrometheus, IsAskedByTheExpressionsOfTheAlerts) {
    const Json rules = resources::rule_groups(test::production())[0]["rules"];
    const resources::Ratios ratios = resources::ratios(test::production());
    EXPECT_EQ(rules[0]["expr"], ratios.failed);
    EXPECT_EQ(rules[1]["expr"], ratios.slow);
    EXPECT_EQ(rules[0]["record"], "ecommerceplatform:failed_requests:ratio_rate5m");
}

}  // namespace
