#include "api/platform.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "api/document.h"
#include "api/profile.h"
#include "api/schema.h"
#include "api/validation.h"

namespace api {
namespace {

using kube::Json;

Platform platform(const std::string& spec, const std::string& ns = "shop") {
    const auto document = read_document(
        "{apiVersion: ecommerceplatform.io/v1alpha1, kind: EcommercePlatform, metadata: {name: shop, namespace: " + ns +
        "}, spec: " + spec + "}");
    EXPECT_THAT(validate(std::get<Json>(document)), testing::IsEmpty());
    return platform_from(std::get<Json>(document));
}

Spec spec(const std::string& text) {
    return platform(text).spec;
}

std::vector<int> numbers(const Replicas& replicas) {
    return {replicas.min, replicas.count, replicas.max};
}

TEST(Platform, OfAnEmptySpecIsAProductionPlatform) {
    const Spec shop = spec("{}");
    EXPECT_EQ(shop.profile, Profile::Production);
    EXPECT_EQ(shop.version, "1.0.0");
    EXPECT_EQ(shop.images.registry, "ecommerceplatform");
    EXPECT_EQ(shop.images.pull_policy, PullPolicy::Always);
    EXPECT_EQ(shop.ingress.kind, Exposure::None);
    EXPECT_EQ(shop.spread, Spread::Zone);
    EXPECT_TRUE(shop.priority_classes && shop.network_isolation && shop.metrics == api::Metrics::Annotations);
    EXPECT_EQ(shop.autoscaler.scale_down_window_seconds, 300);
    EXPECT_EQ(shop.autoscaler.scale_up_window_seconds, 60);
    EXPECT_EQ(shop.configuration.feature_flags,
              (std::map<std::string, bool>{{"advancedSearch", true}, {"recommendations", true}, {"socialLogin", false}}));
    EXPECT_EQ(shop.services.size(), kServices.size());
    const ServiceSettings& catalog = shop.services.at("catalog");
    EXPECT_EQ(numbers(catalog.replicas), (std::vector{2, 3, 10}));
    EXPECT_TRUE(catalog.autoscaling);
    EXPECT_EQ(catalog.compute.requests.cpu, "250m");
    EXPECT_EQ(catalog.compute.limits.ephemeral_storage, "2Gi");
    EXPECT_EQ(shop.postgres.managed.storage, "100Gi");
    EXPECT_EQ(shop.redis.managed.nodes, 3);
    EXPECT_EQ(shop.rabbitmq.managed.storage_class_name, "fast-ssd");
    EXPECT_FALSE(shop.prometheus);
    EXPECT_TRUE(shop.tracing.endpoint.empty());
    EXPECT_EQ(shop.deletion_policy, DeletionPolicy::Retain);
}

int pool(const std::string& text) {
    return spec(text).configuration.max_connections;
}

TEST(Platform, SharesTheConnectionsOfItsDatabaseAmongAllPodsThatMayBe) {
    // 2 GiB of memory take 225, of which three are for superusers and five for migrations; 65 pods share 217.
    EXPECT_EQ(spec("{}").postgres.managed.parameters.at("max_connections"), "225");
    EXPECT_EQ(pool("{}"), 3);
    EXPECT_EQ(pool("{data: {postgres: {managed: {parameters: {max_connections: '1048'}}}}}"), 16);
    EXPECT_EQ(pool("{data: {postgres: {managed: {parameters: {max_connections: '8000'}}}}}"), 16);
    EXPECT_EQ(pool("{data: {postgres: {managed: {parameters: {max_connections: '20'}}}}}"), 1);
    EXPECT_EQ(pool("{quality: {scalability: {replicas: {max: 3}}}}"), 7);
    EXPECT_EQ(pool("{quality: {scalability: {autoscaling: Disabled}}}"), 7);
    EXPECT_EQ(pool("{profile: Development}"), 6);  // 1 GiB: 112; fifteen pods.
    EXPECT_EQ(pool("{quality: {maintainability: {configuration: {maxConnections: 40}}}}"), 40);
    EXPECT_EQ(pool("{data: {postgres: {external: {secretName: db, cidr: 10.0.0.1/32, port: 5432}}}}"), 16);
}

TEST(Platform, OfDevelopmentIsOneOfEverything) {
    const Spec shop = spec("{profile: Development}");
    EXPECT_EQ(numbers(shop.services.at("user").replicas), (std::vector{1, 1, 1}));
    EXPECT_FALSE(shop.services.at("user").autoscaling);
    EXPECT_EQ(shop.spread, Spread::None);
    EXPECT_FALSE(shop.priority_classes);
    EXPECT_EQ(shop.configuration.log_level, "debug");
    EXPECT_EQ(shop.redis.managed.nodes, 1);
    EXPECT_EQ(shop.postgres.managed.storage_class_name, "standard");
}

TEST(Platform, MovesDefaultReplicasIntoTheGivenBounds) {
    const auto replicas = [](const std::string& given) {
        return numbers(spec("{quality: {scalability: {replicas: " + given + "}}}").services.at("user").replicas);
    };
    EXPECT_EQ(replicas("{max: 1}"), (std::vector{1, 1, 1}));
    EXPECT_EQ(replicas("{min: 20}"), (std::vector{20, 20, 20}));
    EXPECT_EQ(replicas("{count: 1}"), (std::vector{1, 1, 10}));
    EXPECT_EQ(replicas("{count: 12}"), (std::vector{2, 12, 12}));
    EXPECT_EQ(replicas("{min: 4}"), (std::vector{4, 4, 10}));
}

TEST(Platform, PrefersAServicesReplicasToThoseOfAll) {
    const Spec shop = spec("{quality: {scalability: {replicas: {min: 5, max: 8}}}, services: {payment: {replicas: {max: 3}}}}");
    EXPECT_EQ(numbers(shop.services.at("payment").replicas), (std::vector{3, 3, 3}));
    EXPECT_EQ(numbers(shop.services.at("user").replicas), (std::vector{5, 5, 8}));
    EXPECT_TRUE(shop.services.at("payment").own_most);
    EXPECT_FALSE(shop.services.at("user").own_most);
    const auto own = [](const std::string& given) {
        return spec("{services: {user: {replicas: " + given + "}}}").services.at("user").own_most;
    };
    EXPECT_TRUE(own("{max: 10}")) << "it may not follow the others";
    EXPECT_FALSE(own("{min: 3}"));
    EXPECT_TRUE(own("{min: 12}"));
}

TEST(Platform, HasTheReplicasAndTheSpreadThatItsAvailabilityNeeds) {
    const auto with = [](const std::string& percent, const std::string& rest = "") {
        return spec("{profile: Development, quality: {reliability: {availabilityPercent: '" + percent + "'}}" + rest + "}");
    };
    EXPECT_EQ(with("99.5").spread, Spread::None);
    EXPECT_EQ(numbers(with("99.5").services.at("user").replicas), (std::vector{1, 1, 1}));
    EXPECT_EQ(with("99.51").spread, Spread::Node);
    EXPECT_EQ(numbers(with("99.51").services.at("user").replicas), (std::vector{2, 2, 2}));
    EXPECT_EQ(with("99.95").spread, Spread::Node);
    EXPECT_EQ(with("99.96").spread, Spread::Zone);
    EXPECT_EQ(numbers(with("99.99").services.at("user").replicas), (std::vector{2, 2, 2}));
    EXPECT_EQ(numbers(with("99.9", ", services: {user: {replicas: {max: 1}}}").services.at("user").replicas),
              (std::vector{1, 1, 1}));
    EXPECT_EQ(spec("{quality: {reliability: {availabilityPercent: '99', spread: Zone}}}").spread, Spread::Zone)
        << "the stricter counts";
}

TEST(Platform, AsksForABackupEachNightWhereNothingElseIsSaid) {
    const Recovery usual = spec("{}").recovery;
    EXPECT_EQ(usual.schedule, "0 2 * * *");
    EXPECT_EQ(usual.retention, "168h");
    EXPECT_EQ(usual.data_loss, "24h");
    EXPECT_EQ(usual.time_to_recover, "1h");
    EXPECT_EQ(spec("{quality: {recovery: {dataLoss: 15m, backup: {schedule: '*/15 * * * *'}}}}").recovery.schedule,
              "*/15 * * * *");
}

TEST(Platform, AddsNoPodInARolloutInWhichAllGoFirst) {
    const Spec shop = spec("{quality: {maintainability: {rollout: {strategy: Recreate}}}}");
    EXPECT_TRUE(shop.recreates);
    EXPECT_EQ(shop.max_surge, 0);
}

TEST(Platform, AutoscalesOnlyWhereThereIsARange) {
    const Spec shop = spec(
        "{quality: {scalability: {replicas: {max: 2}}}, services: {catalog: {replicas: {max: 4}}, user: {autoscaling: "
        "Disabled}}}");
    EXPECT_FALSE(shop.services.at("order").autoscaling);
    EXPECT_TRUE(shop.services.at("catalog").autoscaling);
    EXPECT_FALSE(shop.services.at("user").autoscaling);
}

TEST(Platform, MovesDefaultResourcesToTheGivenOnes) {
    const Spec shop = spec(
        "{services: {user: {resources: {limits: {cpu: 100m}}}, order: {resources: {requests: {memory: 1024Mi}}},"
        " catalog: {resources: {requests: {cpu: 1}, limits: {cpu: 2000m}}}}}");
    EXPECT_EQ(shop.services.at("user").compute.requests.cpu, "100m");
    EXPECT_EQ(shop.services.at("order").compute.requests.memory, "1Gi");
    EXPECT_EQ(shop.services.at("order").compute.limits.memory, "1Gi");
    EXPECT_EQ(shop.services.at("catalog").compute.requests.cpu, "1");
    EXPECT_EQ(shop.services.at("catalog").compute.limits.cpu, "2");
}

TEST(Platform, SizesServicesAndStores) {
    const Spec shop = spec("{quality: {performance: {sizing: Large}}}");
    EXPECT_EQ(shop.services.at("gateway").compute.limits.memory, "1Gi");
    EXPECT_EQ(shop.postgres.managed.compute.limits.memory, "4Gi");
}

TEST(Platform, RunsAPrometheusWhereMetricsAreManaged) {
    const Spec managed = spec("{quality: {observability: {metrics: Managed, prometheus: {storage: 1024Mi}}}}");
    ASSERT_TRUE(managed.prometheus);
    EXPECT_EQ(managed.prometheus->managed.storage, "1Gi");
    EXPECT_EQ(managed.prometheus->managed.storage_class_name, "fast-ssd");
    EXPECT_EQ(managed.prometheus->managed.compute.limits.memory, "1Gi");
    EXPECT_EQ(managed.prometheus->retention, "15d");
    EXPECT_TRUE(managed.dashboards);

    Platform shop;
    shop.key = {"market", "shop"};
    EXPECT_EQ(prometheus_url(shop), "");
    shop.spec = managed;
    EXPECT_EQ(prometheus_url(shop), "http://shop-prometheus.market.svc:9090");
    shop.spec.prometheus_url = "http://prometheus.monitoring:9090";
    EXPECT_EQ(prometheus_url(shop), "http://prometheus.monitoring:9090");
}

TEST(Platform, TakesRequestsFromTheControllersNamespace) {
    EXPECT_EQ(spec("{ingress: {kind: Ingress, host: a.b}}").ingress.controller_namespace, "ingress");
    EXPECT_EQ(spec("{ingress: {kind: Ingress, host: a.b, controllerNamespace: x}}").ingress.controller_namespace, "x");
    EXPECT_EQ(spec("{ingress: {kind: HTTPRoute, host: a.b, parent: {name: p, namespace: g}}}").ingress.controller_namespace, "g");
    const Ingress own = platform("{ingress: {kind: HTTPRoute, host: a.b, parent: {name: p}}}", "own").spec.ingress;
    EXPECT_EQ(own.parent_ns, "own");
    EXPECT_EQ(own.controller_namespace, "own");
    EXPECT_EQ(spec("{ingress: {kind: NodePort}}").ingress.controller_namespace, "");
}

TEST(Platform, KnowsAnExternalStoreByItsSecretAndAddress) {
    const Spec shop = spec("{data: {postgres: {external: {secretName: pg, cidr: 10.0.0.0/8, port: 6432}}}}");
    ASSERT_TRUE(data_store(shop, kPostgres).external);
    EXPECT_EQ(shop.postgres.external->secret_name, "pg");
    EXPECT_EQ(shop.postgres.external->address.cidr, "10.0.0.0/8");
    EXPECT_EQ(shop.postgres.external->address.port, 6432);
    EXPECT_FALSE(data_store(shop, kRedis).external);
}

TEST(Platform, CarriesWhatTheServerWroteIntoItsMetadata) {
    const Platform shop = platform_from(Json::parse(R"({"metadata": {"name": "a", "namespace": "b", "uid": "u", "generation": 7,
        "resourceVersion": "9", "deletionTimestamp": "2026-01-01T00:00:00Z", "finalizers": ["f"]}, "spec": {}, "status": {"version": "1"}})"));
    EXPECT_EQ(shop.key, (kube::Key{"b", "a"}));
    EXPECT_EQ(shop.uid, "u");
    EXPECT_EQ(shop.generation, 7);
    EXPECT_EQ(shop.resource_version, "9");
    EXPECT_TRUE(shop.deleting);
    EXPECT_THAT(shop.finalizers, testing::ElementsAre("f"));
    EXPECT_EQ(shop.status["version"], "1");
}

TEST(Platform, RefusesADocumentThatWasNotValidated) {
    EXPECT_THROW(platform_from(Json::parse(R"({"spec": {"profile": "Testing"}})")), std::invalid_argument);
    EXPECT_THROW(platform_from(Json::parse(R"({"spec": {"suspend": "yes"}})")), std::invalid_argument);
}

// The CRD's transition rules repeat the volumes' defaults, since CEL cannot ask this program.
TEST(Profiles, HaveTheVolumesThatTheCrdsRulesAssume) {
    std::string rules;
    for (const Json& rule : platform_schema()["properties"]["spec"]["x-kubernetes-validations"])
        rules += rule["rule"].get<std::string>() + "\n";
    const std::map<std::string, StoreDefaults Defaults::*> stores{{"data.postgres.managed", &Defaults::postgres},
                                                                  {"data.redis.managed", &Defaults::redis},
                                                                  {"data.rabbitmq.managed", &Defaults::rabbitmq},
                                                                  {"quality.observability.prometheus", &Defaults::prometheus}};
    for (const auto& [store, member] : stores) {
        const auto defaults = [of = member](Profile profile) { return defaults_of(profile).*of; };
        const std::string sizes = "string(self." + store + ".storage) : self.profile == 'Production' ? '" +
                                  std::string(defaults(Profile::Production).storage) + "' : self.profile == 'Staging' ? '" +
                                  std::string(defaults(Profile::Staging).storage) + "' : '" +
                                  std::string(defaults(Profile::Development).storage) + "'";
        EXPECT_THAT(rules, testing::HasSubstr(sizes));
        EXPECT_EQ(defaults(Profile::Production).storage_class, "fast-ssd");
        EXPECT_EQ(defaults(Profile::Staging).storage_class, "standard");
        EXPECT_EQ(defaults(Profile::Development).storage_class, "standard");
        EXPECT_EQ(defaults(Profile::Development).nodes, 1);
        EXPECT_EQ(defaults(Profile::Staging).nodes, defaults(Profile::Production).nodes);
    }
}

}  // namespace
}  // namespace api
