// What `diff` shows: exactly what an apply would change, and never a Secret's value.
#include <gmock/gmock.h>
#include <signal.h>

#include <regex>
#include <set>

#include "command.h"

namespace apiserver {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;
using testing::UnorderedElementsAre;

// What `diff` says of a namespace.
class Diff : public OperatorTest {
protected:
    support::Finished diff(const Json& platform) const {
        const File file(platform.dump());
        return run_operator({"diff", "--kubeconfig", Cluster::get().kubeconfig(), "-f", file.path()});
    }
    Json wanted(const Json& patch = nullptr) const {
        Json platform = sample("development", {{"spec", {{"ingress", nullptr}}}});
        if (!patch.is_null()) platform["spec"].merge_patch(patch);
        return platform;
    }
    std::string named(const std::string& object) const { return std::regex_replace(object, std::regex("/"), " " + ns_ + "/"); }
};

TEST_F(Diff, ListsWhatWouldBeCreated) {
    const support::Finished said = diff(wanted());
    EXPECT_EQ(said.status, 1) << said.output;
    EXPECT_THAT(lines_of(said.output),
                AllOf(testing::Each(StartsWith("+ ")), Contains("+ " + named("EcommercePlatform/shop")),
                      Contains("+ " + named("Secret/shop-postgres")), Contains("+ " + named("Service/shop-catalog")),
                      Contains("+ " + named("Deployment/shop-catalog")), Contains("+ " + named("StatefulSet/shop-redis"))));
    EXPECT_FALSE(find("ecp", "shop")) << "it was not dry";
    EXPECT_FALSE(find("deployment", "shop-catalog")) << "it was not dry";
}

TEST_F(Diff, PrintsWhatTheServerRefuses) {
    ASSERT_EQ(kubectl({"create", "-f", "-"}, wanted().dump()).status, 0);
    const support::Finished said = diff(wanted({{"data", {{"postgres", {{"managed", {{"storage", "7Gi"}}}}}}}}));
    EXPECT_NE(said.status, 0);
    EXPECT_THAT(said.output,
                AllOf(HasSubstr("spec.data.postgres.managed.storage"), HasSubstr("the storage of PostgreSQL cannot be changed")));
}

TEST_F(Diff, GoesOnWhereALogAgentMayNotBe) {
    const Json logging{{"agent", "DaemonSet"}, {"endpoint", "http://collector:4318"}, {"namespace", "nowhere-" + ns_}};
    const support::Finished said = diff(wanted({{"quality", {{"observability", {{"logging", logging}}}}}}));
    EXPECT_EQ(said.status, 1) << said.output;
    EXPECT_THAT(lines_of(said.output), AllOf(Contains("+ " + named("Deployment/shop-catalog")),
                                             Contains(AllOf(StartsWith("# Refused: "), HasSubstr("nowhere-" + ns_)))));
}

TEST_F(Diff, SaysThatTheNamespaceIsMissing) {
    Json elsewhere = wanted();
    elsewhere["metadata"]["namespace"] = "nowhere-" + ns_;
    const support::Finished said = diff(elsewhere);
    EXPECT_EQ(said.status, 2);
    EXPECT_THAT(said.output, HasSubstr("namespaces \"nowhere-" + ns_ + "\" not found"));
}

// The operator has made the platform and is gone, so that nothing is repaired while it is compared.
class DiffOfMadePlatform : public Diff {
protected:
    void make(const Json& platform, bool server_side = true) {
        start_operator();
        if (server_side) {
            apply(platform);
        } else {
            const support::Finished applied = kubectl({"apply", "-f", "-"}, platform.dump());
            ASSERT_EQ(applied.status, 0) << applied.output;
        }
        ASSERT_TRUE(ready());
        ASSERT_TRUE(settled());
        stop_operator(SIGTERM);
    }

    // Nobody is there any more who would take the finalizer off.
    void TearDown() override {
        Diff::TearDown();
        merge("ecp", "shop", {{"metadata", {{"finalizers", nullptr}}}});
    }

    // kubectl apply, in either form, removes what it applied before and the file no longer has.
    static Json catalog_of_two() {
        return {{"version", "1.2.3"}, {"services", {{"catalog", {{"replicas", {{"count", 2}, {"max", 2}}}}}}}};
    }
    void expect_catalog_of_one() const {
        const support::Finished said = diff(wanted({{"version", "1.2.3"}}));
        EXPECT_EQ(said.status, 1);
        EXPECT_THAT(lines_of(said.output), Contains(HasSubstr("/spec/services")));
        EXPECT_THAT(said.output, Not(HasSubstr("/spec/version")));
    }

