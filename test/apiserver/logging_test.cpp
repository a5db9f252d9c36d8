// The Fluent Bit that a platform has in another namespace: it comes, is repaired and goes with the platform, and where it may not
// be, the platform serves without it.
#include <gmock/gmock.h>

#include "cluster.h"
#include "rights.h"

namespace apiserver {
namespace {

using testing::HasSubstr;

const std::string kConfig = support::in_checkout("config/logging");

class LogAgent : public OperatorTest {
protected:
    Json platform(const Json& logging) const {
        return sample("minimal", {{"spec", {{"quality", {{"observability", {{"logging", logging}}}}}}}});
    }
    void set(const Json& logging) const {
        patch_platform({{"spec", {{"quality", {{"observability", {{"logging", logging}}}}}}}});
    }

    std::string name() const { return ns_ + ".shop-fluent-bit"; }
    std::optional<Json> agent(const std::string& where) const { return Cluster::get().find("daemonset", name(), where); }

    static void run(std::vector<std::string> arguments, const std::string& input = "") {
        const support::Finished done = Cluster::get().kubectl(std::move(arguments), input);
        ASSERT_EQ(done.status, 0) << done.output;
    }
};

class LogAgentAtHome : public LogAgent {
protected:
    LogAgentAtHome() : logs_(ns_ + "-logs") { run({"create", "namespace", logs_}); }
    ~LogAgentAtHome() override { Cluster::get().kubectl({"delete", "namespace", logs_, "--wait=false"}); }

    bool is_there() const { return agent(logs_).has_value(); }

    std::string logs_;
};

TEST_F(LogAgentAtHome, ComesIsRepairedAndGoes) {
    const Json logging{{"agent", "DaemonSet"}, {"endpoint", "http://otel-collector.logging:4318"}, {"namespace", logs_}};
    start_operator();
    apply(platform(logging));
    ASSERT_TRUE(ready());
    EXPECT_TRUE(says("LogShipping", "True", "on every node")) << promise("LogShipping");

    run({"delete", "daemonset", name(), "-n", logs_});
    EXPECT_TRUE(eventually([&] { return is_there(); })) << "deleted by somebody";
    run({"set", "image", "daemonset/" + name(), "-n", logs_, "fluent-bit=example.com/other:1"});
    EXPECT_TRUE(eventually([&] {
        const auto found = agent(logs_);
        return found && found->dump().find("example.com/other:1") == std::string::npos;
    })) << "changed by somebody";

    set({{"agent", "None"}});
    EXPECT_TRUE(eventually([&] { return !is_there(); })) << "not wanted any more";

    set(logging);
    ASSERT_TRUE(eventually([&] { return is_there(); }));
    ASSERT_EQ(kubectl({"delete", "ecp/shop", "--timeout=60s"}).status, 0);
    EXPECT_FALSE(is_there()) << "its platform went, and no owner reference takes it along";
}

TEST_F(LogAgentAtHome, ComesOnceItsNamespaceIsThere) {
    const std::string later = logs_ + "-later";
    start_operator();
    apply(platform({{"agent", "DaemonSet"}, {"endpoint", "http://otel-collector.logging:4318"}, {"namespace", later}}));
    EXPECT_TRUE(says("LogShipping", "False", "not found")) << promise("LogShipping");
    EXPECT_THAT(promise("LogShipping")["cure"].get<std::string>(), HasSubstr("with namespace " + later));
    run({"create", "namespace", later});
    EXPECT_TRUE(says("LogShipping", "True", "on every node")) << promise("LogShipping");
    Cluster::get().kubectl({"delete", "namespace", later, "--wait=false"});
}

TEST_F(LogAgentAtHome, IsNotReadyWithoutItsPods) {
    start_operator();
    apply(platform({{"agent", "DaemonSet"}, {"endpoint", "http://otel-collector.logging:4318"}, {"namespace", logs_}}));
    ASSERT_TRUE(says("LogShipping", "True", "on every node")) << promise("LogShipping");
    // As where Pod Security keeps its pods away.
    run({"label", "namespace", logs_, "pod-security.kubernetes.io/enforce=restricted"});
    run({"delete", "pods", "--all", "-n", logs_, "--grace-period=0", "--force"});
    EXPECT_TRUE(says("LogShipping", "False", "kubectl describe daemonset,pods -n " + logs_)) << promise("LogShipping");
    run({"label", "namespace", logs_, "pod-security.kubernetes.io/enforce-"});
    EXPECT_TRUE(says("LogShipping", "True", "on every node")) << promise("LogShipping");
}

TEST_F(LogAgentAtHome, IsBesideEachServiceInsteadWithNobodysLeave) {
    start_operator();
    apply(platform({{"agent", "DaemonSet"}, {"endpoint", "http://otel-collector.logging:4318"}, {"namespace", logs_}}));
    ASSERT_TRUE(eventually([&] { return is_there(); }));
    set({{"agent", "Sidecar"}, {"namespace", nullptr}});
    EXPECT_TRUE(eventually([&] { return !is_there(); }));
    EXPECT_TRUE(says("LogShipping", "True", "beside every service runs a Fluent Bit")) << promise("LogShipping");
    EXPECT_EQ(get("deployment", "shop-order")["spec"]["template"]["spec"]["initContainers"][0]["restartPolicy"], "Always");
    EXPECT_EQ(get("hpa", "shop-order")["spec"]["metrics"][0]["type"], "ContainerResource");
    EXPECT_TRUE(settled()) << "the API server keeps them as they are declared";

    // As a rollout that cannot give it to them leaves them.
    set({{"agent", "None"}});
    EXPECT_TRUE(eventually([&] { return promise("LogShipping").empty(); }));
    EXPECT_TRUE(
        eventually([&] { return !get("deployment", "shop-order")["spec"]["template"]["spec"].contains("initContainers"); }));
}

// Anybody who may write DaemonSets somewhere can make one that looks like an agent of somebody else's platform.
TEST_F(LogAgentAtHome, OfAStrangerKeepsNoPlatform) {
    const Rights rights(*this);
    use_kubeconfig(rights.kubeconfig());
    start_operator({"--no-leader-elect"});
    apply(platform({{"agent", "None"}}));
    ASSERT_TRUE(ready());
    const Json labels{{"ecommerceplatform.io/platform", "shop"}, {"ecommerceplatform.io/namespace", ns_}};
    const Json pod{{"metadata", {{"labels", labels}}},
                   {"spec", {{"containers", Json::array({{{"name", "x"}, {"image", "example.com/x"}}})}}}};
    const Json forged{{"apiVersion", "apps/v1"},
                      {"kind", "DaemonSet"},
                      {"metadata", {{"name", name()}, {"labels", labels}}},
                      {"spec", {{"selector", {{"matchLabels", labels}}}, {"template", pod}}}};
    run({"apply", "--server-side", "--field-manager=ecommerce-operator", "-n", logs_, "-f", "-"}, forged.dump());
    EXPECT_TRUE(
        eventually([&] { return operator_log().find("a DaemonSet with the platform's labels is left") != std::string::npos; }));
    EXPECT_TRUE(promise("LogShipping").empty()) << promise("LogShipping");
    EXPECT_EQ(kubectl({"delete", "ecp/shop", "--timeout=60s"}).status, 0);
    EXPECT_TRUE(is_there());
}

// In the namespace that config/logging makes, which one test alone may have at a time.
class LogAgentByLeave : public LogAgent {
protected:
    LogAgentByLeave() : rights_(*this) {
        use_kubeconfig(rights_.kubeconfig());
        Cluster::get().kubectl({"delete", "-k", kConfig, "--ignore-not-found"});
    }
    ~LogAgentByLeave() override {
        kubectl({"delete", "ecp", "--all", "--timeout=20s"});
        operator_.reset();
        kubectl({"patch", "ecp/shop", "--type=merge", "-p", R"({"metadata": {"finalizers": null}})"});
        Cluster::get().kubectl({"delete", "-k", kConfig, "--ignore-not-found"});
    }

