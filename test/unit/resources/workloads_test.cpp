// Deployments, StatefulSets and what goes with them.
#include <gmock/gmock.h>

#include "platforms.h"
#include "resources/environment.h"

namespace {

using kube::Json;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

api::ServiceSettings& settings(api::Platform& platform, const std::string& key) {
    return platform.spec.services.at(key);
}

TEST(Workloads, TheSameInputGivesTheSameOutput) {
    const kube::Objects once = test::objects_of(test::production());
    const kube::Objects again = test::objects_of(test::production());
    ASSERT_EQ(once.size(), again.size());
    for (std::size_t i = 0; i < once.size(); ++i) EXPECT_EQ(once[i].json.dump(), again[i].json.dump());
}

TEST(Workloads, NoTwoObjectsShareKindAndName) {
    std::set<std::string> seen;
    for (const kube::Object& object : test::objects_of(test::production())) {
        EXPECT_TRUE(seen.insert(kube::to_string(object)).second) << kube::to_string(object);
    }
}

TEST(Workloads, ObjectsComeInTheOrderOfApplication) {
    const std::vector<kube::Kind>& kinds = kube::child_kinds();
    std::ptrdiff_t last = 0;
    for (const kube::Object& object : test::objects_of(test::production())) {
        const auto rank = std::find(kinds.begin(), kinds.end(), object.kind) - kinds.begin();
        EXPECT_GE(rank, last) << kube::to_string(object);
        last = rank;
    }
}

TEST(Workloads, EveryObjectCarriesThePlatformsLabelAndOwner) {
    for (const kube::Object& object : test::objects_of(test::production())) {
        EXPECT_EQ(object.json["metadata"]["labels"]["ecommerceplatform.io/platform"], "shop") << kube::to_string(object);
        EXPECT_EQ(object.json["metadata"].contains("ownerReferences"), object.kind.namespaced) << kube::to_string(object);
    }
}

TEST(Workloads, APlatformThatIsOnlyRenderedOwnsNothing) {
    api::Platform platform = test::production();
    platform.uid.clear();
    for (const kube::Object& object : test::objects_of(platform)) {
        EXPECT_FALSE(object.json["metadata"].contains("ownerReferences")) << kube::to_string(object);
    }
}

TEST(Workloads, NamesFitEvenForTheLongestPlatformName) {
    api::Platform platform = test::production();
    platform.key.name = std::string(api::kMaxPlatformName, 'x');
    platform.spec.ingress.kind = api::Exposure::NodePort;
    for (const kube::Object& object : test::objects_of(platform)) {
        if (object.kind.namespaced) {
            EXPECT_LE(object.key().name.size(), 61U) << "with an ordinal it must fit into 63";
        }
        for (const auto& [name, value] : object.json["metadata"]["labels"].items()) {
            EXPECT_LE(value.get<std::string>().size(), 63U) << kube::to_string(object) << " " << name;
        }
    }
    for (const resources::SecretTemplate& secret : resources::secrets(platform, {})) EXPECT_LE(secret.name.size(), 63U);
}

TEST(Workloads, PostgresIsAliveWhileItRecovers) {
    const Json postgres = test::find(test::objects_of(test::production()), kube::kStatefulSet, "shop-postgres");
    const Json container = postgres["spec"]["template"]["spec"]["containers"][0];
    // 1 is what pg_isready says of a server that lives and refuses.
    EXPECT_EQ(container["livenessProbe"]["exec"]["command"][2], "pg_isready -h 127.0.0.1 -p 5432 -U postgres || [ $? -eq 1 ]");
    EXPECT_EQ(container["readinessProbe"]["exec"]["command"][2], "pg_isready -h 127.0.0.1 -p 5432 -U postgres");
}

TEST(Workloads, SelectorsAreThoseLabelsOfThePodsThatNeverChange) {
    for (const kube::Object& workload : test::workloads(test::objects_of(test::production()))) {
        const Json selector = workload.json["spec"]["selector"]["matchLabels"];
        EXPECT_THAT(selector, SizeIs(1)) << kube::to_string(workload);
        EXPECT_TRUE(selector.contains("app.kubernetes.io/instance"));
        const Json labels = workload.json["spec"]["template"]["metadata"]["labels"];
        for (const auto& [name, value] : selector.items()) EXPECT_EQ(labels[name], value);
    }
}

TEST(Workloads, EveryServiceSelectsPodsThatHaveThePortsItNames) {
    api::Platform platform = test::production();
    platform.spec.ingress.kind = api::Exposure::NodePort;
    const kube::Objects objects = test::objects_of(platform);
    for (const kube::Object& service : test::of_kind(objects, kube::kService)) {
        std::set<std::string> names;
        for (const kube::Object& workload : test::workloads(objects)) {
            if (workload.json["spec"]["selector"]["matchLabels"] != service.json["spec"]["selector"]) continue;
            const Json container = test::container_of(workload);
            for (const Json& port : container["ports"]) names.insert(port["name"]);
        }
        for (const Json& port : service.json["spec"]["ports"]) {
            EXPECT_THAT(names, Contains(port["targetPort"].get<std::string>())) << kube::to_string(service);
        }
    }
}

TEST(Workloads, NoReplicasStandUnderAnAutoscaler) {
    api::Platform platform = test::production();
    settings(platform, "payment").autoscaling = false;
    const kube::Objects objects = test::objects_of(platform);
    for (const kube::Object& deployment : test::of_kind(objects, kube::kDeployment)) {
        const bool scaled = !test::find(objects, kube::kHorizontalPodAutoscaler, deployment.key().name).is_null();
        EXPECT_NE(scaled, deployment.json["spec"].contains("replicas")) << kube::to_string(deployment);
    }
    EXPECT_EQ(test::find(objects, kube::kDeployment, "shop-payment")["spec"]["replicas"], 3);
}

TEST(Workloads, TheAutoscalerIsAsThePlatformPromises) {
    const Json spec = test::find(test::objects_of(test::production()), kube::kHorizontalPodAutoscaler, "shop-catalog")["spec"];
    EXPECT_EQ(spec["minReplicas"], 2);
    EXPECT_EQ(spec["maxReplicas"], 10);
    EXPECT_EQ(spec["metrics"][0]["resource"]["target"]["averageUtilization"], 70);
    EXPECT_EQ(spec["metrics"][1]["resource"]["target"]["averageUtilization"], 80);
    const Json down = spec["behavior"]["scaleDown"];
    EXPECT_EQ(down["stabilizationWindowSeconds"], 300);
    EXPECT_EQ(down["selectPolicy"], "Min");
    EXPECT_EQ(down["policies"], Json::parse(R"([{"type":"Percent","value":50,"periodSeconds":60},
                                                {"type":"Pods","value":2,"periodSeconds":60}])"));
    const Json up = spec["behavior"]["scaleUp"];
    EXPECT_EQ(up["stabilizationWindowSeconds"], 60);
    EXPECT_EQ(up["selectPolicy"], "Max");
    EXPECT_EQ(up["policies"], Json::parse(R"([{"type":"Percent","value":100,"periodSeconds":15},
                                              {"type":"Pods","value":4,"periodSeconds":15}])"));
}

TEST(Workloads, ABudgetIsNeverAboveTheFewestPodsThereMayBe) {
    api::Platform platform = test::production();
    settings(platform, "order").replicas = {3, 1, 10};
    settings(platform, "payment").autoscaling = false;
    settings(platform, "payment").replicas = {1, 2, 10};
    const kube::Objects objects = test::objects_of(platform);
    EXPECT_THAT(test::names_of(objects, kube::kPodDisruptionBudget), Not(Contains("shop-order")));
    EXPECT_THAT(test::names_of(objects, kube::kPodDisruptionBudget), Not(Contains("shop-payment")));
    for (const kube::Object& budget : test::of_kind(objects, kube::kPodDisruptionBudget)) {
        EXPECT_EQ(budget.json["spec"]["unhealthyPodEvictionPolicy"], "AlwaysAllow");
        if (!budget.json["spec"].contains("minAvailable")) continue;
        const Json scaler = test::find(objects, kube::kHorizontalPodAutoscaler, budget.key().name);
        EXPECT_LT(budget.json["spec"]["minAvailable"].get<int>(), scaler["spec"]["minReplicas"].get<int>());
    }
}

TEST(Workloads, ARolloutNeverTakesTheLastPodAwayFirst) {
    api::Platform platform = test::production();
    settings(platform, "order").replicas = {1, 1, 10};
    const kube::Objects objects = test::objects_of(platform);
    EXPECT_EQ(test::find(objects, kube::kDeployment, "shop-order")["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"], 0);
    EXPECT_EQ(test::find(objects, kube::kDeployment, "shop-user")["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"], 1);
}

TEST(Workloads, ARolloutCanAlwaysMove) {
    api::Platform platform = test::development();
    platform.spec.max_surge = 0;
    for (const kube::Object& deployment : test::of_kind(test::objects_of(platform), kube::kDeployment)) {
        EXPECT_EQ(deployment.json["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"], 1);
    }
}

TEST(Workloads, AllOldPodsGoFirstWhereThatIsAskedFor) {
    api::Platform platform = test::production();
    platform.spec.recreates = true;
    platform.spec.revisions = 2;
    const kube::Objects objects = test::objects_of(platform);
    const Json deployment = test::find(objects, kube::kDeployment, "shop-order")["spec"];
    EXPECT_EQ(deployment["strategy"], Json({{"type", "Recreate"}}));
    EXPECT_EQ(deployment["revisionHistoryLimit"], 2);
    EXPECT_EQ(test::find(objects, kube::kStatefulSet, "shop-redis")["spec"]["revisionHistoryLimit"], 2);
}

TEST(Workloads, DevelopmentHasNoBudgetsAutoscalersOrPriorities) {
    const kube::Objects objects = test::objects_of(test::development());
    EXPECT_THAT(test::of_kind(objects, kube::kPodDisruptionBudget), IsEmpty());
    EXPECT_THAT(test::of_kind(objects, kube::kHorizontalPodAutoscaler), IsEmpty());
    EXPECT_THAT(test::of_kind(objects, kube::kPriorityClass), IsEmpty());
    for (const kube::Object& workload : test::workloads(objects)) {
        EXPECT_FALSE(test::pod_of(workload).contains("priorityClassName"));
        EXPECT_FALSE(test::pod_of(workload).contains("topologySpreadConstraints"));
        EXPECT_FALSE(test::pod_of(workload).contains("affinity"));
    }
}

TEST(Workloads, GraceExceedsPreStopAndDrain) {
    for (const kube::Object& deployment : test::of_kind(test::objects_of(test::production()), kube::kDeployment)) {
        const int pre_stop = test::container_of(deployment)["lifecycle"]["preStop"]["sleep"]["seconds"];
        const int grace = test::pod_of(deployment)["terminationGracePeriodSeconds"];
        EXPECT_EQ(pre_stop, 5);
        EXPECT_GE(grace, pre_stop + 20 + 5);
    }
}

TEST(Workloads, NoContainerIsRootWritesItsRootOrHasAToken) {
    for (const kube::Object& workload : test::workloads(test::objects_of(test::production()))) {
        const Json pod = test::pod_of(workload);
        EXPECT_EQ(pod["automountServiceAccountToken"], false);
        EXPECT_EQ(pod["enableServiceLinks"], false);
        EXPECT_EQ(pod["securityContext"]["runAsNonRoot"], true);
        for (const char* id : {"runAsUser", "runAsGroup", "fsGroup"}) EXPECT_EQ(pod["securityContext"][id], 10001);
        EXPECT_EQ(pod["securityContext"]["seccompProfile"]["type"], "RuntimeDefault");
        const Json security = test::container_of(workload)["securityContext"];
        EXPECT_EQ(security["readOnlyRootFilesystem"], true);
        EXPECT_EQ(security["allowPrivilegeEscalation"], false);
        EXPECT_EQ(security["capabilities"]["drop"], Json::array({"ALL"}));
    }
}

TEST(Workloads, LivenessDiffersFromReadiness) {
    for (const kube::Object& deployment : test::of_kind(test::objects_of(test::production()), kube::kDeployment)) {
        const Json container = test::container_of(deployment);
        EXPECT_EQ(container["livenessProbe"]["httpGet"]["path"], "/livez");
        EXPECT_EQ(container["readinessProbe"]["httpGet"]["path"], "/readyz");
        EXPECT_EQ(container["startupProbe"]["httpGet"]["path"], "/startupz");
        EXPECT_EQ(container["livenessProbe"]["periodSeconds"], 10);
        EXPECT_EQ(container["readinessProbe"]["periodSeconds"], 5);
    }
}

TEST(Workloads, EveryMountHasAVolumeAndEveryVolumeAMount) {
    for (const kube::Object& workload : test::workloads(test::objects_of(test::production()))) {
        std::set<std::string> volumes;
        const Json pod = test::pod_of(workload);
        for (const Json& volume : pod["volumes"]) volumes.insert(volume["name"]);
        for (const Json& claim : workload.json["spec"].value("volumeClaimTemplates", Json::array())) {
            volumes.insert(claim["metadata"]["name"]);
        }
        std::set<std::string> mounts;
        const Json container = test::container_of(workload);
        for (const Json& mount : container["volumeMounts"]) mounts.insert(mount["name"]);
        EXPECT_EQ(volumes, mounts) << kube::to_string(workload);
    }
}

TEST(Workloads, ImagesTakeTheVersionAndADigestWins) {
    api::Platform platform = test::production();
    platform.spec.images.digests = {{"catalog-service", "sha256:abc"}, {"redis", "sha256:def"}};
    const kube::Objects objects = test::objects_of(platform);
    const auto image = [&](const kube::Kind& kind, const std::string& name) {
        return test::find(objects, kind, name)["spec"]["template"]["spec"]["containers"][0]["image"].get<std::string>();
    };
    EXPECT_EQ(image(kube::kDeployment, "shop-user"), "registry.example.com/shop/user-service:1.4.0");
    EXPECT_EQ(image(kube::kDeployment, "shop-catalog"), "registry.example.com/shop/catalog-service@sha256:abc");
    EXPECT_EQ(image(kube::kStatefulSet, "shop-postgres"), "postgres:15");
    EXPECT_EQ(image(kube::kStatefulSet, "shop-redis"), "redis@sha256:def");
}

TEST(Workloads, SpotNodesAreForThoseThatMayBeInterrupted) {
    api::Platform platform = test::production();
    platform.spec.spot_components = {"catalog"};
    const kube::Objects objects = test::objects_of(platform);
    for (const kube::Object& workload : test::workloads(objects)) {
        const bool spot = workload.key().name == "shop-catalog";
        EXPECT_EQ(test::pod_of(workload).contains("tolerations"), spot) << kube::to_string(workload);
        EXPECT_EQ(test::pod_of(workload)["affinity"].contains("nodeAffinity"), spot);
        EXPECT_EQ(workload.json["spec"]["template"]["metadata"]["labels"].contains("workload-type"), spot);
        EXPECT_FALSE(workload.json["spec"]["selector"]["matchLabels"].contains("workload-type"));
    }
}

TEST(Workloads, AZoneSpreadCountsThePodsOfTheSameRevisionAlone) {
    const kube::Objects objects = test::objects_of(test::production());
    const Json pod = test::find(objects, kube::kDeployment, "shop-user")["spec"]["template"]["spec"];
    ASSERT_THAT(pod["topologySpreadConstraints"], SizeIs(2));
    for (const Json& constraint : pod["topologySpreadConstraints"]) {
        EXPECT_EQ(constraint["whenUnsatisfiable"], "ScheduleAnyway");
        EXPECT_EQ(constraint["matchLabelKeys"], Json::array({"pod-template-hash"}));
    }
    const Json store = test::find(objects, kube::kStatefulSet, "shop-redis")["spec"]["template"]["spec"];
    for (const Json& constraint : store["topologySpreadConstraints"]) {
        EXPECT_FALSE(constraint.contains("matchLabelKeys"));
        const bool over_hosts = constraint["topologyKey"] == "kubernetes.io/hostname";
        EXPECT_EQ(constraint["whenUnsatisfiable"], over_hosts ? "DoNotSchedule" : "ScheduleAnyway");
    }
}

TEST(Workloads, AServiceIsToldTheAddressesOfThoseItMayCallAlone) {
    const kube::Objects objects = test::objects_of(test::production());
    std::vector<std::pair<std::string, std::string>> told;
    for (const kube::Object& deployment : test::of_kind(objects, kube::kDeployment)) {
        for (const char* name : {"USER_URL", "CATALOG_URL", "INVENTORY_URL", "ORDER_URL", "PAYMENT_URL"}) {
            if (!test::variable(deployment, name).empty()) told.emplace_back(deployment.key().name, name);
        }
    }
    EXPECT_THAT(
        told, ::testing::UnorderedElementsAre(std::pair{"shop-gateway", "USER_URL"}, std::pair{"shop-gateway", "CATALOG_URL"},
                                              std::pair{"shop-gateway", "INVENTORY_URL"}, std::pair{"shop-gateway", "ORDER_URL"},
                                              std::pair{"shop-gateway", "PAYMENT_URL"}, std::pair{"shop-catalog", "USER_URL"},
                                              std::pair{"shop-order", "CATALOG_URL"}, std::pair{"shop-order", "INVENTORY_URL"},
                                              std::pair{"shop-order", "PAYMENT_URL"}));
}

TEST(Workloads, FilesNamedByVariablesAreMounted) {
    for (const kube::Object& deployment : test::of_kind(test::objects_of(test::production()), kube::kDeployment)) {
        const Json container = test::container_of(deployment);
        for (const Json& entry : container["env"]) {
            const std::string value = entry.value("value", "");
            if (!value.starts_with("/")) continue;
            bool mounted = false;
            for (const Json& mount : container["volumeMounts"]) {
                if (value.starts_with(mount["mountPath"].get<std::string>())) mounted = true;
            }
            EXPECT_TRUE(mounted) << kube::to_string(deployment) << " " << entry["name"] << " " << value;
        }
    }
}

TEST(Workloads, TracingIsSaidInTheStandardVariables) {
    const kube::Objects objects = test::objects_of(test::production());
    for (const kube::Object& deployment : test::of_kind(objects, kube::kDeployment)) {
        EXPECT_EQ(test::variable(deployment, "OTEL_EXPORTER_OTLP_ENDPOINT"), "http://jaeger.tracing:4318");
        EXPECT_EQ(test::variable(deployment, "OTEL_TRACES_SAMPLER_ARG"), "0.1");
        EXPECT_THAT(test::variable(deployment, "OTEL_RESOURCE_ATTRIBUTES"), HasSubstr("service.version=1.4.0"));
    }
    for (const kube::Object& deployment : test::of_kind(test::objects_of(test::development()), kube::kDeployment)) {
        EXPECT_EQ(test::variable(deployment, "OTEL_SERVICE_NAME"), "");
    }
}

TEST(Workloads, OnlyPaymentKnowsThePaymentProvider) {
    api::Platform platform = test::production();
    platform.spec.payment_provider_url = "http://provider.bank:8080";
    for (const kube::Object& deployment : test::of_kind(test::objects_of(platform), kube::kDeployment)) {
        EXPECT_EQ(!test::variable(deployment, "PAYMENT_PROVIDER_URL").empty(), deployment.key().name == "shop-payment");
    }
}

TEST(Workloads, AServicesConfigurationIsReadWithoutARestart) {
    api::Platform changed = test::production();
    changed.spec.configuration.log_level = "debug";
    const kube::Objects before = test::objects_of(test::production());
    const kube::Objects after = test::objects_of(changed);
    EXPECT_NE(test::find(before, kube::kConfigMap, "shop-user"), test::find(after, kube::kConfigMap, "shop-user"));
    EXPECT_EQ(test::find(before, kube::kDeployment, "shop-user"), test::find(after, kube::kDeployment, "shop-user"));
}

TEST(Workloads, TheConfigurationOfAServiceSaysWhatTheSpecSays) {
    const Json map = test::find(test::objects_of(test::production()), kube::kConfigMap, "shop-catalog");
    EXPECT_EQ(map["data"]["config.yaml"],
              "logLevel: info\nlogFormat: Json\napiTimeout: 30s\nmaxConnections: 100\ndrainTimeout: 20s\n"
              "featureFlags:\n  advancedSearch: true\n  recommendations: true\n  socialLogin: false\n");
    const Json gateway = test::find(test::objects_of(test::production()), kube::kConfigMap, "shop-gateway");
    EXPECT_EQ(gateway["data"]["config.yaml"].get<std::string>().find("maxConnections"),
              std::string::npos);  // It has no database.
}

TEST(Workloads, AChangedSecretRollsTheServiceThatReadsItAlone) {
    const api::Platform platform = test::production();
    resources::SecretDigests digests = test::some_digests(platform);
    const kube::Objects before = resources::desired(platform, digests, {});
    digests["shop-catalog-redis"] = "2";
    const kube::Objects after = resources::desired(platform, digests, {});
    std::vector<std::string> changed;
    for (std::size_t i = 0; i < before.size(); ++i) {
        if (before[i].json != after[i].json) changed.push_back(kube::to_string(before[i]));
    }
    EXPECT_THAT(changed, ElementsAre("Deployment shop/shop-catalog"));
}

TEST(Stores, ChangedParametersRollPostgres) {
    api::Platform changed = test::production();
    changed.spec.postgres.managed.parameters["application_name"] = "it's";
    const Json map = test::find(test::objects_of(changed), kube::kConfigMap, "shop-postgres");
    EXPECT_THAT(map["data"]["postgresql.conf"].get<std::string>(), HasSubstr("application_name = 'it''s'\n"));
    const auto digest = [](const api::Platform& platform) {
        return test::find(test::objects_of(platform), kube::kStatefulSet,
                          "shop-postgres")["spec"]["template"]["metadata"]["annotations"]["ecommerceplatform.io/config"];
    };
    EXPECT_NE(digest(changed), digest(test::production()));
}

TEST(Stores, VolumesOutliveThePlatformUnlessTheyShallNot) {
    api::Platform platform = test::production();
    const auto when_deleted = [&] {
        return test::find(test::objects_of(platform), kube::kStatefulSet,
                          "shop-redis")["spec"]["persistentVolumeClaimRetentionPolicy"]["whenDeleted"];
    };
    EXPECT_EQ(when_deleted(), "Retain");
    platform.spec.deletion_policy = api::DeletionPolicy::Delete;
    EXPECT_EQ(when_deleted(), "Delete");
}

TEST(Stores, AnExternalStoreLeavesNothingOfItsOwn) {
    const api::Platform platform = test::with_external_stores();
    for (const kube::Object& object : test::objects_of(platform)) {
        for (const char* store : {"postgres", "redis", "rabbitmq"}) {
            EXPECT_NE(object.json["metadata"]["labels"]["app.kubernetes.io/component"], store) << kube::to_string(object);
        }
    }
    for (const resources::SecretTemplate& secret : resources::secrets(platform, {}))
        EXPECT_EQ(secret.name, "shop-user-token-keys");
}

TEST(Stores, AnExternalStoreNeedsTheKeysThatItsClientsCanNotStartWithout) {
    const kube::Objects objects = test::objects_of(test::with_external_stores());
    EXPECT_THAT(resources::keys_read(objects, "my-postgres"), ElementsAre("catalog", "inventory", "order", "payment", "user"));
    EXPECT_THAT(resources::keys_read(objects, "my-redis"), ElementsAre("url"));
    EXPECT_THAT(resources::keys_read(objects, "my-rabbitmq"), ElementsAre("url"));
    EXPECT_THAT(resources::keys_read(objects, "another"), IsEmpty());
}

TEST(Stores, MembersOfAClusterFindEachOtherBeforeTheyAreReady) {
    const kube::Objects objects = test::objects_of(test::production());
    for (const char* name : {"shop-redis", "shop-rabbitmq"}) {
        const Json set = test::find(objects, kube::kStatefulSet, name);
        EXPECT_EQ(set["spec"]["podManagementPolicy"], "Parallel");
        const Json service = test::find(objects, kube::kService, set["spec"]["serviceName"]);
        EXPECT_EQ(service["spec"]["clusterIP"], "None");
        EXPECT_EQ(service["spec"]["publishNotReadyAddresses"], true);
    }
}

TEST(Stores, RabbitmqListsAllItsNodes) {
    const Json map = test::find(test::objects_of(test::production()), kube::kConfigMap, "shop-rabbitmq");
    const std::string text = map["data"]["rabbitmq.conf"];
    EXPECT_THAT(text, HasSubstr("nodes.1 = rabbit@shop-rabbitmq-0.shop-rabbitmq-headless.shop.svc\n"));
    EXPECT_THAT(text, HasSubstr("nodes.3 = rabbit@shop-rabbitmq-2.shop-rabbitmq-headless.shop.svc\n"));
    EXPECT_THAT(text, Not(HasSubstr("nodes.4")));
}

TEST(Stores, ASingleNodeIsNoCluster) {
    const kube::Objects objects = test::objects_of(test::development());
    EXPECT_THAT(test::find(objects, kube::kConfigMap, "shop-redis")["data"]["redis.conf"].get<std::string>(),
                Not(HasSubstr("cluster")));
    EXPECT_THAT(test::find(objects, kube::kConfigMap, "shop-rabbitmq")["data"]["rabbitmq.conf"].get<std::string>(),
                Not(HasSubstr("cluster")));
}

TEST(Exposure, ARouteNeedsTheGatewayApi) {
    const api::Platform platform = test::production();
    EXPECT_THAT(test::names_of(resources::desired(platform, {}, test::all_capabilities()), kube::kHttpRoute),
                ElementsAre("shop-gateway"));
    EXPECT_THAT(resources::left_out(platform, test::all_capabilities()), IsEmpty());
    EXPECT_THAT(test::names_of(resources::desired(platform, {}, {}), kube::kHttpRoute), IsEmpty());
    EXPECT_THAT(resources::left_out(platform, {}),
                ElementsAre(testing::Field(&resources::LeftOut::consequence, HasSubstr("HTTPRoute"))));
}

TEST(Exposure, ANodePortOpensTheApiAlone) {
    api::Platform platform = test::production();
    platform.spec.ingress.kind = api::Exposure::NodePort;
    platform.spec.ingress.node_port = 30080;
    for (const kube::Object& service : test::of_kind(test::objects_of(platform), kube::kService)) {
        if (service.json["spec"]["type"] != "NodePort") continue;
        EXPECT_EQ(service.key().name, "shop-gateway-nodeport");
        ASSERT_THAT(service.json["spec"]["ports"], SizeIs(1));
        EXPECT_EQ(service.json["spec"]["ports"][0]["targetPort"], "http");
        EXPECT_EQ(service.json["spec"]["ports"][0]["nodePort"], 30080);
    }
}

TEST(Exposure, AnIngressLeadsToTheGateway) {
    api::Platform platform = test::production();
    platform.spec.ingress.kind = api::Exposure::Ingress;
    platform.spec.ingress.tls_secret_name = "shop-tls";
    const Json spec = test::find(test::objects_of(platform), kube::kIngress, "shop-gateway")["spec"];
    EXPECT_EQ(spec["rules"][0]["host"], "shop.example.com");
    EXPECT_EQ(spec["rules"][0]["http"]["paths"][0]["backend"]["service"]["name"], "shop-gateway");
    EXPECT_EQ(spec["tls"][0]["secretName"], "shop-tls");
    EXPECT_FALSE(spec.contains("ingressClassName"));
}

TEST(VerticalAutoscaler, SetsResourcesOnlyWhereNoOtherScales) {
    api::Platform platform = test::production();
    EXPECT_THAT(test::of_kind(test::objects_of(platform), kube::kVerticalPodAutoscaler), IsEmpty());
    for (auto& [name, settings] : platform.spec.services) settings.vertical = api::Vertical::Auto;
    platform.spec.services["order"].autoscaling = false;
    platform.spec.services["user"].vertical = api::Vertical::None;
    const kube::Objects objects = test::objects_of(platform);
    EXPECT_EQ(test::of_kind(objects, kube::kVerticalPodAutoscaler).size(), 5U);
    const auto mode_of = [&](const char* name) {
        return test::find(objects, kube::kVerticalPodAutoscaler, name)["spec"]["updatePolicy"]["updateMode"];
    };
    EXPECT_EQ(mode_of("shop-order"), "Recreate");
    EXPECT_EQ(mode_of("shop-catalog"), "Off");
}

// A recommendation that was cut below what a service asks for would be taken for advice.
TEST(VerticalAutoscaler, RecommendsWithinBoundsThatWhatAServiceAsksForMoves) {
    api::Platform platform = test::production();
    api::ServiceSettings& order = platform.spec.services["order"];
    order.vertical = api::Vertical::Recommend;
    const auto bounds = [&] {
        const Json vpa = test::find(test::objects_of(platform), kube::kVerticalPodAutoscaler, "shop-order");
        const Json& policy = vpa["spec"]["resourcePolicy"]["containerPolicies"][0];
        return Json::array({policy["minAllowed"], policy["maxAllowed"]});
    };
    order.compute = {{"250m", "256Mi", ""}, {"500m", "512Mi", ""}};
    EXPECT_EQ(bounds(), Json({{{"cpu", "100m"}, {"memory", "128Mi"}}, {{"cpu", "2"}, {"memory", "4Gi"}}}));
    order.compute = {{"3", "6Gi", ""}, {"4", "8Gi", ""}};
    EXPECT_EQ(bounds(), Json({{{"cpu", "100m"}, {"memory", "128Mi"}}, {{"cpu", "4"}, {"memory", "8Gi"}}}));
    order.compute = {{"50m", "64Mi", ""}, {"100m", "64Mi", ""}};
    EXPECT_EQ(bounds(), Json({{{"cpu", "50m"}, {"memory", "64Mi"}}, {{"cpu", "2"}, {"memory", "4Gi"}}}));
}

TEST(VerticalAutoscaler, IsLeftOutAndSaidWhereTheClusterLacksItsApi) {
    api::Platform platform = test::production();
    platform.spec.services["order"].vertical = api::Vertical::Recommend;
    const resources::Capabilities none{kube::kHttpRoute.resource()};
    EXPECT_THAT(test::of_kind(resources::desired(platform, test::some_digests(platform), none), kube::kVerticalPodAutoscaler),
                IsEmpty());
    const std::vector<resources::LeftOut> missing = resources::left_out(platform, none);
    ASSERT_EQ(missing.size(), 1U);
    EXPECT_EQ(missing[0].field, "spec.quality.scalability.vertical");
    EXPECT_EQ(to_string(missing[0]),
              "VerticalPodAutoscaler: the cluster does not serve verticalpodautoscalers.autoscaling.k8s.io, so nobody recommends "
              "resources. Install the Vertical Pod Autoscaler, or set vertical to None, in spec.quality.scalability and wherever "
              "spec.services has it.");
    EXPECT_FALSE(missing[0].needed);
}

}  // namespace
