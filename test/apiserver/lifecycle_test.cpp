// From the first apply to the last object's end.
#include <gmock/gmock.h>
#include <signal.h>

#include <algorithm>
#include <set>

#include "cluster.h"
#include "rights.h"
#include "support/paths.h"

namespace apiserver {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class Lifecycle : public OperatorTest {};

class LifecycleOfSample : public OperatorTest, public testing::WithParamInterface<const char*> {};

TEST_P(LifecycleOfSample, BecomesReady) {
    start_operator();
    apply(sample(GetParam()));
    ASSERT_TRUE(ready()) << kubectl({"describe", "ecp/shop"}).output;
    const Json platform = get("ecp", "shop");
    EXPECT_EQ(platform["status"]["services"], "6/6");
    EXPECT_EQ(platform["status"]["data"], "3/3");
    EXPECT_EQ(platform["status"]["observedGeneration"], platform["metadata"]["generation"]);
    EXPECT_TRUE(settled());
    EXPECT_EQ(condition(get("ecp", "shop"), "Stalled"), "False");
}

INSTANTIATE_TEST_SUITE_P(Samples, LifecycleOfSample, testing::Values("minimal", "development", "staging", "production"),
                         [](const auto& each) { return std::string(each.param); });

TEST_F(Lifecycle, WaitsForTheSecretsOfExternalStores) {
    start_operator();
    apply(sample("external-data"));
    ASSERT_TRUE(eventually([&] { return condition(get("ecp", "shop"), "Stalled") == "True"; }));
    EXPECT_THAT(condition(get("ecp", "shop"), "Stalled", "message"), HasSubstr("secretName"));
    // The file names the sample's namespace; its objects are wanted in the test's.
    std::string secrets = support::read_file(support::in_checkout("samples/external-data-secrets.yaml"));
    for (std::size_t at = 0; (at = secrets.find("namespace: shop")) != std::string::npos;)
        secrets.replace(at, 15, "namespace: " + ns_);
    const support::Finished made = kubectl({"apply", "-f", "-"}, secrets);
    ASSERT_EQ(made.status, 0) << made.output;
    EXPECT_TRUE(ready());
    EXPECT_EQ(condition(get("ecp", "shop"), "Stalled"), "False");
    EXPECT_THAT(children("statefulsets"), IsEmpty());
    const auto patch_postgres = [&](const char* catalog) {
        const Json patch{{"stringData", {{"catalog", catalog}}}};
        ASSERT_EQ(kubectl({"patch", "secret", "shop-postgres-external", "-p", patch.dump()}).status, 0);
    };
    patch_postgres("");
    EXPECT_TRUE(says("Secrets", "False", "Secret shop-postgres-external lacks the key catalog"));
    EXPECT_EQ(condition(get("ecp", "shop"), "Stalled", "reason"), "CannotBeMet");
    EXPECT_EQ(condition(get("ecp", "shop"), "Ready"), "False");
    patch_postgres("postgres://catalog:x@postgres.example.com:5432/catalog");
    EXPECT_TRUE(says("Secrets", "True"));
    EXPECT_TRUE(ready());
}

TEST_F(Lifecycle, HasEveryObjectUnderTheOneLabel) {
    start_operator();
    apply(sample("production"));
    ASSERT_TRUE(ready());
    const std::vector<std::string> all = children(kAllKinds);
    for (const std::string service : {"user", "catalog", "inventory", "order", "payment", "gateway"}) {
        for (const std::string kind :
             {"deployment.apps", "service", "serviceaccount", "configmap", "networkpolicy.networking.k8s.io",
              "horizontalpodautoscaler.autoscaling", "poddisruptionbudget.policy"}) {
            EXPECT_THAT(all, Contains(kind + "/shop-" + service));
        }
    }
    for (const std::string store : {"postgres", "redis", "rabbitmq"}) {
        for (const std::string kind : {"statefulset.apps", "service", "serviceaccount", "configmap", "secret"}) {
            EXPECT_THAT(all, Contains(kind + "/shop-" + store));
        }
    }
    EXPECT_THAT(all, Contains("ingress.networking.k8s.io/shop-gateway"));
}

TEST_F(Lifecycle, StartsNoServiceWithoutAnAutoscalerBelowItsCount) {
    start_operator();
    apply(sample("minimal"));
    ASSERT_TRUE(ready());
    EXPECT_GE(get("deployment", "shop-catalog")["spec"]["replicas"], 2);
    EXPECT_TRUE(eventually(
        [&] {
            const Json autoscaler = get("hpa", "shop-catalog");
            for (const Json& each : autoscaler["status"].value("conditions", Json::array())) {
                if (each["type"] == "ScalingActive" && each["status"] == "True") return true;
            }
            return false;
        },
        90s))
        << get("hpa", "shop-catalog").dump(2);
}

TEST_F(Lifecycle, TakesEverythingAlongWhenThePolicyIsDelete) {
    start_operator();
    apply(sample("development", {{"spec", {{"deletionPolicy", "Delete"}}}}));
    ASSERT_TRUE(ready());
    ASSERT_EQ(kubectl({"delete", "ecp/shop", "--timeout=30s"}).status, 0);
    EXPECT_TRUE(eventually([&] { return children(kAllKinds).empty(); })) << testing::PrintToString(children(kAllKinds));
    EXPECT_TRUE(eventually([&] { return kubectl({"get", "pvc", "-o", "name"}).output.empty(); }));
}

TEST_F(Lifecycle, KeepsVolumesAndTheSecretsThatOpenThemWhenThePolicyIsRetain) {
    start_operator();
    apply(sample("development", {{"spec", {{"deletionPolicy", "Retain"}}}}));
    ASSERT_TRUE(ready());
    const Json password = get("secret", "shop-postgres")["data"];
    const Json token_key = get("secret", "shop-user-token-keys")["data"];
    ASSERT_EQ(kubectl({"delete", "ecp/shop", "--timeout=30s"}).status, 0);
    ASSERT_TRUE(eventually([&] { return children("deployments,statefulsets,services").empty(); }));
    EXPECT_TRUE(eventually([&] { return kubectl({"get", "pods", "-o", "name"}).output.empty(); }));
    EXPECT_THAT(kubectl({"get", "pvc", "-o", "name"}).output, HasSubstr("data-shop-postgres-0"));
    EXPECT_EQ(get("secret", "shop-postgres")["data"], password);

    // A new platform of that name takes over what was left.
    apply(sample("development"));
    ASSERT_TRUE(ready());
    EXPECT_EQ(get("secret", "shop-postgres")["data"], password);
    EXPECT_EQ(get("secret", "shop-user-token-keys")["data"], token_key);
}

TEST_F(Lifecycle, RetainsVolumesAlsoWhenThePolicyWasChangedJustBefore) {
    start_operator();
    apply(sample("development", {{"spec", {{"deletionPolicy", "Delete"}}}}));
    ASSERT_TRUE(ready());
    operator_->signal(SIGSTOP);  // So that it sees the change and the deletion at once.
    patch_platform({{"spec", {{"deletionPolicy", "Retain"}}}});
    ASSERT_EQ(kubectl({"delete", "ecp/shop", "--wait=false"}).status, 0);
    operator_->signal(SIGCONT);
    ASSERT_TRUE(eventually([&] { return !find("ecp", "shop"); }));
    ASSERT_TRUE(eventually([&] { return kubectl({"get", "pods", "-o", "name"}).output.empty(); }));
    EXPECT_THAT(kubectl({"get", "pvc", "-o", "name"}).output, HasSubstr("data-shop-postgres-0"));
    EXPECT_TRUE(find("secret", "shop-postgres"));
}

TEST_F(Lifecycle, CleansUpWhatLiesOutsideTheNamespace) {
    start_operator();
    apply(sample("staging"));
    ASSERT_TRUE(ready());
    const std::string mine = "ecommerceplatform.io/namespace=" + ns_;
    EXPECT_THAT(kubectl({"get", kAllOutside, "-l", mine, "-o", "name"}).output, Not(IsEmpty()));
    ASSERT_EQ(kubectl({"delete", "ecp/shop", "--timeout=30s"}).status, 0);
    EXPECT_THAT(kubectl({"get", kAllOutside, "-l", mine, "-o", "name"}).output, IsEmpty());
}

TEST_F(Lifecycle, LeavesNothingBehindThatTheOperatorDidNotSee) {
    const Rights rights(*this);
    use_kubeconfig(rights.kubeconfig());
    start_operator({"--no-leader-elect"});
    apply(sample("staging"));
    ASSERT_TRUE(ready());
    stop_operator(SIGTERM);
    rights.take("priorityclasses", {"list", "watch"});
    start_operator({"--no-leader-elect"});
    ASSERT_EQ(kubectl({"delete", "ecp/shop", "--wait=false"}).status, 0);
    ASSERT_TRUE(eventually([&] { return condition(get("ecp", "shop"), "Stalled", "reason") == "KindsNotShown"; }));
    rights.restore();
    EXPECT_TRUE(eventually([&] { return !find("ecp", "shop"); }));
    const std::string mine = "ecommerceplatform.io/namespace=" + ns_;
    EXPECT_THAT(kubectl({"get", kAllOutside, "-l", mine, "-o", "name"}).output, IsEmpty());
}

TEST_F(Lifecycle, WritesNothingWhileSuspendedAndSaysSo) {
    start_operator();
    apply(sample("development"));
    ASSERT_TRUE(ready());
    patch_platform({{"spec", {{"suspend", true}}}});
    ASSERT_TRUE(eventually([&] { return condition(get("ecp", "shop"), "Reconciling", "reason") == "Suspended"; }));
    ASSERT_EQ(kubectl({"delete", "service/shop-catalog"}).status, 0);
    patch_platform({{"metadata", {{"labels", {{"touched", "yes"}}}}},
                    {"spec", {{"services", {{"order", {{"replicas", {{"count", 1}}}}}}}}}});
    ASSERT_TRUE(eventually([&] {
        const Json platform = get("ecp", "shop");
        return platform["status"]["observedGeneration"] == platform["metadata"]["generation"];
    }));
    EXPECT_FALSE(find("service", "shop-catalog"));
    patch_platform({{"spec", {{"suspend", false}}}});
    EXPECT_TRUE(eventually([&] { return find("service", "shop-catalog").has_value(); }));
}

TEST_F(Lifecycle, TakesNoEarlierVersionWhereVersionsGoForward) {
    start_operator();
    apply(sample("development", {{"spec", {{"quality", {{"maintainability", {{"versions", "Forward"}}}}}}}}));
    ASSERT_TRUE(ready());
    patch_platform({{"spec", {{"version", "0.9.0"}}}});
    ASSERT_TRUE(eventually([&] { return condition(get("ecp", "shop"), "Stalled", "reason") == "VersionGoesBack"; }));
    EXPECT_EQ(condition(get("ecp", "shop"), "Stalled", "message"),
              "spec.version: 0.9.0 is before 1.0.0, which ran last, and spec.quality.maintainability.versions is Forward");
    EXPECT_EQ(get("deployment", "shop-user")["metadata"]["labels"]["app.kubernetes.io/version"], "1.0.0");
    patch_platform({{"spec", {{"version", "1.0.1"}}}});
    ASSERT_TRUE(ready());
    EXPECT_TRUE(eventually([&] { return get("ecp", "shop")["status"]["version"] == "1.0.1"; }));
}

TEST_F(Lifecycle, TakesOnePlatformANamespace) {
    start_operator();
    apply(sample("development"));
    ASSERT_TRUE(ready());
    Json second = sample("development");
    second["metadata"]["name"] = "second";
    apply(second);
    ASSERT_TRUE(eventually([&] { return condition(get("ecp", "second"), "Stalled", "reason") == "NamespaceTaken"; }));
    EXPECT_THAT(condition(get("ecp", "second"), "Stalled", "message"), HasSubstr("shop"));
    EXPECT_FALSE(find("deployment", "second-catalog"));
    ASSERT_EQ(kubectl({"delete", "ecp/shop", "--timeout=30s"}).status, 0);
    EXPECT_TRUE(eventually([&] { return find("deployment", "second-catalog").has_value(); }));
}

TEST_F(Lifecycle, NamesTheObjectAndFieldThatTheServerRefuses) {
    ASSERT_EQ(kubectl({"create", "quota", "none", "--hard=count/configmaps=3"}).status, 0);
    start_operator();
    apply(sample("development"));
    ASSERT_TRUE(eventually([&] { return condition(get("ecp", "shop"), "Stalled", "reason") == "ApplyRefused"; }));
    EXPECT_THAT(condition(get("ecp", "shop"), "Stalled", "message"), HasSubstr("ConfigMap " + ns_ + "/shop-"));
    EXPECT_THAT(condition(get("ecp", "shop"), "Stalled", "message"), HasSubstr("exceeded quota"));
    ASSERT_EQ(kubectl({"delete", "quota/none"}).status, 0);
    EXPECT_TRUE(ready());
    EXPECT_EQ(condition(get("ecp", "shop"), "Stalled"), "False");
}

TEST_F(Lifecycle, TellsPeopleByEvents) {
    start_operator();
    apply(sample("development"));
    ASSERT_TRUE(ready());
    EXPECT_TRUE(eventually([&] {
        return kubectl({"describe", "ecp/shop"}).output.find("AllComponentsReady  ") != std::string::npos;
    })) << kubectl({"describe", "ecp/shop"}).output;
    // While it became ready, its status was written many times, and what is not backed up was all the while.
    const auto told = [&] {
        int times = 0;
        const Json events = Json::parse(kubectl({"get", "events", "-o", "json"}).output);
        for (const Json& event : events["items"]) {
            if (!event.value("message", "").starts_with("Recoverable is False")) continue;
            times += event.contains("series") ? event["series"]["count"].get<int>() : 1;
        }
        return times;
    };
    EXPECT_TRUE(eventually([&] { return told() == 1; })) << told() << kubectl({"get", "events"}).output;
}

TEST_F(Lifecycle, SurvivesAKillAtAnyMoment) {
    start_operator();
    apply(sample("development"));
    for (int round = 0; round < 8; ++round) {
        ASSERT_TRUE(eventually([&] { return children(kAllKinds).size() > static_cast<std::size_t>(round) * 8; }));
        stop_operator(SIGKILL);
        kubectl({"delete", "lease", "--all"});  // Nobody else waits for it; the next one need not either.
        start_operator();
    }
    EXPECT_TRUE(ready());
}

TEST_F(Lifecycle, HandsOverToAnotherReplica) {
    start_operator();
    ASSERT_TRUE(eventually([&] { return operator_log().find("became leader") != std::string::npos; }));
    const std::unique_ptr<support::Background> first = std::move(operator_);
    start_operator();
    apply(sample("development"));
    ASSERT_TRUE(ready());
    first->signal(SIGTERM);
    EXPECT_EQ(first->wait(), 0);
    ASSERT_EQ(kubectl({"delete", "service/shop-catalog"}).status, 0);
    EXPECT_TRUE(eventually([&] { return find("service", "shop-catalog").has_value(); }, 10s));
}

}  // namespace
}  // namespace apiserver
