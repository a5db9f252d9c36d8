// Hours in which fewer replicas do.
#include <gmock/gmock.h>

#include <chrono>
#include <cstdio>

#include "cluster.h"
#include "rights.h"

namespace apiserver {
namespace {

std::string time_of_day(std::chrono::sys_seconds time) {
    const std::chrono::hh_mm_ss clock(time - std::chrono::floor<std::chrono::days>(time));
    char text[16];
    std::snprintf(text, sizeof text, "%02d:%02d", static_cast<int>(clock.hours().count()),
                  static_cast<int>(clock.minutes().count()));
    return text;
}

class OffHours : public OperatorTest {
protected:
    static Json hours(std::chrono::sys_seconds from, std::chrono::sys_seconds to) {
        const Json window{{"from", time_of_day(from)}, {"to", time_of_day(to)}};
        return {{"spec", {{"quality", {{"cost", {{"offHours", {{"windows", Json::array({window})}}}}}}}}}};
    }
};

TEST_F(OffHours, LowerReplicasAndEndByThemselves) {
    start_operator();
    apply(sample("staging", {{"spec", {{"services", {{"payment", {{"autoscaling", "Disabled"}}}}}}}}));
    ASSERT_TRUE(ready());
    EXPECT_EQ(get("hpa", "shop-order")["spec"]["minReplicas"], 2);
    const std::string cost = get("ecp", "shop")["status"]["monthlyCost"]["atLeast"];

    // To the end of this minute, or of the next where this one is nearly over.
    const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    const auto end = std::chrono::ceil<std::chrono::minutes>(now + std::chrono::seconds(30));
    patch_platform(hours(now - std::chrono::hours(1), end));
    ASSERT_TRUE(eventually([&] { return get("hpa", "shop-order")["spec"]["minReplicas"] == 1; }));
    EXPECT_TRUE(eventually([&] { return get("deployment", "shop-payment")["spec"]["replicas"] == 1; }));
    EXPECT_TRUE(eventually([&] {
        return get("ecp", "shop")["status"]["promises"].dump().find("off hours are now: no service needs more than 1") !=
               std::string::npos;
    }));
    EXPECT_LT(std::stod(get("ecp", "shop")["status"]["monthlyCost"]["atLeast"].get<std::string>()), std::stod(cost));

    EXPECT_TRUE(eventually([&] { return condition(get("ecp", "shop"), "Reliable") == "True"; }));
    const std::size_t before = operator_log().size();
    EXPECT_TRUE(eventually([&] { return get("hpa", "shop-order")["spec"]["minReplicas"] == 2; }, 100s));
    EXPECT_GE(std::chrono::system_clock::now(), end);
    EXPECT_TRUE(eventually([&] { return get("deployment", "shop-payment")["status"].value("availableReplicas", 0) == 2; }));
    EXPECT_TRUE(eventually([&] { return condition(get("ecp", "shop"), "Reliable") == "True"; }, 60s));
    EXPECT_THAT(operator_log().substr(before), testing::Not(testing::HasSubstr(R"("attribute":"Reliable","status":"False")")));
}

TEST_F(OffHours, AreSaidToBeBrokenByAnAutoscalerThatTheOperatorMayNotPutRight) {
    const Rights rights(*this);
    use_kubeconfig(rights.kubeconfig());
    start_operator({"--no-leader-elect"});
    const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    apply(sample("staging", hours(now - std::chrono::hours(1), now + std::chrono::hours(1))));
    ASSERT_TRUE(ready());
    EXPECT_TRUE(says("OffHours", "True", "off hours are now")) << promise("OffHours");
    rights.take("horizontalpodautoscalers", {"create", "patch", "update"});
    const Json awake{{"spec", {{"minReplicas", 2}}}};
    ASSERT_EQ(kubectl({"patch", "hpa", "shop-order", "--type=merge", "-p", awake.dump()}).status, 0);
    EXPECT_TRUE(says("OffHours", "False", "HorizontalPodAutoscaler shop-order is not as declared")) << promise("OffHours");
    EXPECT_NE(promise("OffHours").value("cure", "").find("forbidden"), std::string::npos) << promise("OffHours");
    EXPECT_EQ(condition(get("ecp", "shop"), "CostEfficient"), "False");
    rights.restore();
    EXPECT_TRUE(says("OffHours", "True")) << promise("OffHours");
    EXPECT_EQ(get("hpa", "shop-order")["spec"]["minReplicas"], 1);
}

}  // namespace
}  // namespace apiserver