    // What config/logging gives to the operator of config/default, given to this test's.
    void give_rights() const {
        const Json binding{
            {"apiVersion", "rbac.authorization.k8s.io/v1"},
            {"kind", "RoleBinding"},
            {"metadata", {{"name", "test"}, {"namespace", "logging"}}},
            {"roleRef", {{"apiGroup", "rbac.authorization.k8s.io"}, {"kind", "Role"}, {"name", "ecommerce-operator-logging"}}},
            {"subjects", Json::array({{{"kind", "ServiceAccount"}, {"name", rights_.name()}, {"namespace", ns_}}})}};
        run({"apply", "-f", "-"}, binding.dump());
    }

    Rights rights_;
};

TEST_F(LogAgentByLeave, NeedsAnAdministratorAndThePlatformDoesNotWaitForOne) {
    start_operator({"--no-leader-elect"});
    apply(platform({{"agent", "DaemonSet"}, {"endpoint", "http://otel-collector.logging:4318"}}));
    ASSERT_TRUE(ready()) << "it serves without its logs being taken";
    EXPECT_TRUE(says("LogShipping", "False", "cannot patch resource")) << promise("LogShipping");
    EXPECT_THAT(promise("LogShipping")["cure"].get<std::string>(), HasSubstr("kubectl apply --server-side -k config/logging"));
    EXPECT_EQ(condition(get("ecp", "shop"), "Stalled"), "False");
    EXPECT_EQ(condition(get("ecp", "shop"), "Observable"), "False");
    EXPECT_NE(promise("AsDeclared")["status"], "False");

    run({"apply", "--server-side", "-k", kConfig});
    ASSERT_NO_FATAL_FAILURE(give_rights());
    EXPECT_TRUE(says("LogShipping", "True", "on every node")) << promise("LogShipping");

    // The author of a platform chooses its images, but none that sees every pod's logs.
    patch_platform({{"spec", {{"images", {{"dataRegistry", "example.com/mine"}}}}}});
    EXPECT_TRUE(says("LogShipping", "False", "a log agent may run these images alone: fluent/fluent-bit"))
        << promise("LogShipping");
    patch_platform({{"spec", {{"images", {{"dataRegistry", nullptr}}}}}});
    EXPECT_TRUE(says("LogShipping", "True", "on every node")) << promise("LogShipping");

    run({"delete", "rolebinding", "test", "-n", "logging"});
    set({{"agent", "None"}});
    EXPECT_TRUE(says("LogShipping", "False", "the DaemonSet of before is still there")) << promise("LogShipping");
    ASSERT_NO_FATAL_FAILURE(give_rights());
    EXPECT_TRUE(eventually([&] { return !agent("logging"); }));
}

}  // namespace
}  // namespace apiserver
