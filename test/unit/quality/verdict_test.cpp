#include "quality/verdict.h"

#include "unit/quality/kept_shop.h"

namespace quality {
namespace {

using testing::HasSubstr;

class VerdictTest : public testing::Test {
protected:
    VerdictTest() {
        platform.key = {"shop", "shop"};
        platform.generation = 7;
        platform.spec.version = "1.0.0";
        for (const api::Service& service : api::kServices) {
            platform.spec.services[std::string(service.key)].replicas = {3, 2, 10};
            observed.workloads[std::string(service.key)] = running(3);
        }
        platform.spec.redis.managed.nodes = platform.spec.rabbitmq.managed.nodes = 3;
        observed.workloads["postgres"] = running(1);
        observed.workloads["redis"] = observed.workloads["rabbitmq"] = running(3);
    }

    Condition condition(const std::string& type) const {
        const Verdict verdict = assess(platform, observed);
        for (const Condition& each : verdict.conditions) {
            if (each.type == type) return each;
        }
        return {};
    }

    api::Platform platform;
    Observed observed;
};

TEST_F(VerdictTest, IsReadyWhenEveryComponentIs) {
    EXPECT_EQ(condition("Ready").status, "True");
    EXPECT_EQ(condition("Reconciling").status, "False");
    EXPECT_EQ(condition("Stalled").status, "False");
    const Verdict verdict = assess(platform, observed);
    EXPECT_EQ(verdict.services, "6/6");
    EXPECT_EQ(verdict.data, "3/3");
    EXPECT_EQ(verdict.version, "1.0.0");
}

TEST_F(VerdictTest, StaysReadyWhileAnAutoscalerAddsPods) {
    Workload& catalog = observed.workloads["catalog"];
    catalog.desired = catalog.current = catalog.updated = 8;
    EXPECT_EQ(condition("Ready").status, "True");
    EXPECT_EQ(condition("Reconciling").status, "True");
}

TEST_F(VerdictTest, IsNotReadyBeforeTheMinimumRunsTheNewRevision) {
    Workload& catalog = observed.workloads["catalog"];
    catalog.current = 4;
    catalog.updated = 1;
    EXPECT_EQ(condition("Ready").status, "False");
    EXPECT_THAT(condition("Ready").message, HasSubstr("catalog"));
    EXPECT_EQ(assess(platform, observed).services, "5/6");
}

TEST_F(VerdictTest, DoesNotTrustCountsOfAnOlderSpec) {
    observed.workloads["order"].generation = 3;
    EXPECT_EQ(condition("Ready").status, "False");
}

TEST_F(VerdictTest, NeedsAMajorityOfAQuorum) {
    observed.workloads["redis"].available = 2;
    EXPECT_EQ(condition("Ready").status, "True");
    observed.workloads["redis"].available = 1;
    EXPECT_EQ(condition("Ready").status, "False");
    EXPECT_EQ(assess(platform, observed).data, "2/3");
}

TEST_F(VerdictTest, SaysWhyPodsDoNotComeUp) {
    Workload& payment = observed.workloads["payment"];
    payment.available = payment.updated = payment.current = 0;
    payment.failure = "pods \"x\" is forbidden: exceeded quota";
    EXPECT_THAT(condition("Ready").message, HasSubstr("payment (pods \"x\" is forbidden: exceeded quota)"));
}

TEST_F(VerdictTest, ReportsAMissingWorkload) {
    observed.workloads.erase("gateway");
    EXPECT_THAT(condition("Ready").message, HasSubstr("gateway (does not exist)"));
}

TEST_F(VerdictTest, CountsAnExternalStoreByItsSecret) {
    platform.spec.postgres.external = api::ExternalStore{"orders-db", {"10.0.0.1/32", "", 5432}};
    observed.workloads.erase("postgres");
    EXPECT_EQ(condition("Ready").status, "True");
    observed.missing_references = {{.component = "postgres"}};
    observed.unmet = {{"spec.data.postgres.external.secretName", "Secret orders-db does not exist in namespace shop"}};
    EXPECT_EQ(condition("Stalled").status, "True");
    EXPECT_THAT(condition("Stalled").message, HasSubstr("orders-db"));
    EXPECT_THAT(condition("Ready").message, HasSubstr("postgres (Secret orders-db does not exist)"));
    observed.missing_references.front().keys = {"order", "user"};
    EXPECT_THAT(condition("Ready").message, HasSubstr("postgres (Secret orders-db lacks the keys order, user)"));
}

TEST_F(VerdictTest, IsReadyAndStalledWhenOnlyTheWayInIsMissing) {
    observed.unmet = {{"spec.ingress.kind", "HTTPRoute: the cluster does not serve it"}};
    EXPECT_EQ(condition("Ready").status, "True");
    EXPECT_EQ(condition("Stalled").status, "True");
    EXPECT_EQ(condition("Reconciling").reason, "Stalled");
}

TEST_F(VerdictTest, IsStalledWithTheServersWordsOnARefusedObject) {
    observed.refused = "apply Deployment shop/shop-catalog: 422 spec.replicas: must be at least 0";
    EXPECT_EQ(condition("Stalled").reason, "ApplyRefused");
    EXPECT_EQ(condition("Ready").status, "False");
    EXPECT_EQ(condition("Stalled").message, observed.refused);
    EXPECT_EQ(condition("Reconciling").reason, "Stalled");
}

TEST_F(VerdictTest, IsStalledWithEveryReasonAtOnce) {
    observed.preparations = {{.component = "user", .job = "shop-user-migration", .failed = true, .why = "no such column"}};
    observed.unmet = {{"spec.ingress.kind", "HTTPRoute: the cluster does not serve it"}};
    observed.refused = "apply Deployment shop/shop-catalog: 403 exceeded quota";
    EXPECT_EQ(condition("Stalled").reason, "ApplyRefused");
    EXPECT_THAT(condition("Stalled").message,
                testing::MatchesRegex("apply Deployment .* exceeded quota; spec.ingress.kind: .* does not serve it; user: Job "
                                      "shop-user-migration failed: no such column. What .* tried again."));
}

TEST_F(VerdictTest, SaysThatASuspendedPlatformIsNotWritten) {
    platform.spec.suspend = true;
    EXPECT_EQ(condition("Reconciling").reason, "Suspended");
    EXPECT_EQ(condition("Ready").status, "True");
}

TEST_F(VerdictTest, ListsEveryProblemOfARejectedPlatform) {
    const Verdict verdict = rejected("InvalidSpec", {{"spec.a", "is wrong"}, {"spec.b", "too"}});
    EXPECT_THAT(verdict.conditions.at(2).message, HasSubstr("spec.a: is wrong; spec.b: too"));
    EXPECT_EQ(verdict.conditions.at(2).status, "True");
}

TEST_F(VerdictTest, KeepsTheTimeOfAConditionThatDidNotTurn) {
    const kube::Json first = status_json(assess(platform, observed), 7, nullptr, "2026-01-01T00:00:00Z");
    const kube::Json same = status_json(assess(platform, observed), 7, first, "2026-01-02T00:00:00Z");
    EXPECT_EQ(first, same);
    observed.workloads.erase("gateway");
    const kube::Json turned = status_json(assess(platform, observed), 7, first, "2026-01-02T00:00:00Z");
    EXPECT_EQ(turned.at("conditions").at(0).at("lastTransitionTime"), "2026-01-02T00:00:00Z");
    EXPECT_EQ(turned.at("conditions").at(2).at("lastTransitionTime"), "2026-01-01T00:00:00Z");
}

TEST_F(VerdictTest, HasNewsOfAnAttributeWhereOtherPromisesAreBroken) {
    observed.pod_security = "restricted";
    platform.spec.credentials.max_age = "720h";
    observed.credentials = Credentials{.oldest = "2026-01-02T03:04:05Z", .too_old = true};
    kube::Json status = status_json(first_sight(platform), 7, nullptr, "");
    const auto news = [&] {
        const Verdict verdict = assess(platform, observed);
        const bool is = is_news(verdict, condition("Secure"), status);
        status = status_json(verdict, 7, status, "");
        return is;
    };
    EXPECT_TRUE(news()) << "CredentialAge";
    observed.credentials->oldest = "2026-01-02T03:04:06Z";
    EXPECT_FALSE(news()) << "other words";
    observed.pod_security = "baseline";
    EXPECT_TRUE(news()) << "PodSecurity too";
    EXPECT_FALSE(news());
    observed.credentials->too_old = false;
    EXPECT_TRUE(news()) << "PodSecurity alone";
    observed.pod_security = "restricted";
    EXPECT_TRUE(news()) << "none";
}

TEST_F(VerdictTest, HasNoNewsOfAnAttributeAtAFirstLookThatShowsNothing) {
    observed = {};
    const Verdict verdict = assess(platform, observed);
    ASSERT_EQ(condition("Observable").status, "Unknown");
    EXPECT_FALSE(is_news(verdict, condition("Observable"), nullptr));
    EXPECT_FALSE(is_news(verdict, condition("Observable"), status_json(first_sight(platform), 7, nullptr, "")));
}

TEST_F(VerdictTest, KeepsWhatItSaidOfCredentialsWhileNothingIsKnownOfThem) {
    observed.credentials = Credentials{.generation = 2, .made = "2026-01-02T03:04:05Z", .step = "Settled"};
    const kube::Json before = status_json(assess(platform, observed), 7, nullptr, "");
    const kube::Json stalled = status_json(rejected("RootKeyMissing", {{"", "it is gone"}}), 7, before, "");
    EXPECT_EQ(stalled.at("credentials"), before.at("credentials"));
    EXPECT_FALSE(status_json(rejected("InvalidSpec", {}), 7, nullptr, "").contains("credentials"));
}

TEST_F(VerdictTest, KeepsTheOldVersionUntilEveryServiceRunsTheNewOne) {
    platform.spec.version = "2.0.0";
    const kube::Json previous{{"version", "1.0.0"}};
    EXPECT_EQ(status_json(assess(platform, observed), 7, previous, "now").at("version"), "1.0.0");
}

}  // namespace
}  // namespace quality
