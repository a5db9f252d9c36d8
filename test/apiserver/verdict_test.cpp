// The verdict: a platform that keeps its promises, hurt in one way after the other, and healed as the message says.
#include <gmock/gmock.h>
#include <signal.h>

#include <filesystem>
#include <variant>

#include "api/document.h"
#include "cluster.h"
#include "command.h"
#include "common/base/clock.h"
#include "rights.h"
#include "support/paths.h"
#include "unit/client/certificates.h"

namespace apiserver {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

// A production platform whose operator has the rights of config/rbac. It cordons and labels nodes, so that nothing else may run
// beside it.
class Verdict : public testing::Test {
protected:
    static void SetUpTestSuite() {
        shop_ = std::make_unique<Operated>();
        rights_ = std::make_unique<Rights>(*shop_);
        shop_->use_kubeconfig(rights_->kubeconfig());
        shop_->start_operator({"--no-leader-elect"});
    }
    static void TearDownTestSuite() {
        shop_.reset();
        rights_.reset();
    }

    void SetUp() override {
        rights().restore();
        const support::Finished applied =
            shop().kubectl({"apply", "--server-side", "--force-conflicts", "-f", "-"}, declared().dump());
        ASSERT_EQ(applied.status, 0) << applied.output;
        set_certificate("DNS:shop.example.com");
        ASSERT_TRUE(shop().ready());
        ASSERT_TRUE(eventually([&] { return status()["attributes"] == "5/8"; }, 120s)) << status().dump(2);
    }
    void TearDown() override {
        if (HasFailure()) shop().print_state();
        Cluster::get().kubectl({"uncordon", "-l", "topology.kubernetes.io/zone"});
        Cluster::get().kubectl({"label", "nodes", "--all", "node-type-"});
    }

    static Operated& shop() { return *shop_; }
    static Rights& rights() { return *rights_; }

    // The sample, in want of no API.
    static Json declared() {
        return shop().sample("production", {{"spec", {{"quality", {{"observability", {{"metrics", "Annotations"}}}}}}}});
    }

    static Json status() { return shop().get("ecp", "shop").value("status", Json::object()); }

    static std::string said(const std::string& attribute) { return condition(shop().get("ecp", "shop"), attribute, "message"); }

    // Within ten seconds of what the test saw to be so. The message too, as a verdict before may be False for the same reason.
    static void expect_false(const std::string& attribute, const std::string& promise,
                             const testing::Matcher<std::string>& message = testing::_) {
        const auto is_so = [&] {
            const Json platform = shop().get("ecp", "shop");
            return condition(platform, attribute) == "False" && condition(platform, attribute, "reason") == promise &&
                   testing::Value(condition(platform, attribute, "message"), message);
        };
        EXPECT_TRUE(eventually(is_so, 10s)) << attribute << " " << testing::DescribeMatcher<std::string>(message) << ": "
                                            << said(attribute);
    }
    static void expect_true(const std::string& attribute) { expect(attribute, "True"); }
    // As good as it gets, while no request is measured.
    static void expect_performant() { expect("Performant", "Unknown"); }
    static void expect_observable() { expect("Observable", "Unknown"); }

    static void run(std::vector<std::string> arguments, const std::string& input = "") {
        const support::Finished done = shop().kubectl(std::move(arguments), input);
        ASSERT_EQ(done.status, 0) << done.output;
    }

    static Json pods_labelled(const std::string& labels) {
        return Json::parse(shop().kubectl({"get", "pods", "-l", labels, "-o", "json"}).output)["items"];
    }
    static Json pods_of(const std::string& component) { return pods_labelled("app.kubernetes.io/component=" + component); }

    static std::vector<std::string> pods_without_node(const std::string& labels) {
        std::vector<std::string> names;
        for (const Json& pod : pods_labelled(labels)) {
            if (condition(pod, "PodScheduled", "reason") == "Unschedulable") names.push_back(pod["metadata"]["name"]);
        }
        return names;
    }

    // The pods that wait for a node have done so for longer than the operator has patience.
    static void let_have_waited(const std::string& labels) {
        const std::string since = base::rfc3339(base::SystemClock().wall() - std::chrono::minutes(10));
        const Json changed{{"type", "PodScheduled"}, {"lastTransitionTime", since}};
        const Json patch{{"status", {{"conditions", Json::array({changed})}}}};
        for (const std::string& pod : pods_without_node(labels)) {
            run({"patch", "pod", pod, "--subresource=status", "--type=strategic", "-p", patch.dump()});
        }
    }

    // For these names, as OpenSSL writes them.
    static void set_certificate(const std::string& names, const std::string& other_key = "") {
        const auto [certificate, own_key] = client::test::Authority().issue("shop", names);
        const std::string& key = other_key.empty() ? own_key : other_key;
        run({"apply", "--server-side", "-f", "-"}, Json{{"apiVersion", "v1"},
                                                        {"kind", "Secret"},
                                                        {"metadata", {{"name", "shop-tls"}}},
                                                        {"type", "kubernetes.io/tls"},
                                                        {"stringData", {{"tls.crt", certificate}, {"tls.key", key}}}}
                                                       .dump());
    }

