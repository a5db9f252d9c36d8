// What someone deletes or edits comes back; what somebody else owns is left alone.
#include <gmock/gmock.h>

#include <thread>

#include "cluster.h"

namespace apiserver {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::IsEmpty;
using testing::Not;

class Repair : public SharedShopTest {
protected:
    std::int64_t replicas(const std::string& deployment) const {
        return shop().get("deployment", deployment)["spec"]["replicas"];
    }

    support::Finished merge(const std::string& kind, const std::string& name, const Json& patch) const {
        return shop().kubectl({"patch", kind, name, "--type=merge", "-p", patch.dump()});
    }
};

TEST_F(Repair, BringsBackEveryChildThatSomeoneDeletes) {
    for (const std::string& child : shop().children(kAllKinds)) {
        const auto slash = child.find('/');
        const Json before = shop().get(child.substr(0, slash), child.substr(slash + 1));
        ASSERT_EQ(shop().kubectl({"delete", child, "--wait=false"}).status, 0) << child;
        EXPECT_TRUE(eventually(
            [&] {
                const auto now = shop().find(child.substr(0, slash), child.substr(slash + 1));
                return now && (*now)["metadata"]["uid"] != before["metadata"]["uid"];
            },
            10s))
            << child;
    }
}

TEST_F(Repair, UndoesEveryEditOfAFieldThatItOwns) {
    const std::vector<std::pair<std::string, Json>> edits{
        {"deployment", {{"spec", {{"revisionHistoryLimit", 99}}}}},
        {"deployment", {{"spec", {{"template", {{"spec", {{"terminationGracePeriodSeconds", 77}}}}}}}}},
        {"deployment", {{"metadata", {{"labels", {{"app.kubernetes.io/managed-by", "me"}}}}}}},
        {"service", {{"spec", {{"ports", Json::array({{{"port", 81}}})}}}}},
        {"configmap", {{"data", {{"config.yaml", "logLevel: none"}}}}},
        {"hpa", {{"spec", {{"maxReplicas", 99}}}}},
        {"pdb", {{"spec", {{"minAvailable", 0}}}}},
        {"networkpolicy", {{"spec", {{"ingress", Json::array({Json::object()})}}}}},
        {"serviceaccount", {{"automountServiceAccountToken", true}}},
    };
    for (const auto& [kind, edit] : edits) {
        const Json before = shop().get(kind, "shop-catalog");
        const support::Finished merged = merge(kind, "shop-catalog", edit);
        ASSERT_EQ(merged.status, 0) << merged.output;
        EXPECT_TRUE(eventually(
            [&] {
                const Json now = shop().get(kind, "shop-catalog");
                for (const char* part : {"spec", "data", "automountServiceAccountToken"}) {
                    if (now.value(part, Json()) != before.value(part, Json())) return false;
                }
                return now["metadata"]["labels"] == before["metadata"]["labels"];
            },
            10s))
            << kind << " " << edit.dump();
    }
}

TEST_F(Repair, TakesAwayWhatOthersAdd) {
    const std::string policy = shop().ns() + ".shop-pods";
    const Json never = Json::array({{{"name", "never"}, {"expression", "false"}}});
    const std::vector<std::tuple<std::string, std::string, Json>> edits{
        {"deployment", "shop-catalog", {{"spec", {{"template", {{"spec", {{"nodeSelector", {{"a", "b"}}}}}}}}}}},
        {"statefulset", "shop-redis", {{"spec", {{"template", {{"spec", {{"nodeSelector", {{"a", "b"}}}}}}}}}}},
        {"deployment", "shop-order", {{"spec", {{"paused", true}}}}},
        {"service", "shop-payment", {{"spec", {{"selector", {{"a", "b"}}}}}}},
        {"service", "shop-order", {{"spec", {{"externalIPs", {"192.0.2.1"}}}}}},
        {"configmap", "shop-user", {{"data", {{"more", "x"}}}}},
        {"networkpolicy", "shop-order", {{"spec", {{"ingress", Json::array({Json::object()})}}}}},
        {"pdb", "shop-order", {{"spec", {{"unhealthyPodEvictionPolicy", "AlwaysAllow"}}}}},
        {"hpa", "shop-order", {{"spec", {{"behavior", {{"scaleUp", {{"selectPolicy", "Disabled"}}}}}}}}},
        {"validatingadmissionpolicy", policy, {{"spec", {{"matchConditions", never}}}}},
        {"validatingadmissionpolicybinding",
         policy,
         {{"spec", {{"matchResources", {{"objectSelector", {{"matchLabels", {{"a", "b"}}}}}}}}}}},
    };
    for (const auto& [kind, name, edit] : edits) {
        const auto body = [kind = kind, name = name] {
            Json now = shop().get(kind, name);
            now.erase("metadata");
            now.erase("status");
            if (now.contains("spec")) now["spec"].erase("replicas");
            return now;
        };
        const Json before = body();
        const support::Finished merged = merge(kind, name, edit);
        ASSERT_EQ(merged.status, 0) << merged.output;
        EXPECT_TRUE(eventually([&] { return body() == before; }))
            << kind << " " << edit.dump() << Json::diff(before, body()).dump();
    }
}

TEST_F(Repair, LeavesARestartAlone) {
    ASSERT_EQ(shop().kubectl({"rollout", "restart", "deployment/shop-user"}).status, 0);
    ASSERT_EQ(merge("deployment", "shop-user", {{"spec", {{"paused", true}}}}).status, 0);
    ASSERT_TRUE(eventually([] { return !shop().get("deployment", "shop-user")["spec"].contains("paused"); }));
    const Json deployment = shop().get("deployment", "shop-user");
    EXPECT_TRUE(deployment["spec"]["template"]["metadata"]["annotations"].contains("kubectl.kubernetes.io/restartedAt"));
}

// Someone who adds a field again and again is told of, and not answered each time at once.
TEST_F(Repair, DoesNotQuarrel) {
    const auto add = [&] { ASSERT_EQ(merge("configmap", "shop-payment", {{"data", {{"more", "x"}}}}).status, 0); };
    const auto is_whole = [] { return !shop().get("configmap", "shop-payment")["data"].contains("more"); };
    add();
    ASSERT_TRUE(eventually(is_whole, 5s));
    add();
    EXPECT_TRUE(shop().says("AsDeclared", "False", "ConfigMap shop-payment is not as declared"));
    EXPECT_FALSE(is_whole());
    EXPECT_TRUE(eventually(is_whole, 15s));
    EXPECT_TRUE(shop().says("AsDeclared", "True"));
}

TEST_F(Repair, TakesADefaultThatSomeoneElseAppliesForNoDrift) {
    const Json same{{"apiVersion", "apps/v1"},
                    {"kind", "Deployment"},
                    {"metadata", {{"name", "shop-payment"}}},
                    {"spec", {{"template", {{"spec", {{"dnsPolicy", "ClusterFirst"}}}}}}}};
    const std::string told = R"("put back whole","object":"Deployment )" + shop().ns() + "/shop-payment\"";
    ASSERT_EQ(shop().kubectl({"apply", "--server-side", "--field-manager=mine", "-f", "-"}, same.dump()).status, 0);
    ASSERT_TRUE(eventually([&] { return shop().operator_log().find(told) != std::string::npos; })) << shop().operator_log();
    std::this_thread::sleep_for(3s);
    EXPECT_TRUE(shop().says("AsDeclared", "True"));
    EXPECT_EQ(shop().operator_log().find(told), shop().operator_log().rfind(told)) << "it goes on";
}

