// Hours in which fewer replicas do.
#include <chrono>
#include <cstdio>

#include "cluster.h"

namespace apiserver {
namespace {

std::string time_of_day(std::chrono::sys_seconds time) {
    const std::chrono::hh_mm_ss clock(time - std::chrono::floor<std::chrono::days>(time));
    char text[16];
    std::snprintf(text, sizeof text, "%02d:%02d", static_cast<int>(clock.hours().count()),
                  static_cast<int>(clock.minutes().count()));
    return text;
}

class OffHours : public OperatorTest {};

TEST_F(OffHours, LowerReplicasAndEndByThemselves) {
    start_operator();
    apply(sample("staging", {{"spec", {{"services", {{"payment", {{"autoscaling", "Disabled"}}}}}}}}));
    ASSERT_TRUE(ready());
    EXPECT_EQ(get("hpa", "shop-order")["spec"]["minReplicas"], 2);
    const std::string cost = get("ecp", "shop")["status"]["monthlyCost"]["atLeast"];

    // To the end of this minute, or of the next where this one is nearly over.
    const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    const auto end = std::chrono::ceil<std::chrono::minutes>(now + std::chrono::seconds(30));
    const Json window{{"from", time_of_day(now - std::chrono::hours(1))}, {"to", time_of_day(end)}};
    patch_platform({{"spec", {{"quality", {{"cost", {{"offHours", {{"windows", Json::array({window})}}}}}}}}}});
    ASSERT_TRUE(eventually([&] { return get("hpa", "shop-order")["spec"]["minReplicas"] == 1; }));
    EXPECT_TRUE(eventually([&] { return get("deployment", "shop-payment")["spec"]["replicas"] == 1; }));
    EXPECT_TRUE(eventually([&] {
        return get("ecp", "shop")["status"]["promises"].dump().find("off hours are now: no service needs more than 1") !=
               std::string::npos;
    }));
    EXPECT_LT(std::stod(get("ecp", "shop")["status"]["monthlyCost"]["atLeast"].get<std::string>()), std::stod(cost));

    EXPECT_TRUE(eventually([&] { return get("hpa", "shop-order")["spec"]["minReplicas"] == 2; }, 100s));
    EXPECT_GE(std::chrono::system_clock::now(), end);
    EXPECT_TRUE(eventually([&] { return get("deployment", "shop-payment")["spec"]["replicas"] == 2; }));
}

}  // namespace
}  // namespace apiserver
