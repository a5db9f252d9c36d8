// Each promise: kept, hurt in one way, and not observed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "api/attributes.h"
#include "quality/attributes.h"
#include "quality/verdict.h"

namespace quality {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

Pod pod(const std::string& component, const std::string& zone) {
    return {.component = component,
            .version = "1.0.0",
            .node = "node-" + zone,
            .on = Node{zone, false},
            .best_effort = false,
            .bounded = true,
            .scraped = true};
}

Workload running(std::int64_t replicas) {
    Workload workload;
    workload.version = "1.0.0";
    workload.generation = workload.observed_generation = 2;
    workload.desired = workload.current = workload.updated = workload.available = replicas;
    return workload;
}

// A platform that keeps every promise but that of backups, which none can.
class PromisesTest : public testing::Test {
protected:
    PromisesTest() {
        platform.key = {"shop", "shop"};
        platform.generation = 7;
        platform.spec.version = "1.0.0";
        platform.spec.configuration = {.log_level = "info", .api_timeout = "30s", .max_connections = 100, .feature_flags = {}};
        platform.spec.tracing = {"http://collector:4318", 10};
        platform.spec.postgres.managed.parameters["max_connections"] = "1000";
        platform.spec.redis.managed.nodes = platform.spec.rabbitmq.managed.nodes = 3;
        for (const api::Service& service : api::kServices) {
            const std::string key(service.key);
            platform.spec.services[key].replicas = {3, 2, 10};
            seen.scalers[key] = {.judged = true, .at_maximum = false, .inactive = ""};
            add(key, 3);
            see("Deployment", key);
            see("ConfigMap", key);
            see("NetworkPolicy", key);
        }
        add("postgres", 1);
        add("redis", 3);
        add("rabbitmq", 3);
        see("Secret", "postgres");
        seen.pod_security = "restricted";
    }

    void add(const std::string& component, std::int64_t replicas) {
        seen.workloads[component] = running(replicas);
        if (replicas > 1) seen.budgets[component] = {.judged = true, .allows = true};
        if (!seen.pods) seen.pods.emplace();
        const std::vector<std::string> zones{"a", "b", "c"};
        for (std::int64_t index = 0; index < replicas; ++index) {
            seen.pods->push_back(pod(component, zones.at(static_cast<std::size_t>(index) % zones.size())));
        }
    }

    void see(const std::string& kind, const std::string& component) {
        seen.objects.push_back({kind, "shop-" + component, component, Declared::State::AsDeclared});
    }

    Declared& object(const std::string& kind, const std::string& component) {
        return *std::find_if(seen.objects.begin(), seen.objects.end(),
                             [&](const Declared& each) { return each.kind == kind && each.component == component; });
    }

    std::vector<Pod*> pods_of(const std::string& component) {
        std::vector<Pod*> found;
        for (Pod& each : *seen.pods) {
            if (each.component == component) found.push_back(&each);
        }
        return found;
    }

    void move(const std::string& component, const std::vector<std::string>& zones) {
        const std::vector<Pod*> pods = pods_of(component);
        for (std::size_t index = 0; index < zones.size(); ++index) *pods.at(index) = pod(component, zones[index]);
    }

    std::vector<Finding> all(std::string_view name) const {
        std::vector<Finding> found;
        for (const Promise& each : promises({platform, seen})) {
            if (each.name == name) found.push_back(each.found);
        }
        return found;
    }

    // Of the component where there is one, else of the platform.
    Finding find(std::string_view name, const std::string& component = "") const {
        for (const Finding& each : all(name)) {
            if (each.component == component) return each;
        }
        ADD_FAILURE() << "no promise " << name << " " << component;
        return {};
    }

    void expect_hurt(std::string_view name, const std::string& component, const std::string& evidence, const std::string& cure) {
        const Finding found = find(name, component);
        EXPECT_EQ(found.held, Held::False) << found.evidence;
        EXPECT_THAT(found.evidence, HasSubstr(evidence));
        EXPECT_THAT(found.cure, HasSubstr(cure));
    }

    void expect_unknown(std::string_view name, const std::string& component, const std::string& evidence) {
        const Finding found = find(name, component);
        EXPECT_EQ(found.held, Held::Unknown) << found.evidence;
        EXPECT_THAT(found.evidence, HasSubstr(evidence));
        EXPECT_THAT(found.cure, Not(IsEmpty()));
    }

