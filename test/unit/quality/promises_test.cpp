// Each promise: kept, hurt in one way, and not observed.
#include "quality/footprint.h"
#include "quality/verdict.h"
#include "unit/quality/kept_shop.h"

namespace quality {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

TEST_F(PromisesTest, OfConnectionsAddUpEveryPoolAtItsMost) {
    // Five services with a database, ten pods and in a rollout one more and two that terminate, 16 connections each; three are
    // kept for superusers, five for migrations.
    std::string& max_connections = platform.spec.postgres.managed.parameters["max_connections"];
    max_connections = "1048";
    EXPECT_EQ(find("Connections", "postgres").held, Held::True);
    max_connections = "1047";
    expect_hurt("Connections", "postgres", "open up to 1040 connections, PostgreSQL takes 1039", "gives each pod 15");
    max_connections = "40";
    platform.spec.configuration.max_connections = 1;
    platform.spec.services["gateway"].own_most = platform.spec.services["user"].own_most = true;  // The gateway has no database.
    expect_hurt("Connections", "postgres", "open up to 65 connections, PostgreSQL takes 32", "higher by 33");
    EXPECT_THAT(find("Connections", "postgres").cure,
                testing::EndsWith("or lower spec.quality.scalability.replicas.max or spec.services.user.replicas.max."));
    max_connections = "73";
    EXPECT_EQ(find("Connections", "postgres").held, Held::True);
    platform.spec.postgres.managed.parameters["superuser_reserved_connections"] = "60";
    expect_hurt("Connections", "postgres", "PostgreSQL takes 8 of them", "higher by 57");
    platform.spec.postgres.managed.parameters["reserved_connections"] = "8";
    expect_hurt("Connections", "postgres", "PostgreSQL takes 0 of them", "higher by 65");
    platform.spec.postgres.managed.parameters["reserved_connections"] = "18";
    expect_hurt("Connections", "postgres", "PostgreSQL takes 0 of them", "higher by 75");
    platform.spec.postgres.external = api::ExternalStore{"db", {"10.0.0.1/32", "", 5432}};
    expect_unknown("Connections", "postgres", "external");
}

TEST_F(PromisesTest, OfQualityOfServiceKnowNoBestEffort) {
    pods_of("order").at(1)->best_effort = true;
    expect_hurt("QualityOfService", "", "BestEffort, which are evicted first: order", "requests");
    seen.pods.reset();
    expect_unknown("QualityOfService", "", "does not show the operator pods");
}

TEST_F(PromisesTest, OfObjectivesFollowWhatIsMeasured) {
    platform.spec.objectives = {"500ms", "0.1"};
    seen.measured = Measured{.problem = "Connection refused"};
    expect_unknown("Objectives", "gateway", "cannot be read: Connection refused");
    EXPECT_THAT(find("Objectives", "gateway").cure, HasSubstr("operatorNamespace"));
    seen.measured = Measured{};
    expect_unknown("Objectives", "gateway", "being measured");
    seen.measured->begun = true;
    expect_unknown("Objectives", "gateway", "no request was seen");
    seen.measured->any = true;
    EXPECT_EQ(find("Objectives", "gateway").held, Held::True);
    seen.measured->few_fail = false;
    expect_hurt("Objectives", "gateway", "more than 0.1 % failed", "errorRatePercent");
    seen.measured->few_are_slow = false;
    EXPECT_EQ(all("Objectives").size(), 2U);
    seen.measured->few_fail = true;
    expect_hurt("Objectives", "gateway", "more than 1 % took longer than 500ms", "sizing");
}

TEST_F(PromisesTest, OfObjectivesNameThemAndWhereTheyAreMeasured) {
    platform.spec.objectives = {"500ms", "0.1"};
    expect_unknown("Objectives", "gateway", "latencyP99 500ms and errorRatePercent 0.1");
    EXPECT_THAT(find("Objectives", "gateway").cure, HasSubstr("prometheusUrl"));
}

TEST_F(PromisesTest, OfObjectivesSayWhichPrometheusWasAsked) {
    platform.spec.prometheus.emplace();
    seen.measured = Measured{.problem = "Connection refused"};
    expect_unknown("Objectives", "gateway", "Prometheus at http://shop-prometheus.shop.svc:9090 tells nothing");
    EXPECT_THAT(find("Objectives", "gateway").cure, HasSubstr("operatorNamespace"));
    platform.spec.prometheus_url = "http://prometheus.monitoring:9090";
    expect_unknown("Objectives", "gateway", "Prometheus at http://prometheus.monitoring:9090 tells nothing");
    EXPECT_THAT(find("Objectives", "gateway").cure, HasSubstr("service=\"shop-gateway\""));
    seen.measured = Measured{.problem = "", .begun = true, .any = true};
    EXPECT_THAT(find("Objectives", "gateway").evidence, HasSubstr("says Prometheus at http://prometheus.monitoring:9090"));
}

TEST_F(PromisesTest, OfACertificateTellItsFlawOrHowLongItLasts) {
    EXPECT_TRUE(all("Certificate").empty()) << "the spec names none";
    platform.spec.ingress.host = "shop.example.com";
    platform.spec.ingress.tls_secret_name = "shop-tls";
    seen.certificate = Certificate{.until = "2026-01-02T03:04:05Z"};
    EXPECT_EQ(find("Certificate").held, Held::True);
    seen.certificate->flaw = "does not exist";
    expect_hurt("Certificate", "", "Secret shop-tls does not exist", "Put a certificate for shop.example.com");
}

TEST_F(PromisesTest, OfAnAutoscalerTellWhyItDoesNotScale) {
    seen.scalers["catalog"].inactive = "AmbiguousSelector";
    expect_hurt("Autoscaler", "catalog", "AmbiguousSelector", "Delete the other HorizontalPodAutoscaler");
    seen.scalers["catalog"].inactive = "FailedGetResourceMetric";
    expect_hurt("Autoscaler", "catalog", "FailedGetResourceMetric", "metrics-server");
    seen.scalers["catalog"].unmeasured = true;
    expect_unknown("Autoscaler", "catalog", "no figures of its pods yet");
    seen.workloads["catalog"].progresses = true;
    EXPECT_EQ(find("Autoscaler", "catalog").held, Held::True);
    seen.scalers["catalog"].unmeasured = false;
    seen.scalers["catalog"].inactive = "FailedGetPodsMetric";
    expect_hurt("Autoscaler", "catalog", "FailedGetPodsMetric", "custom.metrics.k8s.io");
    seen.scalers["catalog"].inactive = "ScalingDisabled";
    expect_hurt("Autoscaler", "catalog", "ScalingDisabled", "Scale Deployment shop-catalog");
    seen.scalers["catalog"].judged = false;
    expect_unknown("Autoscaler", "catalog", "not looked");
    seen.scalers.erase("catalog");
    expect_hurt("Autoscaler", "catalog", "HorizontalPodAutoscaler shop-catalog does not exist", "brings it back");
    seen.workloads.erase("catalog");
    expect_unknown("Autoscaler", "catalog", "not looked");
    platform.spec.services["catalog"].autoscaling = false;
    EXPECT_EQ(all("Autoscaler").size(), 5U);
}

TEST_F(PromisesTest, OfHeadroomEndWhereLoadAsksForMore) {
    seen.scalers["payment"].at_maximum = true;
    expect_hurt("Headroom", "payment", "more than its maximum of 10 replicas", "spec.services.payment.replicas.max");
    seen.scalers["payment"].inactive = "FailedGetResourceMetric";
    expect_unknown("Headroom", "payment", "it is not known what load asks for");
    EXPECT_THAT(find("Headroom", "payment").cure, HasSubstr("metrics-server"));
    seen.scalers["payment"].unmeasured = true;
    expect_unknown("Headroom", "payment", "no figures of its pods yet");
    seen.scalers["payment"].judged = false;
    expect_unknown("Headroom", "payment", "not looked");
}

TEST_F(PromisesTest, OfZoneSpreadLeaveAReplicaOfAServiceInAnotherZone) {
    move("payment", {"a", "a", "b"});
    EXPECT_EQ(find("ZoneSpread", "payment").evidence, "runs in zones a, b");
    move("payment", {"b", "b", "b"});
    expect_hurt("ZoneSpread", "payment", "all replicas run in zone b", "Have nodes in another zone");
    EXPECT_THAT(find("ZoneSpread", "payment").cure,
                HasSubstr("which then starts there; or set spec.quality.reliability.spread to Node."));
    platform.spec.availability_percent = "99.99";
    EXPECT_THAT(find("ZoneSpread", "payment").cure, HasSubstr("spread to Node and availabilityPercent to 99.95 at most."));
    platform.spec.availability_percent = "99.9";
    EXPECT_THAT(find("ZoneSpread", "payment").cure, HasSubstr("spread to Node."));
    move("redis", {"b", "b", "b"});
    EXPECT_THAT(find("ZoneSpread", "redis").cure, HasSubstr("the same zone, as its volume is there, the data has to be moved"));
    move("payment", {"", "a", "b"});
    expect_unknown("ZoneSpread", "payment", "does not say in which zone");
    pods_of("payment").front()->on.reset();
    expect_unknown("ZoneSpread", "payment", "does not show the operator nodes");
    std::erase_if(*seen.pods, [](const Pod& each) { return each.component == "payment"; });
    expect_unknown("ZoneSpread", "payment", "no replica runs");
    seen.pods.reset();
    expect_unknown("ZoneSpread", "payment", "does not show the operator pods");
}

TEST_F(PromisesTest, OfZoneSpreadLeaveAMajorityOfADataStore) {
    move("redis", {"a", "a", "b"});
    expect_hurt("ZoneSpread", "redis", "the loss of zone a leaves no majority", "delete one of the pods");
    move("redis", {"a", "b", "c"});
    EXPECT_EQ(find("ZoneSpread", "redis").held, Held::True);
}

TEST_F(PromisesTest, OfSpreadAreNotJudgedWhereTooFewAreReady) {
    move("payment", {"a", "a", "b"});
    pods_of("payment").at(2)->ready = false;
    expect_hurt("ZoneSpread", "payment", "all replicas run in zone a", "delete one of the pods");
    pods_of("payment").at(1)->ready = false;
    expect_unknown("ZoneSpread", "payment", "fewer than 2 replicas are ready");
    EXPECT_THAT(find("ZoneSpread", "payment").cure, HasSubstr("kubectl describe pods"));
    pods_of("redis").front()->ready = false;
    expect_unknown("ZoneSpread", "redis", "fewer than 3 replicas are ready");
    for (Pod* each : pods_of("payment")) each->ready = false;
    expect_unknown("ZoneSpread", "payment", "no replica runs yet");
}

TEST_F(PromisesTest, OfSpreadExceptARollout) {
    move("payment", {"a", "a", "a"});
    seen.workloads["payment"].progresses = true;
    EXPECT_EQ(find("ZoneSpread", "payment").held, Held::True);
    EXPECT_THAT(find("ZoneSpread", "payment").evidence, HasSubstr("rollout is under way"));
    seen.workloads["payment"].failure = "has timed out progressing";
    expect_hurt("ZoneSpread", "payment", "all replicas run in zone a", "another zone");
}

TEST_F(PromisesTest, OfSpreadAreMadeAsTheSpecSays) {
    EXPECT_THAT(all("NodeSpread"), IsEmpty());
    EXPECT_EQ(all("ZoneSpread").size(), 8U);  // One pod of PostgreSQL is in one place.
    platform.spec.spread = api::Spread::Node;
    EXPECT_THAT(all("ZoneSpread"), IsEmpty());
    EXPECT_EQ(find("NodeSpread", "user").evidence, "runs on nodes node-a, node-b, node-c");
    move("user", {"c", "c", "c"});
    expect_hurt("NodeSpread", "user", "all replicas run on node node-c", "spread to None.");
    platform.spec.availability_percent = "99.9";
    expect_hurt("NodeSpread", "user", "all replicas", "spread to None and availabilityPercent to 99.5 at most.");
    seen.pods.reset();
    expect_unknown("NodeSpread", "user", "pods");
    platform.spec.spread = api::Spread::None;
    EXPECT_THAT(all("NodeSpread"), IsEmpty());
}

TEST_F(PromisesTest, OfADisruptionBudgetAllowADrain) {
    seen.budgets["order"].allows = false;
    seen.workloads["order"].available = 1;
    expect_hurt("DisruptionBudget", "order", "no disruption is allowed", "back to health");
    seen.workloads["order"].current = 4;
    EXPECT_EQ(find("DisruptionBudget", "order").held, Held::True);  // The rollout takes what the budget would allow.
    seen.workloads["order"].failure = "Unschedulable";
    expect_hurt("DisruptionBudget", "order", "no disruption is allowed", "back to health");
    seen.workloads["order"].passing = true;
    EXPECT_EQ(find("DisruptionBudget", "order").held, Held::True) << "a node for its new pods may come";
    seen.budgets["order"].judged = false;
    expect_unknown("DisruptionBudget", "order", "not looked");
    seen.budgets["order"].failure = "found no controller";
    expect_hurt("DisruptionBudget", "order", "can't compute its budget and allows no disruption: found no controller",
                "kubectl describe pdb shop-order -n shop");
    seen.budgets.erase("order");
    seen.refused = "apply PodDisruptionBudget shop/shop-order: 403 forbidden";
    expect_hurt("DisruptionBudget", "order", "PodDisruptionBudget shop-order does not exist", "403 forbidden");
    platform.spec.suspend = true;
    expect_hurt("DisruptionBudget", "order", "does not exist", "Set spec.suspend to false");
}

TEST_F(PromisesTest, OfADisruptionBudgetWaitUntilKubernetesHasCounted) {
    seen.budgets["order"].allows = false;
    expect_unknown("DisruptionBudget", "order", "has not counted all of its pods");
    see("PodDisruptionBudget", "order");
    expect_unknown("DisruptionBudget", "order", "has not counted all of its pods");
    object("PodDisruptionBudget", "order").state = Declared::State::Differs;
    expect_hurt("DisruptionBudget", "order", "no disruption is allowed", "brings it back");
}

TEST_F(PromisesTest, OfADisruptionBudgetAreBrokenByASecondOne) {
    seen.others["PodDisruptionBudget"] = {{"mine", {"order", "postgres"}}};
    expect_hurt("DisruptionBudget", "order", "PodDisruptionBudget mine selects its pods too", "Delete PodDisruptionBudget mine");
    EXPECT_EQ(find("DisruptionBudget", "user").held, Held::True);
    EXPECT_EQ(all("DisruptionBudget").size(), 8U) << "one replica has no budget, nor a promise of one";
    seen.others.erase("PodDisruptionBudget");
    expect_unknown("DisruptionBudget", "order", "poddisruptionbudgets");
}

TEST_F(PromisesTest, OfRedundancyAskForTheMinimum) {
    seen.workloads["user"].available = 1;
    seen.workloads["user"].failure = "exceeded quota";
    expect_hurt("Redundancy", "user", "fewer than 2 replicas are available: exceeded quota", "health");
    seen.workloads["user"].current = 4;
    expect_hurt("Redundancy", "user", "fewer than 2 replicas are available: exceeded quota", "health");
    seen.workloads["user"].failure.clear();
    EXPECT_EQ(find("Redundancy", "user").held, Held::True);  // As many as a rollout may take.
    EXPECT_EQ(find("Redundancy", "user").evidence, "its rollout is under way, in which 1 of 2 replicas or more stay available");
    seen.workloads["redis"].available = 2;
    expect_hurt("Redundancy", "redis", "fewer than 3", "health");
    seen.workloads.erase("redis");
    expect_unknown("Redundancy", "redis", "does not exist");
    EXPECT_THAT(find("Redundancy", "postgres").evidence, HasSubstr("nothing takes over"));
    seen.workloads["postgres"].available = 0;
    expect_hurt("Redundancy", "postgres", "its one replica is not available", "health");
}

TEST_F(PromisesTest, OfRedundancyExceptARolloutUntilItsPodsAreAvailable) {
    Workload& user = seen.workloads["user"];
    user.available = 1;
    user.progresses = true;
    EXPECT_EQ(find("Redundancy", "user").held, Held::True);
    platform.spec.recreates = true;
    user.available = 0;
    EXPECT_THAT(find("Redundancy", "user").evidence, HasSubstr("all replicas go before new ones come"));
    user.failure = "pods \"shop-user-1\" is forbidden";
    expect_hurt("Redundancy", "user", "is forbidden", "kubectl describe pods");
    EXPECT_THAT(find("Redundancy", "user").cure, testing::Not(HasSubstr("restart")));
    user.refused = true;
    expect_hurt("Redundancy", "user", "is forbidden", "kubectl rollout restart deployment/shop-user -n shop");
}

TEST_F(PromisesTest, OfRedundancyWaitForReplicasThatComeBackAfterOffHours) {
    seen.workloads["user"].available = 1;
    seen.budgets["user"].allows = false;
    expect_hurt("Redundancy", "user", "fewer than 2 replicas", "health");
    seen.wakes = true;
    expect_unknown("Redundancy", "user", "off hours have ended, and replicas come back");
    expect_unknown("DisruptionBudget", "user", "replicas come back");
    seen.workloads["user"].failure = "ImagePullBackOff";
    expect_hurt("Redundancy", "user", "ImagePullBackOff", "health");
    expect_hurt("DisruptionBudget", "user", "no disruption is allowed", "health");
    seen.workloads["user"] = running(3);
    seen.workloads["user"].available = 0;
    expect_hurt("Redundancy", "user", "fewer than 2 replicas", "health");
    seen.workloads["redis"].available = 2;
    expect_hurt("Redundancy", "redis", "fewer than 3", "health");
}

TEST_F(PromisesTest, OfNetworkIsolationNeedEveryPolicy) {
    seen.refused = "apply NetworkPolicy shop/shop-user: 403 forbidden";
    object("NetworkPolicy", "user").state = Declared::State::Missing;
    object("NetworkPolicy", "order").state = Declared::State::Differs;
    expect_hurt("NetworkIsolation", "", "NetworkPolicy shop-user does not exist, NetworkPolicy shop-order is not as declared",
                "403 forbidden");
    seen.objects.clear();
    expect_unknown("NetworkIsolation", "", "not everything is applied");
    platform.spec.network_isolation = false;
    EXPECT_THAT(all("NetworkIsolation"), IsEmpty());
}

TEST_F(PromisesTest, OfNetworkIsolationAreBrokenByWhatOthersAllow) {
    seen.others["NetworkPolicy"] = {{"open", {"order", "user"}}};
    expect_hurt("NetworkIsolation", "", "NetworkPolicy open allows more to order, user", "Delete NetworkPolicy open, or");
    object("NetworkPolicy", "user").state = Declared::State::Differs;
    EXPECT_EQ(all("NetworkIsolation").size(), 2U);
    object("NetworkPolicy", "user").state = Declared::State::AsDeclared;
    seen.others["NetworkPolicy"] = {{"a", {"user"}}, {"b", {"user"}}, {"c", {"user"}}, {"d", {"user"}}};
    expect_hurt("NetworkIsolation", "", "c allows more to user and 1 more", "Delete NetworkPolicy a, b, c and 1 more, or");
    seen.others.erase("NetworkPolicy");
    expect_unknown("NetworkIsolation", "", "networkpolicies");
}

TEST_F(PromisesTest, OfAccessNeedEveryBinding) {
    EXPECT_THAT(all("Access"), IsEmpty());
    platform.spec.access.operators = {"ops"};
    see("RoleBinding", "operator");
    EXPECT_EQ(find("Access").held, Held::True);
    object("RoleBinding", "operator").state = Declared::State::Missing;
    expect_hurt("Access", "", "RoleBinding shop-operator does not exist", "operator");
}

TEST_F(PromisesTest, OfAccessNeedTheRolesThatAreBound) {
    platform.spec.access.operators = {"ops"};
    see("RoleBinding", "operator");
    seen.roles.missing = {"ecommerceplatform-developer", "ecommerceplatform-operator"};
    expect_hurt("Access", "", "without ClusterRole ecommerceplatform-developer, ecommerceplatform-operator",
                "kubectl apply --server-side --force-conflicts -f config/rbac/access.yaml");
    seen.roles = {.missing = {}, .empty = {"ecommerceplatform-operator"}};
    expect_hurt("Access", "", "ClusterRole ecommerceplatform-operator allows nothing", "--force-conflicts");
    seen.roles = {.shown = false, .missing = {}};
    expect_unknown("Access", "", "clusterroles");
}

TEST_F(PromisesTest, OfVerificationNeedTheJobOfTheLastRollout) {
    EXPECT_THAT(all("Verified"), IsEmpty());
    platform.spec.verify_after_rollout = true;
    seen.verification = Verification{"shop-e2e-1", false, false, ""};
    expect_unknown("Verified", "", "not verified yet");
    seen.verification->done = true;
    EXPECT_EQ(find("Verified").held, Held::True);
    seen.verification = Verification{"shop-e2e-1", false, true, "GET /api/v1/products: status 500"};
    expect_hurt("Verified", "", "Job shop-e2e-1 failed: GET /api/v1/products: status 500", "delete the Job");
}

TEST_F(PromisesTest, OfOneScalerKnowNoOtherBesideWhatSetsResourcesByLoad) {
    api::ServiceSettings& order = platform.spec.services["order"];
    order.vertical = api::Vertical::Auto;
    expect_hurt("OneScaler", "order", "left as they are", "spec.services.order.autoscaling to Disabled");
    order.autoscaling = false;
    EXPECT_EQ(find("OneScaler").held, Held::True);
}

TEST_F(PromisesTest, OfOneScalerAreBrokenByAnAutoscalerOfOthers) {
    EXPECT_EQ(find("OneScaler").held, Held::True);
    platform.spec.services["order"].autoscaling = false;
    seen.others["HorizontalPodAutoscaler"] = {{"mine", {"order"}}, {"yours", {"user"}}};
    expect_hurt("OneScaler", "order", "HorizontalPodAutoscaler mine, which is not the platform's, scales its Deployment",
                "Delete HorizontalPodAutoscaler mine.");
    expect_hurt("OneScaler", "user", "HorizontalPodAutoscaler yours", "Delete HorizontalPodAutoscaler yours.");
    EXPECT_EQ(all("OneScaler").size(), 2U);
    seen.others.erase("HorizontalPodAutoscaler");
    expect_unknown("OneScaler", "", "horizontalpodautoscalers");
    for (auto& [component, settings] : platform.spec.services) settings.autoscaling = false;
    EXPECT_THAT(all("OneScaler"), IsEmpty());
}

TEST_F(PromisesTest, OfOneScalerAreBrokenByAVerticalAutoscalerOfOthers) {
    seen.others["VerticalPodAutoscaler"] = {{"mine", {"order"}}};
    expect_hurt("OneScaler", "order", "VerticalPodAutoscaler mine, which is not the platform's, changes what its pods ask for",
                "set its updatePolicy.updateMode to Off");
    seen.others.erase("VerticalPodAutoscaler");
    expect_unknown("OneScaler", "", "verticalpodautoscalers");
}

TEST_F(PromisesTest, OfRightSizingCompareRequestsWithWhatIsRecommended) {
    EXPECT_THAT(all("RightSizing"), IsEmpty());
    constexpr std::int64_t kMebibyte = 1000LL << 20;
    api::ServiceSettings& order = platform.spec.services["order"];
    order.vertical = api::Vertical::Recommend;
    order.compute.requests = {"250m", "256Mi", ""};
    seen.left_out = {{"spec.quality.scalability.vertical", "the cluster does not serve verticalpodautoscalers", "Install it."}};
    expect_hurt("RightSizing", "", "does not serve", "Install it.");
    seen.left_out.clear();
    expect_unknown("RightSizing", "order", "nothing is recommended yet");
    Recommendation& recommended = seen.recommendations["order"];
    recommended = {true, {50, 60, 250}, {100 * kMebibyte, 110 * kMebibyte, 256 * kMebibyte}};
    EXPECT_EQ(find("RightSizing", "order").held, Held::True);
    recommended.cpu.most = 249;
    expect_hurt("RightSizing", "order", "more cpu than it needs", "requests.cpu to 75m");
    recommended.cpu = {250, 250, 250};
    recommended.memory.least = 257 * kMebibyte;
    expect_hurt("RightSizing", "order", "less memory than it needs", "requests.memory to 128Mi");
    order.vertical = api::Vertical::Auto;
    order.autoscaling = false;
    for (Pod* each : pods_of("order")) each->asked = {250, 257 * kMebibyte};
    recommended.memory.most = 300 * kMebibyte;
    EXPECT_EQ(find("RightSizing", "order").evidence, "its pods ask for what is recommended");
    pods_of("order").back()->asked.cpu = 251;
    expect_unknown("RightSizing", "order", "not all of its pods ask for what is recommended yet");
    std::erase_if(*seen.pods, [](const Pod& each) { return each.component == "order"; });
    expect_unknown("RightSizing", "order", "no replica runs yet");
    seen.pods.reset();
    expect_unknown("RightSizing", "order", "pods");
}

TEST_F(PromisesTest, OfAMonthlyBudgetReckonWithAllServicesAtTheirMaximum) {
    platform.spec.prices = {"EUR", "0.01", "0", "0"};
    for (auto& [name, settings] : platform.spec.services) settings.compute.requests.cpu = "1";
    platform.spec.budget.monthly = "438";  // 60 pods of a core, for 730 hours.
    EXPECT_EQ(find("Budget").held, Held::True);
    EXPECT_EQ(monthly_cost(platform.spec).at_least, "87.60");
    EXPECT_EQ(monthly_cost(platform.spec).at_most, "438.00");
    platform.spec.budget.monthly = "437.99";
    expect_hurt("Budget", "", "a month costs 438.00 EUR, the budget is 437.99", "budget.monthly to 438.00");
    platform.spec.prices = {"EUR", "0", "1", "0.5"};
    for (auto& [name, settings] : platform.spec.services) settings.compute.requests.memory = "1Gi";
    platform.spec.redis.managed.storage = "10Gi";  // Of three nodes.
    EXPECT_EQ(monthly_cost(platform.spec).at_least, "8775.00");
    platform.spec.prometheus.emplace().managed.storage = "100Gi";
    EXPECT_EQ(monthly_cost(platform.spec).at_least, "8825.00");
}

TEST_F(PromisesTest, OfImagesLookAtTheirRegistryAndDigest) {
    EXPECT_THAT(all("Images"), IsEmpty());
    platform.spec.images.registry = "registry.example.com/shop";
    platform.spec.image_policy.registries = {"registry.example.com"};
    expect_hurt("Images", "", "docker.io/library/postgres, docker.io/library/redis, docker.io/library/rabbitmq", "dataRegistry");
    platform.spec.image_policy.registries.emplace_back("docker.io/library");
    EXPECT_EQ(find("Images").held, Held::True);
    platform.spec.images.registry = "shop";  // A path of Docker's.
    expect_hurt("Images", "", "docker.io/shop/user-service", "spec.images.registry");
    platform.spec.images.registry = "registry.example.com.evil/shop";
    expect_hurt("Images", "", "registry.example.com.evil/shop/user-service", "spec.images.registry");
    platform.spec.image_policy = {{}, true};
    platform.spec.rabbitmq.external.emplace();
    for (const char* image : {"user-service", "catalog-service", "inventory-service", "order-service", "payment-service",
                              "api-gateway", "postgres"}) {
        platform.spec.images.digests[image] = "sha256:0";
    }
    expect_hurt("Images", "", "images without a digest: redis", "spec.images.digests");
    platform.spec.images.digests["redis"] = "sha256:0";
    EXPECT_EQ(find("Images").held, Held::True);
}

TEST_F(PromisesTest, OfAdmissionNeedThePolicyAndItsBinding) {
    EXPECT_EQ(find("Admission").held, Held::True);
    object("ValidatingAdmissionPolicy", "admission").state = Declared::State::Missing;
    expect_hurt("Admission", "", "ValidatingAdmissionPolicy shop-admission does not exist", "brings it back");
    platform.spec.admission = api::Admission::None;
    EXPECT_THAT(all("Admission"), IsEmpty());
}

TEST_F(PromisesTest, OfABudgetNeedRoomForAllServicesAtTheirMaximum) {
    EXPECT_THAT(all("Budget"), IsEmpty());
    // Six services with ten pods, and in a rollout one more and two that go, seven nodes of data stores, six Jobs.
    for (auto& [name, settings] : platform.spec.services) settings.compute.requests = {"100m", "1Mi", ""};
    for (api::DataStore* store : {&platform.spec.postgres, &platform.spec.redis, &platform.spec.rabbitmq}) {
        store->managed.compute.requests = {"1", "100Mi", ""};
        store->managed.storage = "10Gi";
    }
    platform.spec.budget = {"15100m", "1162Mi", "70Gi", ""};
    see("ResourceQuota", "budget");
    EXPECT_EQ(find("Budget").held, Held::True);
    platform.spec.budget.cpu = "15";
    expect_hurt("Budget", "", "15100m of cpu are asked for, the budget is 15", "budget.cpu to 15100m");
    platform.spec.budget = {"", "1161Mi", "", ""};
    expect_hurt("Budget", "", "1162Mi of memory are asked for", "or lower spec.quality.scalability.replicas.max.");
    platform.spec.services["order"].own_most = platform.spec.services["user"].own_most = true;
    platform.spec.services["user"].autoscaling = false;
    platform.spec.services["user"].replicas.count = 10;
    expect_hurt(
        "Budget", "", "1162Mi of memory are asked for",
        "or lower spec.quality.scalability.replicas.max or spec.services.order.replicas.max or spec.services.user.replicas.");
    platform.spec.budget = {"", "", "69Gi", ""};
    expect_hurt("Budget", "", "71680Mi of storage are asked for", "budget.storage");

    platform.spec.budget = {"16", "", "", ""};
    seen.workloads["order"].failure = "pods \"shop-order-1\" is forbidden: exceeded quota: shop-budget";
    expect_hurt("Budget", "order", "refuses its pods", "kubectl describe quota -n shop");
}

TEST_F(PromisesTest, OfPodSecurityNeedTheNamespaceToEnforceIt) {
    seen.pod_security = "";
    expect_hurt("PodSecurity", "", "enforces no level", "kubectl label namespace shop --overwrite");
    seen.pod_security = "baseline";
    expect_hurt("PodSecurity", "", "enforces only baseline", "enforce=restricted");
    platform.spec.pod_security = api::PodSecurity::Baseline;
    EXPECT_EQ(find("PodSecurity").held, Held::True);
    seen.pod_security = "privileged";
    expect_hurt("PodSecurity", "", "enforces only privileged", "enforce=baseline");
    seen.pod_security = "baseline";
    for (const char* version : {"v1.0", "v1.9", "v1.24"}) {
        seen.pod_security_version = version;
        expect_hurt("PodSecurity", "", std::string("namespace shop enforces baseline as of ") + version,
                    "kubectl label namespace shop --overwrite pod-security.kubernetes.io/enforce-version=latest.");
    }
    for (const char* version : {"", "latest", "v1.25", "v1.100"}) {
        seen.pod_security_version = version;
        EXPECT_EQ(find("PodSecurity").held, Held::True) << version;
    }
    platform.spec.pod_security = api::PodSecurity::None;
    EXPECT_THAT(all("PodSecurity"), IsEmpty());
    platform.spec.pod_security = api::PodSecurity::Restricted;
    seen.pod_security.reset();
    expect_unknown("PodSecurity", "", "namespaces");
}

TEST_F(PromisesTest, OfSecretsNeedEachGeneratedOrReferredTo) {
    object("Secret", "postgres").state = Declared::State::Missing;
    expect_hurt("Secrets", "", "Secret shop-postgres does not exist", "by itself");
    platform.spec.rabbitmq.external = api::ExternalStore{"broker", {"10.0.0.1/32", "", 5672}};
    seen.missing_references = {{.component = "rabbitmq"}};
    expect_hurt("Secrets", "", "missing Secrets: broker", "in namespace shop");
    seen.missing_references = {{.component = "rabbitmq", .keys = {"url"}}};
    expect_hurt("Secrets", "", "Secret broker lacks the key url", "Add the key url to Secret broker in namespace shop");
    seen.missing_references.front().keys = {"catalog", "order"};
    expect_hurt("Secrets", "", "Secret broker lacks the keys catalog, order", "Add the keys catalog, order");
    seen.missing_references.clear();
    seen.objects.clear();
    expect_unknown("Secrets", "", "not everything is applied");
}

TEST_F(PromisesTest, OfTheAgeOfCredentialsEndWithTheMaximum) {
    EXPECT_TRUE(all("CredentialAge").empty()) << "any age will do";
    platform.spec.credentials.max_age = "720h";
    expect_unknown("CredentialAge", "", "no credentials are generated yet");
    seen.credentials = Credentials{.oldest = "2026-01-02T03:04:05Z"};
    EXPECT_EQ(find("CredentialAge").held, Held::True);
    seen.credentials->too_old = true;
    expect_hurt("CredentialAge", "", "made at 2026-01-02T03:04:05Z, longer ago than 720h", "Wait until the operator has changed");
    seen.workloads["redis"].available = 2;
    expect_hurt("CredentialAge", "", "720h", "Bring every pod up of redis");
    object("Secret", "postgres").state = Declared::State::Missing;
    expect_hurt("CredentialAge", "", "720h", "The operator brings it back by itself");
    object("Secret", "postgres").state = Declared::State::NotDue;
    expect_hurt("CredentialAge", "", "720h", "Wait until everything is applied, or see the condition Stalled");
    platform.spec.suspend = true;
    expect_hurt("CredentialAge", "", "720h", "Set spec.suspend to false");
}

TEST_F(PromisesTest, OfObjectsAsDeclaredEndWithDrift) {
    object("Deployment", "user").state = Declared::State::Differs;
    expect_hurt("AsDeclared", "", "Deployment shop-user is not as declared", "by itself");
    object("Deployment", "user").state = Declared::State::NotDue;
    expect_unknown("AsDeclared", "", "not everything is applied");
}

TEST_F(PromisesTest, OfOneVersionWaitForARolloutAndTellOfAStuckOne) {
    platform.spec.version = "2.0.0";
    expect_unknown("OneVersion", "", "version 2.0.0 rolls out: user, catalog");
    seen.preparations = {{"user", "shop-migration-user", true, "syntax error"}};
    expect_hurt("OneVersion", "user", "is not at version 2.0.0: Job shop-migration-user failed", "delete the Job");
    seen.preparations = {{"user", "shop-migration-user", false, "ImagePullBackOff: user:2.0.0 can't be pulled"}};
    expect_hurt("OneVersion", "user",
                "waits for Job shop-migration-user, whose pod does not come up: ImagePullBackOff: user:2.0.0 can't be pulled",
                "spec.version");
    seen.preparations.front().passing = true;
    expect_unknown("OneVersion", "", "rolls out: user (waits for Job shop-migration-user, whose pod does not come up: Image");
    seen.preparations.clear();
    seen.workloads["order"].failure = "progress deadline exceeded";
    expect_hurt("OneVersion", "order", "stuck: progress deadline exceeded", "spec.version");
    seen.workloads["order"].passing = true;
    expect_unknown("OneVersion", "", "order (progress deadline exceeded), ");
    seen.pods.reset();
    expect_unknown("OneVersion", "", "pods");
}

TEST_F(PromisesTest, OfOneVersionHoldWhileAnAutoscalerAddsPods) {
    seen.workloads["catalog"].generation = 3;
    seen.workloads["catalog"].desired = 8;
    EXPECT_EQ(find("OneVersion").held, Held::True);
}

TEST_F(PromisesTest, OfLimitsBindEveryContainer) {
    pods_of("redis").front()->bounded = false;
    expect_hurt("Limits", "", "without requests or limits of CPU and memory: redis", "Give them some");
    seen.pods->clear();
    expect_unknown("Limits", "", "no pods run yet of catalog");
}

TEST_F(PromisesTest, OfOffHoursTellWhetherTheyAreNow) {
    EXPECT_TRUE(all("OffHours").empty());
    platform.spec.off_hours.windows = {{{1}, std::chrono::hours(20), std::chrono::hours(6)}};
    EXPECT_THAT(find("OffHours").evidence, HasSubstr("are not now"));
    platform.spec.rests = true;
    EXPECT_THAT(find("OffHours").evidence, HasSubstr("are now: no service needs more than 1 replica but for load"));
    object("Deployment", "user").state = Declared::State::Differs;
    expect_hurt("OffHours", "", "Deployment shop-user is not as declared", "by itself");
}

TEST_F(PromisesTest, OfSpotPlacementAreOfTheNamedComponentsAlone) {
    EXPECT_THAT(all("SpotPlacement"), IsEmpty());
    platform.spec.spot_components = {"catalog"};
    expect_hurt("SpotPlacement", "catalog", "not all replicas run on spot nodes", "node-type=spot");
    for (Pod* each : pods_of("catalog")) each->on->spot = true;
    EXPECT_EQ(find("SpotPlacement", "catalog").held, Held::True);
    pods_of("catalog").front()->on.reset();
    expect_unknown("SpotPlacement", "catalog", "nodes");
    std::erase_if(*seen.pods, [](const Pod& each) { return each.component == "catalog"; });
    expect_unknown("SpotPlacement", "catalog", "no replica runs");
    seen.pods.reset();
    expect_unknown("SpotPlacement", "catalog", "pods");
}

TEST_F(PromisesTest, OfBackupsAreKeptByNobody) {
    platform.spec.recovery = {"0 2 * * *", "168h", "24h", "1h"};
    expect_hurt("Backup", "postgres", "asks for a copy at 0 2 * * * that is kept for 168h", "makes no backups");
    expect_hurt("RecoveryObjectives", "", "neither that 24h of data at most are lost nor that all is back within 1h",
                "makes no backups");
    platform.spec.postgres.external = api::ExternalStore{"db", {"10.0.0.1/32", "", 5432}};
    expect_unknown("Backup", "postgres", "not observed");
    EXPECT_EQ(condition("Recoverable").status, "False");
    platform.spec.redis.external = platform.spec.rabbitmq.external = platform.spec.postgres.external;
    expect_unknown("RecoveryObjectives", "", "not observed");
    EXPECT_EQ(condition("Recoverable").status, "Unknown");
}

TEST_F(PromisesTest, OfAvailabilityNameWhatHasTooFewReplicas) {
    EXPECT_THAT(all("Availability"), IsEmpty()) << "the spec has no such objective";
    platform.spec.availability_percent = "99.5";
    EXPECT_EQ(find("Availability").held, Held::True);
    platform.spec.availability_percent = "99.9";
    expect_hurt("Availability", "postgres", "1 replica where 99.9 % needs 3", "external");
    platform.spec.postgres.external = api::ExternalStore{"db", {"10.0.0.1/32", "", 5432}};
    EXPECT_EQ(find("Availability").held, Held::True);
    platform.spec.services["order"].replicas = {1, 1, 1};
    expect_hurt("Availability", "order", "1 replica where 99.9 % needs 2",
                "Set spec.services.order.replicas.min and count and max to 2, or");
    platform.spec.services["order"].replicas = {3, 1, 10};
    expect_hurt("Availability", "order", "1 replica", "Set spec.services.order.replicas.min to 2, or");
    platform.spec.rests = true;
    expect_hurt("Availability", "order", "1 replica", "offHours.replicas to 2");
    platform.spec.redis.managed.nodes = 1;
    expect_hurt("Availability", "redis", "1 replica where 99.9 % needs 3",
                "spec.data.redis.managed.nodes to 3 when the platform is made anew");
    platform.spec.rabbitmq.managed.nodes = 1;
    expect_hurt("Availability", "rabbitmq", "1 replica", "spec.data.rabbitmq.managed.nodes to 3, or");
}

TEST_F(PromisesTest, OfMetricsLetPrometheusFindThePods) {
    pods_of("gateway").front()->scraped = false;
    pods_of("redis").front()->scraped = false;  // Data stores have none to offer.
    expect_hurt("Metrics", "", "prometheus.io/scrape: gateway", "rollout");
    seen.pods.reset();
    expect_unknown("Metrics", "", "pods");
    platform.spec.metrics = api::Metrics::None;
    EXPECT_THAT(all("Metrics"), IsEmpty());
}

TEST_F(PromisesTest, OfMetricsNeedThePrometheusOperatorWhereItIsToReadThem) {
    platform.spec.metrics = api::Metrics::ServiceMonitor;
    expect_unknown("Metrics", "", "not everything");
    see("ServiceMonitor", "monitoring");
    see("PrometheusRule", "monitoring");
    expect_unknown("Metrics", "", "no Prometheus is known");
    EXPECT_THAT(find("Metrics").cure, HasSubstr("Set spec.quality.observability.prometheusUrl"));
    object("PrometheusRule", "monitoring").state = Declared::State::Missing;
    expect_hurt("Metrics", "", "PrometheusRule shop-monitoring does not exist", "by itself");
    seen.left_out = {
        {"spec.quality.observability.metrics", "the cluster does not serve servicemonitors", "Install the Prometheus operator."}};
    expect_hurt("Metrics", "", "does not serve", "Install the Prometheus operator");
}

TEST_F(PromisesTest, OfMetricsAreKeptAsThePrometheusSaysThatIsNamed) {
    platform.spec.metrics = api::Metrics::ServiceMonitor;
    platform.spec.prometheus_url = "http://prometheus.monitoring:9090";
    see("ServiceMonitor", "metrics");
    see("PrometheusRule", "objectives");
    seen.measured = Measured{.problem = "it has none of the last 5 minutes"};
    expect_unknown("Metrics", "", "Prometheus at http://prometheus.monitoring:9090 has not been asked yet");
    Scraping& said = seen.measured->scraping.emplace();
    said.problem = "Connection refused";
    expect_unknown("Metrics", "", "does not tell what it reads: Connection refused");
    said = Scraping{.unread = {"user", "order"}, .awaited = {"payment"}, .alerts_awaited = true};
    expect_hurt("Metrics", "", "reads no pod of user, order", "select ServiceMonitor shop-metrics");
    said.unread.clear();
    expect_unknown("Metrics", "", "does not read yet payment");
    seen.workloads["payment"].available = 0;
    expect_unknown("Metrics", "", "no pod is available of payment");
    said.awaited.clear();
    expect_unknown("Metrics", "", "has not loaded the alerts yet");
    said.alerts_awaited = false;
    expect_hurt("Metrics", "", "has not loaded the alerts", "select PrometheusRule shop-objectives");
    said.alerts = true;
    EXPECT_EQ(find("Metrics").held, Held::True);
    said.unread = {"user"};
    seen.workloads["user"].available = 0;
    expect_unknown("Metrics", "", "no pod is available of user");
    object("ServiceMonitor", "metrics").state = Declared::State::Missing;
    expect_hurt("Metrics", "", "ServiceMonitor shop-metrics does not exist", "by itself");
}

TEST_F(PromisesTest, OfMetricsNeedThePlatformsOwnPrometheusWhereItIsToReadThem) {
    platform.spec.prometheus.emplace();
    expect_unknown("Metrics", "", "not everything");
    see("ConfigMap", "prometheus");
    expect_unknown("Metrics", "", "has not been started");
    seen.workloads["prometheus"] = running(1);
    expect_unknown("Metrics", "", "runs outside the cluster");
    seen.measured = Measured{.problem = "", .begun = true};
    seen.measured->scraping = Scraping{.alerts = true};
    EXPECT_EQ(find("Metrics").evidence,
              "Prometheus at http://shop-prometheus.shop.svc:9090 reads every service and has loaded the alerts");
    seen.measured->scraping->alerts = false;
    expect_hurt("Metrics", "", "has not loaded the alerts", "Its log says");
    seen.measured->scraping->unread = {"user"};
    expect_hurt("Metrics", "", "reads no pod of user", "kubectl port-forward -n shop shop-prometheus-0");
    seen.workloads["prometheus"].available = 0;
    expect_unknown("Metrics", "", "own Prometheus is not ready yet");
    seen.workloads["prometheus"].failure = "no volume";
    expect_hurt("Metrics", "", "own Prometheus is not ready: no volume", "kubectl describe pod -n shop shop-prometheus-0");
    seen.workloads["prometheus"].observed_generation = 1;
    expect_unknown("Metrics", "", "has not been started");
    seen.objects.push_back({"Service", "shop-user-headless", "user", Declared::State::Missing});
    expect_hurt("Metrics", "", "Service shop-user-headless does not exist", "by itself");
}

TEST_F(PromisesTest, OfLogsAndTracesAreInTheServicesConfiguration) {
    EXPECT_THAT(find("Logs").evidence, HasSubstr("level info"));
    expect_unknown("Tracing", "", "10 % of traces to http://collector:4318, and this operator does not see");
    seen.measured = Measured{.problem = "Connection refused"};
    expect_unknown("Tracing", "", "was not seen to send any");
    seen.measured = Measured{.problem = "", .begun = true};
    seen.measured->spans_taken = false;
    expect_hurt("Tracing", "", "the last were not taken", "take OTLP over HTTP");
    seen.measured->spans_taken = true;
    EXPECT_EQ(find("Tracing").held, Held::True);
    platform.spec.tracing.sampling_percent = 0;
    expect_unknown("Tracing", "", "0 % of traces");
    platform.spec.tracing.sampling_percent = 10;
    object("ConfigMap", "user").state = Declared::State::Missing;
    expect_hurt("Logs", "", "ConfigMap shop-user does not exist", "by itself");
    object("Deployment", "user").state = Declared::State::Differs;
    expect_hurt("Tracing", "", "Deployment shop-user is not as declared", "by itself");
    seen.objects.clear();
    expect_unknown("Logs", "", "not everything");
    expect_unknown("Tracing", "", "not everything");
    platform.spec.tracing.endpoint.clear();
    EXPECT_THAT(all("Tracing"), IsEmpty());
}

class LogShippingTest : public PromisesTest {
protected:
    LogShippingTest() {
        platform.spec.logging = {api::LogAgent::DaemonSet, "http://collector:4318", "logging"};
        see("DaemonSet", "fluent-bit");
        seen.workloads["fluent-bit"] = running(3);
    }
    Workload& agent() { return seen.workloads["fluent-bit"]; }
};

TEST_F(LogShippingTest, IsPromisedWhereThereIsAnAgentAlone) {
    EXPECT_EQ(find("LogShipping").held, Held::True);
    EXPECT_THAT(find("LogShipping").evidence, HasSubstr("on every node, and told to take the logs to http://collector:4318"));
    platform.spec.logging = {};
    EXPECT_THAT(all("LogShipping"), IsEmpty());
    seen.log_agent_refused = "delete DaemonSet: forbidden";
    expect_hurt("LogShipping", "", "still there: delete DaemonSet: forbidden", "rights back");
}

TEST_F(LogShippingTest, IsBrokenByANodeWhoseAgentIsNotReadyOrOld) {
    agent().available = 2;
    expect_unknown("LogShipping", "", "not every node has a Fluent Bit that is ready and up to date yet");
    agent().failure = "shop-1 has not been ready for 5 minutes";
    expect_hurt("LogShipping", "", "not every node has a Fluent Bit that is ready: shop-1 has not been ready for 5 minutes",
                "kubectl describe daemonset,pods -n logging -l ecommerceplatform.io/namespace=shop");
    agent() = running(3);
    agent().updated = 1;
    expect_unknown("LogShipping", "", "up to date yet");
    agent().failure = "ImagePullBackOff";
    expect_hurt("LogShipping", "", "not every node", "kubectl describe");
}

TEST_F(LogShippingTest, IsKeptBySidecarsThatRun) {
    platform.spec.logging.agent = api::LogAgent::Sidecar;
    expect_hurt("LogShipping", "", "pods without a Fluent Bit that runs: catalog, gateway",
                "kubectl logs -n shop POD -c fluent-bit");
    for (Pod& each : *seen.pods) each.shipped = std::ranges::find(api::kDataStores, each.component) == api::kDataStores.end();
    EXPECT_EQ(find("LogShipping").held, Held::True) << "of data stores nothing is promised";
    const std::vector<Pod> pods = *seen.pods;
    std::erase_if(*seen.pods, [](const Pod& each) { return each.component == "order"; });
    expect_unknown("LogShipping", "", "no pods run yet of order");
    seen.pods = pods;
    pods_of("user").front()->shipped = false;
    expect_hurt("LogShipping", "", "pods without a Fluent Bit that runs: user", "rollout");
    seen.log_agent_refused = "delete DaemonSet: forbidden";
    EXPECT_EQ(all("LogShipping").size(), 2);
}

// Six services of two pods at least: 12 × (20m and 48Mi).
TEST_F(LogShippingTest, CostsWhatItsSidecarsAskFor) {
    const Footprint without = at_least(platform.spec);
    platform.spec.logging.agent = api::LogAgent::Sidecar;
    const Footprint with = at_least(platform.spec);
    EXPECT_EQ(with.cpu - without.cpu, 12 * 20);
    EXPECT_EQ(with.memory - without.memory, 12 * std::int64_t{48'000} << 20);
}

TEST_F(LogShippingTest, IsUnknownBeforeKubernetesHasSeenIt) {
    agent().observed_generation = 1;
    expect_unknown("LogShipping", "", "no node has been told");
    agent() = running(0);
    expect_unknown("LogShipping", "", "no node has been told");
    seen.workloads.erase("fluent-bit");
    expect_unknown("LogShipping", "", "no node has been told");
    seen.objects.clear();
    expect_unknown("LogShipping", "", "not everything is applied");
}

TEST_F(LogShippingTest, SaysWhatAnAdministratorHasToDoAndLeavesTheRestAlone) {
    seen.workloads.erase("fluent-bit");
    object("DaemonSet", "fluent-bit").state = Declared::State::Missing;
    seen.log_agent_refused = "apply DaemonSet: namespaces \"logging\" not found";
    expect_hurt("LogShipping", "", "no Fluent Bit can run in namespace logging: apply DaemonSet",
                "kubectl apply --server-side -k config/logging;");
    EXPECT_EQ(find("AsDeclared").held, Held::True);
    platform.spec.logging.ns = "logs";
    expect_hurt("LogShipping", "", "in namespace logs", "with namespace logs in its kustomization.yaml");
}

}  // namespace
}  // namespace quality