    void merge(const std::string& kind, const std::string& name, const Json& patch) const {
        const support::Finished patched = kubectl({"patch", kind, name, "--type=merge", "-p", patch.dump()});
        ASSERT_EQ(patched.status, 0) << patched.output;
    }
};

TEST_F(DiffOfMadePlatform, SaysThatThereIsNoneOrExactlyWhatTheFileChanges) {
    make(wanted());
    const support::Finished none = diff(wanted());
    EXPECT_EQ(none.status, 0);
    EXPECT_EQ(none.output, "no differences\n");

    // The gateway has no share in the connections to PostgreSQL: no other pod may have fewer for it.
    const support::Finished scaled = diff(wanted({{"services", {{"gateway", {{"replicas", {{"count", 2}, {"max", 2}}}}}}}}));
    EXPECT_EQ(scaled.status, 1);
    EXPECT_THAT(lines_of(scaled.output), ElementsAre("~ " + named("EcommercePlatform/shop"),
                                                     R"(    /spec/services/gateway: added {"replicas":{"count":2,"max":2}})",
                                                     "~ " + named("Deployment/shop-gateway"), "    /spec/replicas: 1 -> 2",
                                                     "    /spec/strategy/rollingUpdate/maxUnavailable: 0 -> 1",
                                                     "+ " + named("PodDisruptionBudget/shop-gateway")));

    const support::Finished suspended = diff(wanted({{"suspend", true}, {"version", "2.0.0"}}));
    EXPECT_EQ(suspended.status, 1);
    EXPECT_THAT(suspended.output, AllOf(HasSubstr("/spec/suspend: "), HasSubstr("# Suspended: "), Not(HasSubstr("Deployment"))));
}

TEST_F(DiffOfMadePlatform, ShowsWhatSomeoneDidToTheObjects) {
    make(wanted());
    merge("service", "shop-catalog", {{"spec", {{"selector", {{"app.kubernetes.io/instance", "shop-order"}}}}}});
    merge("secret", "shop-postgres", {{"data", {{"password", "c3RvbGVu"}}}});
    ASSERT_EQ(kubectl({"delete", "configmap/shop-order", "secret/shop-redis"}).status, 0);
    const support::Finished said = diff(wanted());
    EXPECT_EQ(said.status, 1);
    EXPECT_THAT(lines_of(said.output),
                UnorderedElementsAre("~ " + named("Secret/shop-postgres"), "+ " + named("Secret/shop-redis"),
                                     "+ " + named("ConfigMap/shop-order"), "~ " + named("Service/shop-catalog"),
                                     "    /spec/selector/app.kubernetes.io~1instance: \"shop-order\" -> \"shop-catalog\""));
}

TEST_F(DiffOfMadePlatform, ShowsWhatWouldBePruned) {
    make(wanted({{"quality", {{"security", {{"networkIsolation", "Strict"}}}}}}));
    const support::Finished said = diff(wanted({{"quality", {{"security", {{"networkIsolation", "None"}}}}}}));
    EXPECT_EQ(said.status, 1);
    std::set<std::string> pruned;
    for (const std::string& line : lines_of(said.output)) {
        if (line.starts_with("- ")) pruned.insert(line);
    }
    std::set<std::string> policies;
    for (const std::string& child : children("networkpolicies")) {
        policies.insert("- NetworkPolicy " + ns_ + child.substr(child.find('/')));
    }
    EXPECT_THAT(policies, Not(IsEmpty()));
    EXPECT_EQ(pruned, policies);
}

TEST_F(DiffOfMadePlatform, ShowsAFieldThatTheFileNoLongerHasAndTheServerApplied) {
    make(wanted(catalog_of_two()));
    expect_catalog_of_one();
}

TEST_F(DiffOfMadePlatform, ShowsAFieldThatTheFileNoLongerHasAndTheClientApplied) {
    make(wanted(catalog_of_two()), false);
    expect_catalog_of_one();
}

TEST_F(DiffOfMadePlatform, PrintsThatAFieldMayNotBeLeftOut) {
    make(wanted({{"data", {{"postgres", {{"managed", {{"storage", "7Gi"}}}}}}}}), false);
    const support::Finished said = diff(wanted());
    EXPECT_EQ(said.status, 2) << said.output;
    EXPECT_THAT(said.output, HasSubstr("the storage of PostgreSQL cannot be changed"));
}

TEST_F(DiffOfMadePlatform, NeverShowsASecretsValue) {
    make(wanted());
    merge("secret", "shop-postgres", {{"data", {{"password", "c3RvbGVu"}}}});
    const std::string said = diff(wanted({{"profile", "Staging"}, {"version", "2.0.0"}})).output + diff(wanted()).output;
    const Json secrets = Json::parse(kubectl({"get", "secrets", "-o", "json"}).output);
    ASSERT_GT(secrets["items"].size(), 3U);
    for (const Json& secret : secrets["items"]) {
        for (const auto& [key, value] : secret["data"].items()) {
            const std::string encoded = value;
            EXPECT_EQ(said.find(encoded), std::string::npos) << secret["metadata"]["name"] << " " << key;
            EXPECT_EQ(said.find(support::run({"base64", "-d"}, encoded).output), std::string::npos) << secret["metadata"]["name"];
        }
    }
}

}  // namespace
}  // namespace apiserver