TEST_F(Repair, PutsALostLabelBack) {
    ASSERT_EQ(shop().kubectl({"label", "service/shop-catalog", "ecommerceplatform.io/platform-"}).status, 0);
    EXPECT_TRUE(eventually(
        [&] { return shop().get("service", "shop-catalog")["metadata"]["labels"].contains("ecommerceplatform.io/platform"); }));
}

TEST_F(Repair, LeavesFieldsOfOthersAlone) {
    ASSERT_EQ(shop().kubectl({"annotate", "service/shop-catalog", "team=blue"}).status, 0);
    ASSERT_EQ(shop().kubectl({"delete", "service/shop-order"}).status, 0);  // Something to wait for.
    ASSERT_TRUE(eventually([&] { return shop().find("service", "shop-order").has_value(); }));
    EXPECT_EQ(shop().get("service", "shop-catalog")["metadata"]["annotations"]["team"], "blue");
}

TEST_F(Repair, KeepsCredentialsThroughEditAndDeletion) {
    const Json postgres = shop().get("secret", "shop-postgres")["data"];
    const Json database = shop().get("secret", "shop-catalog-database")["data"];
    ASSERT_EQ(merge("secret", "shop-catalog-database", {{"data", {{"url", "eA=="}}}}).status, 0);
    EXPECT_TRUE(eventually([&] { return shop().get("secret", "shop-catalog-database")["data"] == database; }, 10s));
    ASSERT_EQ(shop().kubectl({"delete", "secret", "shop-postgres", "shop-root-key"}).status, 0);
    ASSERT_TRUE(
        eventually([&] { return shop().find("secret", "shop-postgres") && shop().find("secret", "shop-root-key"); }, 10s));
    EXPECT_EQ(shop().get("secret", "shop-postgres")["data"], postgres);
    ASSERT_EQ(shop().kubectl({"delete", "secret", "shop-root-key-copy"}).status, 0);
    ASSERT_TRUE(eventually([&] { return shop().find("secret", "shop-root-key-copy").has_value(); }, 10s));
    ASSERT_EQ(shop().kubectl({"delete", "secret", "shop-redis"}).status, 0);
    ASSERT_TRUE(eventually([&] { return shop().find("secret", "shop-redis").has_value(); }, 10s));
    EXPECT_NE(merge("secret", "shop-root-key", {{"data", {{"key", "eA=="}}}}).status, 0) << "the root key can be edited";
}