    Condition condition(std::string_view type) const {
        for (const Condition& each : attributes(promises({platform, seen}))) {
            if (each.type == type) return each;
        }
        return {};
    }

    api::Platform platform;
    Observed seen;
};

TEST_F(PromisesTest, AreAllKeptButBackups) {
    for (const Promise& each : promises({platform, seen})) {
        EXPECT_EQ(each.found.held, each.name == "Backup" ? Held::False : Held::True) << each.name << ": " << each.found.evidence;
        EXPECT_EQ(each.found.cure.empty(), each.found.held == Held::True) << each.name;
        EXPECT_THAT(each.found.evidence, Not(IsEmpty()));
    }
    EXPECT_EQ(kept_of_all(attributes(promises({platform, seen}))), "7/8");
}

TEST_F(PromisesTest, AreNeverTrueOfWhatWasNotObserved) {
    seen = {};
    for (const Promise& each : promises({platform, seen})) {
        // What the spec alone decides is known: sizes of pools, and that there is no backup.
        if (each.name == "Connections" || each.name == "Backup") continue;
        EXPECT_NE(each.found.held, Held::True) << each.name;
    }
    EXPECT_EQ(condition("Reliable").status, "False");  // There is no budget.
    EXPECT_EQ(condition("Secure").status, "Unknown");
    EXPECT_EQ(condition("CostEfficient").status, "Unknown");
    EXPECT_EQ(condition("Observable").status, "Unknown");
}

TEST_F(PromisesTest, MakeAnAttributeAsGoodAsTheWorstOfThem) {
    EXPECT_EQ(condition("Reliable").status, "True");
    EXPECT_EQ(condition("Reliable").reason, "PromisesKept");
    EXPECT_EQ(condition("Reliable").message, "Kept: ZoneSpread, DisruptionBudget, Redundancy.");
    seen.budgets["user"].judged = false;
    EXPECT_EQ(condition("Reliable").status, "Unknown");
    EXPECT_EQ(condition("Reliable").reason, "DisruptionBudget");
    move("order", {"a", "a", "a"});
    EXPECT_EQ(condition("Reliable").status, "False");
    EXPECT_EQ(condition("Reliable").reason, "ZoneSpread");
    EXPECT_THAT(condition("Reliable").message, HasSubstr("order: all replicas run in zone a. Have nodes"));
}

TEST_F(PromisesTest, ThatAreHurtInOneWayAreToldOnceAndManyAreCounted) {
    move("user", {"a", "a", "a"});
    move("catalog", {"a", "a", "a"});
    EXPECT_THAT(condition("Reliable").message, StartsWith("user, catalog: all replicas run in zone a. Have nodes"));
    move("order", {"b", "b", "b"});
    move("payment", {"c", "c", "c"});
    move("redis", {"a", "a", "b"});
    seen.budgets["gateway"].allows = false;
    EXPECT_THAT(condition("Reliable").message,
                AllOf(HasSubstr("payment: "), Not(HasSubstr("redis: ")), HasSubstr("And 2 more, which status.promises lists.")));
}

TEST_F(PromisesTest, ThatNobodyMadeLeaveAnAttributeUnknown) {
    for (auto& [key, settings] : platform.spec.services) settings.autoscaling = false;
    EXPECT_EQ(condition("Scalable").status, "Unknown");
    EXPECT_EQ(condition("Scalable").reason, "NothingPromised");
}

TEST_F(PromisesTest, OfConnectionsAddUpEveryPoolAtItsMost) {
    // Five services with a database, ten pods and one more in a rollout, 16 connections each; three are kept for superusers.
    platform.spec.postgres.managed.parameters["max_connections"] = "883";
    EXPECT_EQ(find("Connections", "postgres").held, Held::True);
    platform.spec.postgres.managed.parameters["max_connections"] = "882";
    expect_hurt("Connections", "postgres", "open up to 880 connections, PostgreSQL takes 879", "max_connections to \"883\"");
    platform.spec.configuration.max_connections = 4;
    EXPECT_EQ(find("Connections", "postgres").held, Held::True);
    platform.spec.postgres.external = api::ExternalStore{"db", {"10.0.0.1/32", "", 5432}};
    expect_unknown("Connections", "postgres", "external");
}

TEST_F(PromisesTest, OfQualityOfServiceKnowNoBestEffort) {
    pods_of("order").at(1)->best_effort = true;
    expect_hurt("QualityOfService", "", "BestEffort, which are evicted first: order", "requests");
    seen.pods.reset();
    expect_unknown("QualityOfService", "", "does not show the operator pods");
}

TEST_F(PromisesTest, OfAnAutoscalerTellWhyItDoesNotScale) {
    seen.scalers["catalog"].inactive = "AmbiguousSelector";
    expect_hurt("Autoscaler", "catalog", "AmbiguousSelector", "Delete the other HorizontalPodAutoscaler");
    seen.scalers["catalog"].inactive = "FailedGetResourceMetric";
    expect_hurt("Autoscaler", "catalog", "FailedGetResourceMetric", "metrics-server");
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
    seen.scalers["payment"].judged = false;
    expect_unknown("Headroom", "payment", "not looked");
}

TEST_F(PromisesTest, OfZoneSpreadLeaveAReplicaOfAServiceInAnotherZone) {
    move("payment", {"a", "a", "b"});
    EXPECT_EQ(find("ZoneSpread", "payment").evidence, "runs in zones a, b");
    move("payment", {"b", "b", "b"});
    expect_hurt("ZoneSpread", "payment", "all replicas run in zone b", "Have nodes in another zone");
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

TEST_F(PromisesTest, OfSpreadAreMadeAsTheSpecSays) {
    EXPECT_THAT(all("NodeSpread"), IsEmpty());
    EXPECT_EQ(all("ZoneSpread").size(), 8U);  // One pod of PostgreSQL is in one place.
    platform.spec.spread = api::Spread::Node;
    EXPECT_THAT(all("ZoneSpread"), IsEmpty());
    EXPECT_EQ(find("NodeSpread", "user").evidence, "runs on nodes node-a, node-b, node-c");
    move("user", {"c", "c", "c"});
    expect_hurt("NodeSpread", "user", "all replicas run on node node-c", "spread to None");
    seen.pods.reset();
    expect_unknown("NodeSpread", "user", "pods");
    platform.spec.spread = api::Spread::None;
    EXPECT_THAT(all("NodeSpread"), IsEmpty());
}

TEST_F(PromisesTest, OfADisruptionBudgetAllowADrain) {
    seen.budgets["order"].allows = false;
    expect_hurt("DisruptionBudget", "order", "no disruption is allowed", "back to health");
    seen.workloads["order"].current = 4;
    EXPECT_EQ(find("DisruptionBudget", "order").held, Held::True);  // The rollout takes what the budget would allow.
    seen.budgets["order"].judged = false;
    expect_unknown("DisruptionBudget", "order", "not looked");
    seen.budgets.erase("order");
    seen.refused = "apply PodDisruptionBudget shop/shop-order: 403 forbidden";
    expect_hurt("DisruptionBudget", "order", "PodDisruptionBudget shop-order does not exist", "403 forbidden");
    platform.spec.suspend = true;
    expect_hurt("DisruptionBudget", "order", "does not exist", "Set spec.suspend to false");
}

TEST_F(PromisesTest, OfRedundancyAskForTheMinimum) {
    seen.workloads["user"].available = 1;
    seen.workloads["user"].failure = "exceeded quota";
    expect_hurt("Redundancy", "user", "fewer than 2 replicas are available: exceeded quota", "health");
    seen.workloads["user"].current = 4;
    EXPECT_EQ(find("Redundancy", "user").held, Held::True);  // As many as a rollout may take.
    seen.workloads["redis"].available = 2;
    expect_hurt("Redundancy", "redis", "fewer than 3", "health");
    seen.workloads.erase("redis");
    expect_unknown("Redundancy", "redis", "does not exist");
    EXPECT_THAT(find("Redundancy", "postgres").evidence, HasSubstr("nothing takes over"));
    seen.workloads["postgres"].available = 0;
    expect_hurt("Redundancy", "postgres", "its one replica is not available", "health");
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

TEST_F(PromisesTest, OfPodSecurityNeedTheNamespaceToEnforceIt) {
    seen.pod_security = "";
    expect_hurt("PodSecurity", "", "enforces no level", "kubectl label namespace shop --overwrite");
    seen.pod_security = "baseline";
    expect_hurt("PodSecurity", "", "enforces only baseline", "enforce=restricted");
    seen.pod_security.reset();
    expect_unknown("PodSecurity", "", "namespaces");
}

TEST_F(PromisesTest, OfSecretsNeedEachGeneratedOrReferredTo) {
    object("Secret", "postgres").state = Declared::State::Missing;
    expect_hurt("Secrets", "", "Secret shop-postgres does not exist", "by itself");
    platform.spec.rabbitmq.external = api::ExternalStore{"broker", {"10.0.0.1/32", "", 5672}};
    seen.missing_references = {"rabbitmq"};
    expect_hurt("Secrets", "", "missing Secrets: broker", "in namespace shop");
    seen.missing_references.clear();
    seen.objects.clear();
    expect_unknown("Secrets", "", "not everything is applied");
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
    seen.preparations.clear();
    seen.workloads["order"].failure = "progress deadline exceeded";
    expect_hurt("OneVersion", "order", "stuck: progress deadline exceeded", "spec.version");
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
    expect_unknown("Limits", "", "no pod runs");
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
    expect_hurt("Backup", "postgres", "nothing is backed up", "makes no backups");
    platform.spec.postgres.external = api::ExternalStore{"db", {"10.0.0.1/32", "", 5432}};
    expect_unknown("Backup", "postgres", "not observed");
    EXPECT_EQ(condition("Recoverable").status, "False");
}

TEST_F(PromisesTest, OfMetricsLetPrometheusFindThePods) {
    pods_of("gateway").front()->scraped = false;
    pods_of("redis").front()->scraped = false;  // Data stores have none to offer.
    expect_hurt("Metrics", "", "prometheus.io/scrape: gateway", "rollout");
    seen.pods.reset();
    expect_unknown("Metrics", "", "pods");
    platform.spec.scrape_annotations = false;
    EXPECT_THAT(all("Metrics"), IsEmpty());
}

TEST_F(PromisesTest, OfLogsAndTracesAreInTheServicesConfiguration) {
    EXPECT_THAT(find("Logs").evidence, HasSubstr("level info"));
    EXPECT_THAT(find("Tracing").evidence, HasSubstr("10 % of traces to http://collector:4318"));
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

TEST_F(PromisesTest, DoNotEnterIntoReady) {
    seen.pods.reset();
    seen.pod_security = "";
    const Verdict verdict = assess(platform, seen);
    EXPECT_EQ(verdict.conditions.front().type, "Ready");
    EXPECT_EQ(verdict.conditions.front().status, "True");
    EXPECT_EQ(verdict.attributes, "2/8");
}

TEST_F(PromisesTest, AreInTheStatus) {
    const kube::Json status = status_json(assess(platform, seen), 7, nullptr, "2026-01-01T00:00:00Z");
    EXPECT_EQ(status.at("attributes"), "7/8");
    EXPECT_EQ(status.at("conditions").size(), 11U);
    EXPECT_EQ(status.at("promises").at(0), (kube::Json{{"attribute", "Performant"},
                                                       {"name", "Connections"},
                                                       {"component", "postgres"},
                                                       {"status", "True"},
                                                       {"evidence", find("Connections", "postgres").evidence}}));
    EXPECT_EQ(condition_of(status, "Recoverable").at("reason"), "Backup");
}

TEST_F(PromisesTest, AreTheSameWhileLoadMoves) {
    const kube::Json before = status_json(assess(platform, seen), 7, nullptr, "2026-01-01T00:00:00Z");
    add("catalog", 5);
    EXPECT_EQ(status_json(assess(platform, seen), 7, nullptr, "2026-01-01T00:00:00Z").at("promises"), before.at("promises"));
}

TEST(Attributes, AreUnknownFromFirstSight) {
    api::Platform platform;
    const std::vector<Verdict> verdicts{first_sight(platform), rejected("InvalidSpec", {{"spec.a", "is wrong"}})};
    for (const Verdict& verdict : verdicts) {
        EXPECT_EQ(verdict.attributes, "0/8");
        const kube::Json status = status_json(verdict, 1, nullptr, "2026-01-01T00:00:00Z");
        for (const std::string_view type : api::kAttributes) {
            EXPECT_EQ(condition_of(status, type).at("status"), "Unknown") << type;
        }
        EXPECT_FALSE(status.contains("promises"));
    }
}

}  // namespace
}  // namespace quality