    // The pods of the component that run and do not go, by the name of their node.
    static std::vector<std::string> nodes_of(const std::string& component) {
        std::vector<std::string> nodes;
        for (const Json& pod : pods_of(component)) {
            if (pod["metadata"].contains("deletionTimestamp") || pod["status"].value("phase", "") != "Running") return {};
            nodes.push_back(pod["spec"]["nodeName"]);
        }
        return nodes;
    }

private:
    static void expect(const std::string& attribute, const std::string& status) {
        EXPECT_TRUE(eventually([&] { return condition(shop().get("ecp", "shop"), attribute) == status; }, 120s))
            << attribute << ": " << said(attribute);
    }

    static std::unique_ptr<Operated> shop_;
    static std::unique_ptr<Rights> rights_;
};

std::unique_ptr<Operated> Verdict::shop_;
std::unique_ptr<Rights> Verdict::rights_;

TEST_F(Verdict, OfAPlatformThatKeepsItsPromisesHasEvidenceForEach) {
    EXPECT_EQ(status()["conditions"].size(), 11U);
    for (const Json& promise : status()["promises"]) {
        const bool is_measured = promise["name"] == "Objectives" || promise["name"] == "Tracing";
        const char* const other = is_measured ? "Unknown" : "True";
        EXPECT_EQ(promise["status"], promise["attribute"] == "Recoverable" ? "False" : other) << promise.dump();
        EXPECT_FALSE(promise["evidence"].get<std::string>().empty());
        EXPECT_EQ(promise.contains("cure"), promise["status"] != "True") << promise.dump();
    }
    EXPECT_THAT(said("Recoverable"), HasSubstr("nothing is backed up"));
    EXPECT_TRUE(eventually([&] {
        return shop().kubectl({"events", "--for", "ecp/shop"}).output.find("Recoverable is False: ") != std::string::npos;
    }));
}

TEST_F(Verdict, IsReported) {
    const std::string kubeconfig = Cluster::get().kubeconfig();
    const support::Finished text = run_operator({"report", "-n", shop().ns(), "--kubeconfig", kubeconfig});
    EXPECT_EQ(text.status, 0) << text.output;
    EXPECT_THAT(text.output,
                AllOf(HasSubstr("Ready is True: 6 services and 3 data stores are ready."), HasSubstr("5/8 attributes are True."),
                      HasSubstr("Recoverable is False: "), HasSubstr("postgres       StatefulSet  1/1")));
    const support::Finished page = run_operator({"report", "shop", "-n", shop().ns(), "--kubeconfig", kubeconfig, "--html"});
    EXPECT_EQ(seen_in_a_browser(page.output), "");
    const support::Finished none = run_operator({"report", "stall", "-n", shop().ns(), "--kubeconfig", kubeconfig});
    EXPECT_EQ(none.status, 1);
    EXPECT_THAT(none.output, HasSubstr("the namespace " + shop().ns() + " has no EcommercePlatform stall"));
}

TEST_F(Verdict, TellsOfReplicasThatAllRunInOneZone) {
    Json nodes = Json::parse(Cluster::get().kubectl({"get", "nodes", "-o", "json"}).output)["items"];
    const std::string first = nodes.at(0)["metadata"]["name"];
    const std::string zone = nodes.at(0)["metadata"]["labels"]["topology.kubernetes.io/zone"];
    for (std::size_t index = 1; index < nodes.size(); ++index) run({"cordon", nodes[index]["metadata"]["name"]});
    run({"delete", "pods", "-l", "app.kubernetes.io/component=order", "--wait=false"});
    ASSERT_TRUE(eventually(
        [&] {
            const std::vector<std::string> all = nodes_of("order");
            return all.size() >= 2 && all == std::vector<std::string>(all.size(), first);
        },
        60s));
    expect_false("Reliable", "ZoneSpread",
                 AllOf(HasSubstr("order: all replicas run in zone " + zone), HasSubstr("Have nodes in another zone"),
                       HasSubstr("delete one of the pods")));
    EXPECT_TRUE(eventually([&] {
        return shop().kubectl({"events", "--for", "ecp/shop", "--types=Warning"}).output.find("Reliable is False: order: ") !=
               std::string::npos;
    }));

    run({"uncordon", "-l", "topology.kubernetes.io/zone"});
    for (const char* service : {"order", "gateway"}) {
        run({"delete", "pod", pods_of(service).at(0)["metadata"]["name"], "--wait=false"});
    }
    expect_true("Reliable");
}

TEST_F(Verdict, TellsOfADisruptionBudgetThatItMayNotBringBack) {
    rights().take("poddisruptionbudgets", {"create", "patch", "update"});
    run({"delete", "pdb", "shop-catalog"});
    expect_false("Reliable", "DisruptionBudget",
                 AllOf(HasSubstr("catalog: PodDisruptionBudget shop-catalog does not exist"),
                       HasSubstr("Let the operator write it"), HasSubstr("forbidden")));
    EXPECT_EQ(condition(shop().get("ecp", "shop"), "Maintainable", "reason"), "AsDeclared");
    rights().restore();
    expect_true("Reliable");
    expect_true("Maintainable");
}

TEST_F(Verdict, TellsOfASecondDisruptionBudgetOfTheSamePods) {
    run({"create", "pdb", "mine", "--selector=app.kubernetes.io/component=catalog", "--min-available=1"});
    expect_false(
        "Reliable", "DisruptionBudget",
        AllOf(HasSubstr("catalog: PodDisruptionBudget mine selects its pods too"), HasSubstr("Delete PodDisruptionBudget mine")));
    run({"delete", "pdb", "mine"});
    expect_true("Reliable");
}

TEST_F(Verdict, TellsOfANetworkPolicyThatItMayNotBringBack) {
    rights().take("networkpolicies", {"create", "patch", "update"});
    run({"delete", "netpol", "shop-payment"});
    expect_false("Secure", "NetworkIsolation",
                 AllOf(HasSubstr("NetworkPolicy shop-payment does not exist"), HasSubstr("forbidden")));
    rights().restore();
    expect_true("Secure");
}

TEST_F(Verdict, TellsOfANetworkPolicyOfOthersThatOpensItsPods) {
    const auto set_policy = [](const Json& selector) {
        run({"apply", "-f", "-"}, Json{{"apiVersion", "networking.k8s.io/v1"},
                                       {"kind", "NetworkPolicy"},
                                       {"metadata", {{"name", "open"}}},
                                       {"spec", {{"podSelector", selector}, {"ingress", Json::array({Json::object()})}}}}
                                      .dump());
    };
    set_policy({{"matchExpressions",
                 Json::array({{{"key", "app.kubernetes.io/component"}, {"operator", "In"}, {"values", {"payment", "order"}}}})}});
    expect_false("Secure", "NetworkIsolation",
                 AllOf(HasSubstr("NetworkPolicy open allows more to order, payment"), HasSubstr("Delete NetworkPolicy open")));
    set_policy({{"matchLabels", {{"app.kubernetes.io/component", "mine"}}}});
    expect_true("Secure");
    set_policy(Json::object());
    expect_false("Secure", "NetworkIsolation", HasSubstr("catalog"));
    run({"delete", "netpol", "open"});
    expect_true("Secure");
}

// It has the labels of the one that it was copied from, also that of who manages it.
TEST_F(Verdict, TellsOfACopyOfAnObjectOfItsOwn) {
    const auto copy = [](const char* kind, const char* name, const Json& spec) {
        Json object = shop().get(kind, name);
        object["metadata"] = {{"name", "copy"}, {"labels", object["metadata"]["labels"]}};
        object["spec"].update(spec);
        run({"apply", "-f", "-"}, object.dump());
    };
    copy("networkpolicy", "shop-user", {{"ingress", Json::array({Json::object()})}});
    expect_false("Secure", "NetworkIsolation", HasSubstr("NetworkPolicy copy allows more to user"));
    run({"delete", "netpol", "copy"});
    expect_true("Secure");
    copy("pdb", "shop-user", Json::object());
    expect_false("Reliable", "DisruptionBudget", HasSubstr("user: PodDisruptionBudget copy selects its pods too"));
    run({"delete", "pdb", "copy"});
    expect_true("Reliable");
    copy("hpa", "shop-user", Json::object());
    EXPECT_TRUE(shop().says("OneScaler", "False", "HorizontalPodAutoscaler copy")) << shop().promise("OneScaler");
    run({"delete", "hpa", "copy"});
    expect_true("Scalable");
}

TEST_F(Verdict, TellsOfAPolicyThatSelectsByLabelsWhichOnlyLivePodsHave) {
    const auto open = [](const Json& labels) {
        run({"apply", "-f", "-"},
            Json{{"apiVersion", "networking.k8s.io/v1"},
                 {"kind", "NetworkPolicy"},
                 {"metadata", {{"name", "open"}}},
                 {"spec", {{"podSelector", {{"matchLabels", labels}}}, {"ingress", Json::array({Json::object()})}}}}
                .dump());
    };
    open({{"statefulset.kubernetes.io/pod-name", "shop-postgres-0"}});
    expect_false("Secure", "NetworkIsolation", HasSubstr("NetworkPolicy open allows more to postgres"));
    open({{"by", "hand"}});
    expect_true("Secure");
    const std::string pod = pods_of("order").at(0)["metadata"]["name"];
    run({"label", "pod", pod, "by=hand"});
    expect_false("Secure", "NetworkIsolation", HasSubstr("NetworkPolicy open allows more to order"));
    run({"label", "pod", pod, "by-"});
    expect_true("Secure");
    run({"delete", "netpol", "open"});
}

TEST_F(Verdict, TellsOfARoleBindingThatItMayNotBringBack) {
    const auto may = [](const std::string& group, std::vector<std::string> what) {
        what.insert(what.begin(), {"auth", "can-i", "--as", "somebody", "--as-group", group});
        return shop().kubectl(std::move(what)).output == "yes\n";
    };
    EXPECT_TRUE(may("shop-developers", {"get", "pods/log"}));
    EXPECT_FALSE(may("shop-developers", {"patch", "ecommerceplatforms"}));
    EXPECT_TRUE(may("shop-operators", {"delete", "pods"}));
    EXPECT_TRUE(may("shop-operators", {"get", "pods/log"}));
    EXPECT_TRUE(may("system:serviceaccounts:argocd", {"patch", "ecommerceplatforms"}));
    EXPECT_FALSE(may("system:serviceaccounts:argocd", {"delete", "pods"}));
    for (const char* group : {"shop-developers", "shop-operators", "system:serviceaccounts:argocd"}) {
        EXPECT_FALSE(may(group, {"get", "secrets"})) << group;
        EXPECT_FALSE(may(group, {"create", "pods/exec"})) << group;
    }
    rights().take("rolebindings", {"create", "patch", "update"});
    run({"delete", "rolebinding", "shop-operator"});
    expect_false("Secure", "Access", AllOf(HasSubstr("RoleBinding shop-operator does not exist"), HasSubstr("forbidden")));
    rights().restore();
    expect_true("Secure");
    EXPECT_TRUE(may("shop-operators", {"delete", "pods"}));
}

TEST_F(Verdict, TellsOfWhatOthersAddAndItMayNotTakeAway) {
    const std::string policy = shop().ns() + ".shop-pods";
    rights().take("validatingadmissionpolicies", {"update"});
    run({"patch", "validatingadmissionpolicy", policy, "--type=merge", "-p",
         R"({"spec":{"matchConditions":[{"name":"never","expression":"false"}]}})"});
    expect_false("Secure", "Admission",
                 AllOf(HasSubstr("ValidatingAdmissionPolicy " + policy + " is not as declared"),
                       HasSubstr("Let the operator write it"), HasSubstr("forbidden")));
    rights().restore();
    expect_true("Secure");

    rights().take("networkpolicies", {"update"});
    run({"patch", "networkpolicy", "shop-default-deny", "--type=merge", "-p", R"({"spec":{"ingress":[{}]}})"});
    expect_false("Secure", "NetworkIsolation",
                 AllOf(HasSubstr("NetworkPolicy shop-default-deny is not as declared"), HasSubstr("forbidden")));
    EXPECT_EQ(condition(shop().get("ecp", "shop"), "Maintainable", "reason"), "AsDeclared");
    rights().restore();
    expect_true("Secure");
    expect_true("Maintainable");
}

TEST_F(Verdict, TellsOfARoleThatIsNotThere) {
    run({"delete", "clusterrole", "ecommerceplatform-developer"});
    expect_false("Secure", "Access",
                 AllOf(HasSubstr("the RoleBindings give nothing without ClusterRole ecommerceplatform-developer"),
                       HasSubstr("kubectl apply --server-side --force-conflicts -f config/rbac/access.yaml")));
    const std::vector<std::string> cure{"apply", "--server-side", "--force-conflicts", "-f",
                                        support::in_checkout("config/rbac/access.yaml")};
    run(cure);
    expect_true("Secure");
    run({"patch", "clusterrole", "ecommerceplatform-developer", "--type=merge", "-p", R"({"rules":[]})"});
    expect_false("Secure", "Access", HasSubstr("ClusterRole ecommerceplatform-developer allows nothing"));
    run(cure);
    expect_true("Secure");
}

TEST_F(Verdict, IsUnknownOfRolesThatTheOperatorMayNotSee) {
    rights().take("clusterroles", {"get", "list", "watch"});
    shop().stop_operator(SIGTERM);
    shop().start_operator({"--no-leader-elect"});
    ASSERT_TRUE(eventually([] { return said("Secure").find("does not show the operator clusterroles") != std::string::npos; }))
        << said("Secure");
    EXPECT_EQ(condition(shop().get("ecp", "shop"), "Secure"), "Unknown");
    rights().restore();
    expect_true("Secure");
}

TEST_F(Verdict, TellsOfAPolicyForPodsThatItMayNotBringBack) {
    const std::string policy = shop().ns() + ".shop-pods";
    rights().take("validatingadmissionpolicies", {"create", "patch", "update"});
    run({"delete", "validatingadmissionpolicy", policy});
    expect_false("Secure", "Admission",
                 AllOf(HasSubstr("ValidatingAdmissionPolicy " + policy + " does not exist"), HasSubstr("forbidden")));
    rights().restore();
    expect_true("Secure");
}

TEST_F(Verdict, TellsOfACredentialThatItMayNotBringBack) {
    rights().take("secrets", {"create", "patch", "update"});
    run({"delete", "secret", "shop-catalog-redis"});
    expect_false("Secure", "Secrets", AllOf(HasSubstr("Secret shop-catalog-redis does not exist"), HasSubstr("forbidden")));
    rights().restore();
    expect_true("Secure");
}

TEST_F(Verdict, TellsOfObservabilityThatItMayNotBringBack) {
    shop().patch_platform({{"spec", {{"quality", {{"observability", {{"dashboards", "Enabled"}}}}}}}});
    ASSERT_TRUE(eventually([] { return shop().find("configmap", "shop-dashboards").has_value(); }));
    rights().take("configmaps", {"create", "patch", "update"});
    run({"delete", "configmap", "shop-dashboards"});
    expect_false("Observable", "Dashboards",
                 AllOf(HasSubstr("ConfigMap shop-dashboards does not exist"), HasSubstr("forbidden")));
    run({"patch", "configmap", "shop-user", "--type=merge", "-p", R"({"data":{"config.yaml":"logLevel: debug"}})"});
    expect_false("Observable", "Logs", HasSubstr("ConfigMap shop-user is not as declared"));
    rights().restore();
    expect_observable();

    rights().take("deployments", {"create", "patch", "update"});
    run({"set", "env", "deployment/shop-order", "OTEL_TRACES_SAMPLER_ARG=1"});
    expect_false("Observable", "Tracing", HasSubstr("Deployment shop-order is not as declared"));
    rights().restore();
    expect_observable();
}

TEST_F(Verdict, TellsOfLoadThatAsksForMoreReplicasThanThereMayBe) {
    const auto set_most = [](const Json& most) {
        shop().patch_platform({{"spec", {{"services", {{"order", {{"replicas", {{"max", most}}}}}}}}}});
    };
    set_most(3);
    run({"annotate", "pods", "-l", "app.kubernetes.io/component=order", "kwok.x-k8s.io/usage-cpu=600m"});
    ASSERT_TRUE(eventually(
        [] { return shop().get("hpa", "shop-order")["status"].dump().find("TooManyReplicas") != std::string::npos; }, 120s));
    expect_false("Scalable", "Headroom",
                 AllOf(HasSubstr("order: load asks for more than its maximum of 3 replicas"),
                       HasSubstr("Raise spec.services.order.replicas.max.")));
    set_most(20);
    expect_true("Scalable");
    run({"annotate", "pods", "-l", "app.kubernetes.io/component=order", "kwok.x-k8s.io/usage-cpu-"});
    set_most(nullptr);
}

TEST_F(Verdict, TellsOfReplicasThatAllRunOnOneNode) {
    shop().patch_platform({{"spec", {{"quality", {{"reliability", {{"spread", "Node"}}}}}}}});
    ASSERT_TRUE(shop().settled());
    Json nodes = Json::parse(Cluster::get().kubectl({"get", "nodes", "-o", "json"}).output)["items"];
    const std::string first = nodes.at(0)["metadata"]["name"];
    for (std::size_t index = 1; index < nodes.size(); ++index) run({"cordon", nodes[index]["metadata"]["name"]});
    run({"delete", "pods", "-l", "app.kubernetes.io/component=user", "--wait=false"});
    ASSERT_TRUE(eventually(
        [&] {
            const std::vector<std::string> all = nodes_of("user");
            return all.size() >= 2 && all == std::vector<std::string>(all.size(), first);
        },
        60s));
    expect_false("Reliable", "NodeSpread", HasSubstr("user: all replicas run on node " + first));
    run({"uncordon", "-l", "topology.kubernetes.io/zone"});
    run({"delete", "pod", pods_of("user").at(0)["metadata"]["name"], "--wait=false"});
    expect_true("Reliable");
}

TEST_F(Verdict, TellsOfACertificateThatCustomersCanNotTrust) {
    run({"delete", "secret", "shop-tls"});
    expect_false("Secure", "Certificate", HasSubstr("Secret shop-tls does not exist. Put a certificate for shop.example.com"));
    set_certificate("DNS:shop.example.org");
    ASSERT_TRUE(eventually([] { return said("Secure").find("not for shop.example.com") != std::string::npos; }, 10s))
        << said("Secure");
    run({"label", "namespace", shop().ns(), "pod-security.kubernetes.io/enforce-"});
    EXPECT_TRUE(eventually([] {
        return shop().kubectl({"events", "--for", "ecp/shop"}).output.find("enforces no level of Pod Security") !=
               std::string::npos;
    })) << "it was False before, and for less";
    run({"label", "namespace", shop().ns(), "--overwrite", "pod-security.kubernetes.io/enforce=restricted"});
    set_certificate("DNS:*.example.com", client::test::Authority().issue("other", "").key_pem);
    expect_false("Secure", "Certificate", HasSubstr("Secret shop-tls has a key that does not belong to its certificate"));
    set_certificate("DNS:*.example.com");
    expect_true("Secure");
}

TEST_F(Verdict, TellsOfImagesThatItsOwnPolicyDoesNotAllow) {
    const auto set_registries = [](const Json& registries) {
        shop().patch_platform({{"spec", {{"quality", {{"security", {{"images", {{"registries", registries}}}}}}}}}});
    };
    set_registries(Json::array({"registry.example.org"}));
    expect_false("Secure", "Images", HasSubstr("registry.example.com/shop/user-service"));
    set_registries(Json::array({"registry.example.com"}));
    expect_true("Secure");
}

TEST_F(Verdict, TellsOfANamespaceThatTakesAnyPod) {
    run({"label", "namespace", shop().ns(), "pod-security.kubernetes.io/enforce-"});
    expect_false(
        "Secure", "PodSecurity",
        HasSubstr("kubectl label namespace " + shop().ns() + " --overwrite pod-security.kubernetes.io/enforce=restricted"));
    run({"label", "namespace", shop().ns(), "--overwrite", "pod-security.kubernetes.io/enforce=restricted"});
    expect_true("Secure");
    run({"label", "namespace", shop().ns(), "pod-security.kubernetes.io/enforce-version=v1.10"});
    expect_false("Secure", "PodSecurity",
                 AllOf(HasSubstr("enforces restricted as of v1.10"),
                       HasSubstr("kubectl label namespace " + shop().ns() +
                                 " --overwrite pod-security.kubernetes.io/enforce-version=latest.")));
    run({"label", "namespace", shop().ns(), "--overwrite", "pod-security.kubernetes.io/enforce-version=latest"});
    expect_true("Secure");
}

TEST_F(Verdict, IsContentWithTheLevelOfPodSecurityThatTheSpecAsksFor) {
    run({"label", "namespace", shop().ns(), "--overwrite", "pod-security.kubernetes.io/enforce=baseline"});
    expect_false("Secure", "PodSecurity", HasSubstr("enforces only baseline"));
    shop().patch_platform({{"spec", {{"quality", {{"security", {{"podSecurity", "Baseline"}}}}}}}});
    expect_true("Secure");
    shop().patch_platform({{"spec", {{"quality", {{"security", {{"podSecurity", nullptr}}}}}}}});
    run({"label", "namespace", shop().ns(), "--overwrite", "pod-security.kubernetes.io/enforce=restricted"});
    expect_true("Secure");
}

TEST_F(Verdict, TellsOfAPartThatIsNotAsAvailableAsItIsToBe) {
    const auto set_objective = [](const Json& percent) {
        shop().patch_platform({{"spec", {{"quality", {{"reliability", {{"availabilityPercent", percent}}}}}}}});
    };
    set_objective("99.99");
    expect_false("Reliable", "Availability",
                 AllOf(HasSubstr("postgres: 1 replica where 99.99 % needs 3"), HasSubstr("lower spec.quality.reliability")));
    set_objective("99.5");
    expect_true("Reliable");
    set_objective(nullptr);
}

TEST_F(Verdict, TellsOfASecondAutoscalerOfTheSamePods) {
    const Json second{{"apiVersion", "autoscaling/v2"},
                      {"kind", "HorizontalPodAutoscaler"},
                      {"metadata", {{"name", "mine"}}},
                      {"spec",
                       {{"scaleTargetRef", {{"apiVersion", "apps/v1"}, {"kind", "Deployment"}, {"name", "shop-user"}}},
                        {"minReplicas", 2},
                        {"maxReplicas", 3}}}};
    run({"create", "-f", "-"}, second.dump());
    ASSERT_TRUE(eventually(
        [&] { return shop().get("hpa", "shop-user")["status"].dump().find("AmbiguousSelector") != std::string::npos; }));
    expect_false(
        "Scalable", "Autoscaler",
        AllOf(HasSubstr("user: it does not scale: AmbiguousSelector"), HasSubstr("Delete HorizontalPodAutoscaler mine.")));
    run({"delete", "hpa", "mine"});
    expect_true("Scalable");
}

TEST_F(Verdict, TellsOfAnAutoscalerWhereTheSpecWantsNone) {
    const auto set_autoscaling = [](const Json& how) {
        shop().patch_platform({{"spec", {{"services", {{"user", {{"autoscaling", how}}}}}}}});
    };
    set_autoscaling("Disabled");
    ASSERT_TRUE(eventually([] { return !shop().find("hpa", "shop-user"); }));
    run({"autoscale", "deployment", "shop-user", "--min=2", "--max=3", "--name=mine"});
    expect_false("Scalable", "OneScaler",
                 AllOf(HasSubstr("user: HorizontalPodAutoscaler mine, which is not the platform's, scales its Deployment"),
                       HasSubstr("Delete HorizontalPodAutoscaler mine.")));
    run({"delete", "hpa", "mine"});
    expect_true("Scalable");
    set_autoscaling(nullptr);
}

TEST_F(Verdict, TellsOfWhatSizesPodsThatAnAutoscalerCountsBy) {
    const auto set_order = [](const Json& vertical, const Json& autoscaling) {
        shop().patch_platform({{"spec", {{"services", {{"order", {{"vertical", vertical}, {"autoscaling", autoscaling}}}}}}}});
    };
    set_order("Auto", "Enabled");
    expect_false("Scalable", "OneScaler",
                 AllOf(HasSubstr("order: "), HasSubstr("Set spec.services.order.autoscaling to Disabled")));
    set_order("Auto", "Disabled");
    expect_true("Scalable");
    EXPECT_TRUE(shop().says("OneScaler", "True"));
    set_order(nullptr, nullptr);
}

TEST_F(Verdict, TellsOfPoolsThatPostgresCannotServe) {
    const auto set_pools = [](const Json& connections) {
        shop().patch_platform(
            {{"spec", {{"quality", {{"maintainability", {{"configuration", {{"maxConnections", connections}}}}}}}}}});
    };
    set_pools(16);
    expect_false("Performant", "Connections",
                 AllOf(HasSubstr("open up to 1200 connections, PostgreSQL takes 192 of them"),
                       HasSubstr("maxConnections out, which gives each pod 2")));
    set_pools(nullptr);
    expect_performant();
}

TEST_F(Verdict, TellsOfPodsThatNothingBinds) {
    // A budget would bind them, and admission deny them.
    shop().patch_platform({{"spec", {{"quality", {{"cost", nullptr}, {"security", {{"admission", "None"}}}}}}}});
    ASSERT_TRUE(eventually([] {
        return !shop().find("limitrange", "shop-budget") && !shop().find("quota", "shop-budget") &&
               !shop().find("validatingadmissionpolicybinding", shop().ns() + ".shop-pods");
    }));
    const Json pod{
        {"apiVersion", "v1"},
        {"kind", "Pod"},
        {"metadata",
         {{"name", "stray"}, {"labels", {{"ecommerceplatform.io/platform", "shop"}, {"app.kubernetes.io/component", "user"}}}}},
        {"spec",
         {{"securityContext", {{"runAsNonRoot", true}, {"seccompProfile", {{"type", "RuntimeDefault"}}}}},
          {"containers",
           Json::array({{{"name", "stray"},
                         {"image", "stray"},
                         {"securityContext",
                          {{"allowPrivilegeEscalation", false}, {"capabilities", {{"drop", Json::array({"ALL"})}}}}}}})}}}};
    // The API server forgets a policy a moment after it is gone.
    ASSERT_TRUE(eventually([&] { return shop().kubectl({"create", "-f", "-"}, pod.dump()).status == 0; }));
    ASSERT_TRUE(eventually([&] { return shop().get("pod", "stray")["status"].value("phase", "") == "Running"; }));
    expect_false("CostEfficient", "Limits");
    expect_false("Performant", "QualityOfService");
    expect_false("Observable", "Metrics");
    run({"delete", "pod", "stray", "--wait=false"});
    expect_true("CostEfficient");
    expect_performant();
    expect_observable();
}

TEST_F(Verdict, TellsOfABudgetIntoWhichItsMaximumDoesNotFit) {
    const auto set_budget = [](const char* cpu) {
        shop().patch_platform({{"spec", {{"quality", {{"cost", {{"budget", {{"cpu", cpu}}}}}}}}}});
    };
    set_budget("10");
    expect_false("CostEfficient", "Budget",
                 AllOf(HasSubstr("the budget is 10"), HasSubstr("Raise spec.quality.cost.budget.cpu")));
    EXPECT_EQ(shop().get("quota", "shop-budget")["spec"]["hard"]["requests.cpu"], "10");
    set_budget("60");
    expect_true("CostEfficient");
}

TEST_F(Verdict, TellsOfSpotNodesThatAreNotThere) {
    shop().patch_platform({{"spec", {{"quality", {{"cost", {{"spot", {{"components", Json::array({"catalog"})}}}}}}}}}});
    expect_false("CostEfficient", "SpotPlacement", HasSubstr("labelled node-type=spot"));
    Cluster::get().kubectl({"label", "nodes", "--all", "node-type=spot"});
    expect_true("CostEfficient");
    shop().patch_platform({{"spec", {{"quality", {{"cost", {{"spot", nullptr}}}}}}}});
}

TEST_F(Verdict, TellsOfReplicasThatAreMissing) {
    run({"create", "quota", "none", "--hard=pods=0"});
    run({"delete", "pods", "-l", "app.kubernetes.io/component=inventory", "--wait=false"});
    ASSERT_TRUE(
        eventually([&] { return shop().get("deployment", "shop-inventory")["status"].value("availableReplicas", 0) == 0; }));
    ASSERT_TRUE(eventually([&] { return said("Reliable").find("exceeded quota") != std::string::npos; })) << said("Reliable");
    expect_false("Reliable", "DisruptionBudget", HasSubstr("inventory: fewer than 2 replicas are available"));
    expect_false("CostEfficient", "Budget", HasSubstr("inventory: a ResourceQuota of the namespace refuses its pods"));
    run({"delete", "quota", "none"});
    expect_true("Reliable");
}

// Every turn of it is logged, also one that is over at once.
TEST_F(Verdict, IsNeverFalseOfReliabilityDuringARollout) {
    const auto is_over = [] {
        const Json order = shop().get("deployment", "shop-order")["status"];
        const Json redis = shop().get("statefulset", "shop-redis")["status"];
        return order.value("unavailableReplicas", 0) == 0 && order.dump().find("NewReplicaSetAvailable") != std::string::npos &&
               redis.value("availableReplicas", 0) == 3 && redis["currentRevision"] == redis["updateRevision"];
    };
    const std::size_t before = shop().operator_log().size();
    run({"rollout", "restart", "deployment/shop-order", "statefulset/shop-redis"});
    ASSERT_TRUE(eventually([&] { return !is_over(); }, 10s));
    ASSERT_TRUE(eventually(is_over, 120s));
    expect_true("Reliable");
    EXPECT_THAT(shop().operator_log().substr(before), Not(HasSubstr(R"("attribute":"Reliable","status":"False")")));
}

TEST_F(Verdict, TellsOfAJobAndOfPodsForWhichThereIsNoRoom) {
    const Json nodes = Json::parse(Cluster::get().kubectl({"get", "nodes", "-o", "json"}).output)["items"];
    for (const Json& node : nodes) run({"cordon", node["metadata"]["name"]});
    shop().patch_platform({{"spec", {{"version", "1.0.1"}}}});
    const std::string why = "whose pod does not come up: Unschedulable: no node is available: ";
    const auto migrations_wait = [&] { return said("Ready").find(why) != std::string::npos; };
    ASSERT_TRUE(eventually(migrations_wait, 10s)) << said("Ready");
    EXPECT_EQ(condition(shop().get("ecp", "shop"), "Maintainable"), "Unknown") << "a node may come";
    EXPECT_THAT(said("Maintainable"), HasSubstr(why));
    let_have_waited("batch.kubernetes.io/job-name");
    expect_false("Maintainable", "OneVersion", HasSubstr(why));

    run({"rollout", "restart", "statefulset/shop-redis"});
    const std::string redis = "app.kubernetes.io/component=redis";
    ASSERT_TRUE(eventually([&] { return !pods_without_node(redis).empty(); }, 30s));
    EXPECT_EQ(condition(shop().get("ecp", "shop"), "Reliable"), "True") << said("Reliable");
    let_have_waited(redis);
    expect_false("Reliable", "DisruptionBudget", HasSubstr("redis: fewer than 3 replicas are available: Unschedulable: no node"));
    run({"delete", "pods", "-l", "app.kubernetes.io/component=order", "--wait=false"});
    expect_false(
        "Reliable", "DisruptionBudget",
        testing::ContainsRegex("order[a-z, ]*: fewer than 2 replicas are available: Unschedulable: no node is available: "));
    shop().patch_platform({{"spec", {{"version", declared()["spec"]["version"]}}}});
    run({"uncordon", "-l", "topology.kubernetes.io/zone"});
    expect_true("Maintainable");
    // The node that came first took all of them.
    for (const char* service : {"order", "gateway"}) {
        run({"delete", "pod", pods_of(service).at(0)["metadata"]["name"], "--wait=false"});
    }
    expect_true("Reliable");
}

TEST_F(Verdict, OfASuspendedPlatformNamesWhatSuspensionKeepsAway) {
    shop().patch_platform({{"spec", {{"suspend", true}}}});
    ASSERT_TRUE(eventually([&] { return condition(shop().get("ecp", "shop"), "Reconciling", "reason") == "Suspended"; }));
    run({"delete", "pdb", "shop-order"});
    expect_false("Reliable", "DisruptionBudget", HasSubstr("Set spec.suspend to false."));
    shop().patch_platform({{"spec", {{"suspend", false}}}});
    expect_true("Reliable");
}

TEST_F(Verdict, IsUnknownOfWhatTheOperatorMayNotSee) {
    rights().take("nodes", {"list", "watch"});
    shop().stop_operator(SIGTERM);
    shop().start_operator({"--no-leader-elect"});
    ASSERT_TRUE(eventually([] { return said("Reliable").find("does not show the operator nodes") != std::string::npos; }))
        << said("Reliable");
    EXPECT_THAT(said("Reliable"), HasSubstr("config/rbac"));
    EXPECT_EQ(condition(shop().get("ecp", "shop"), "Reliable"), "Unknown");
    EXPECT_EQ(condition(shop().get("ecp", "shop"), "Ready"), "True");
    rights().restore();
    expect_true("Reliable");
}

TEST_F(Verdict, IsUnknownWhereTheOperatorDoesNotSeeWhatThePlatformHas) {
    rights().take("poddisruptionbudgets", {"list", "watch"});
    shop().stop_operator(SIGTERM);
    shop().start_operator({"--no-leader-elect"});
    const auto platform = [] { return shop().get("ecp", "shop"); };
    ASSERT_TRUE(eventually([&] { return condition(platform(), "Stalled", "reason") == "KindsNotShown"; })) << status().dump(2);
    EXPECT_THAT(condition(platform(), "Stalled", "message"),
                AllOf(HasSubstr("does not show the operator poddisruptionbudgets.policy"), HasSubstr("config/rbac")));
    for (const char* attribute : {"Reliable", "Secure", "Maintainable"}) EXPECT_EQ(condition(platform(), attribute), "Unknown");
    rights().restore();
    expect_true("Reliable");
    EXPECT_EQ(condition(platform(), "Stalled"), "False");
}

}  // namespace
}  // namespace apiserver