TEST_F(Repair, NeverLogsACredential) {
    const Json encoded = shop().get("secret", "shop-postgres")["data"]["password"];
    const support::Finished decoded = support::run({"base64", "-d"}, encoded.get<std::string>());
    ASSERT_EQ(decoded.output.size(), 64U);
    EXPECT_EQ(shop().operator_log().find(decoded.output), std::string::npos);
    EXPECT_EQ(shop().operator_log().find(encoded.get<std::string>()), std::string::npos);
}

TEST_F(Repair, LeavesTheNumberOfReplicasToTheAutoscaler) {
    ASSERT_EQ(shop().kubectl({"scale", "deployment/shop-catalog", "--replicas=5"}).status, 0);
    ASSERT_EQ(shop().kubectl({"delete", "service/shop-catalog"}).status, 0);  // Something to reconcile for.
    ASSERT_TRUE(eventually([&] { return shop().find("service", "shop-catalog").has_value(); }));
    // The number itself may be the autoscaler's by now.
    const Json deployment =
        Json::parse(shop().kubectl({"get", "deployment", "shop-catalog", "-o", "json", "--show-managed-fields"}).output);
    std::vector<std::string> owners;
    for (const Json& entry : deployment["metadata"]["managedFields"]) {
        if (entry["fieldsV1"].value("f:spec", Json::object()).contains("f:replicas")) owners.push_back(entry["manager"]);
    }
    EXPECT_THAT(owners, AllOf(Not(Contains("ecommerce-operator")), Not(IsEmpty())));
}

TEST_F(Repair, NeverDropsPodsWhileAnAutoscalerGoesAndComes) {
    // A new autoscaler knows nothing of the last minutes and may scale down at once, but not below its minimum.
    shop().patch_platform({{"spec", {{"services", {{"catalog", {{"replicas", {{"min", 5}}}}}}}}}});
    ASSERT_TRUE(eventually([&] { return shop().get("hpa", "shop-catalog")["spec"]["minReplicas"] == 5; }));
    ASSERT_EQ(shop().kubectl({"scale", "deployment/shop-catalog", "--replicas=5"}).status, 0);
    std::int64_t lowest = 5;
    const auto all_the_while = [&](const std::function<bool()>& holds) {
        return eventually([&] {
            lowest = std::min(lowest, replicas("shop-catalog"));
            return holds();
        });
    };
    for (int round = 0; round < 2; ++round) {
        shop().patch_platform({{"spec", {{"services", {{"catalog", {{"autoscaling", "Disabled"}}}}}}}});
        EXPECT_TRUE(all_the_while([&] { return !shop().find("hpa", "shop-catalog"); }));
        shop().patch_platform({{"spec", {{"services", {{"catalog", {{"autoscaling", "Enabled"}}}}}}}});
        EXPECT_TRUE(all_the_while([&] { return shop().find("hpa", "shop-catalog").has_value(); }));
    }
    EXPECT_EQ(lowest, 5);
}

TEST_F(Repair, KeepsTheCountWithoutAnAutoscaler) {
    shop().patch_platform({{"spec", {{"services", {{"catalog", {{"autoscaling", "Disabled"}}}}}}}});
    ASSERT_TRUE(eventually([&] { return !shop().find("hpa", "shop-catalog"); }));
    ASSERT_EQ(shop().kubectl({"scale", "deployment/shop-catalog", "--replicas=1"}).status, 0);
    EXPECT_TRUE(eventually([&] { return replicas("shop-catalog") == 3; }, 10s));
}

TEST_F(Repair, PrunesWhatIsNoLongerWanted) {
    shop().patch_platform({{"spec", {{"quality", {{"security", {{"networkIsolation", "None"}}}}}, {"ingress", nullptr}}}});
    EXPECT_TRUE(eventually([&] { return shop().children("networkpolicies,ingresses").empty(); }));
    ASSERT_EQ(shop().kubectl({"create", "configmap", "mine"}).status, 0);
    ASSERT_EQ(shop().kubectl({"label", "configmap/mine", "ecommerceplatform.io/platform=shop"}).status, 0);
    shop().patch_platform({{"spec", {{"quality", {{"security", {{"networkIsolation", "Strict"}}}}}}}});
    ASSERT_TRUE(eventually([&] { return !shop().children("networkpolicies").empty(); }));
    EXPECT_TRUE(shop().find("configmap", "mine")) << "it deleted an object that it had not made";
}

}  // namespace
}  // namespace apiserver
