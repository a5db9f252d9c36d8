#include "kube/selector.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace kube {
namespace {

bool selects_catalog(const char* selector) {
    return selects(Json::parse(selector), {{"component", "catalog"}, {"platform", "shop"}});
}

TEST(Selector, SelectsWhatHasAllOfItsLabels) {
    EXPECT_TRUE(selects_catalog(R"({"matchLabels": {"component": "catalog", "platform": "shop"}})"));
    EXPECT_FALSE(selects_catalog(R"({"matchLabels": {"component": "catalog", "tier": "web"}})"));
    EXPECT_FALSE(selects_catalog(R"({"matchLabels": {"component": "order"}})"));
}

TEST(Selector, SelectsEverythingWhereItIsEmpty) {
    EXPECT_TRUE(selects_catalog("{}"));
    EXPECT_TRUE(selects_catalog(R"({"matchLabels": {}})"));
    EXPECT_TRUE(selects({}, {}));
}

TEST(Selector, SelectsWhatMeetsAllOfItsExpressions) {
    const auto by = [](const char* requirement) {
        return selects_catalog((R"({"matchExpressions": [)" + std::string(requirement) + "]}").c_str());
    };
    EXPECT_TRUE(by(R"({"key": "component", "operator": "In", "values": ["order", "catalog"]})"));
    EXPECT_FALSE(by(R"({"key": "component", "operator": "In", "values": ["order"]})"));
    EXPECT_FALSE(by(R"({"key": "tier", "operator": "In", "values": ["web"]})"));
    EXPECT_TRUE(by(R"({"key": "component", "operator": "NotIn", "values": ["order"]})"));
    EXPECT_TRUE(by(R"({"key": "tier", "operator": "NotIn", "values": ["web"]})"));
    EXPECT_FALSE(by(R"({"key": "component", "operator": "NotIn", "values": ["catalog"]})"));
    EXPECT_TRUE(by(R"({"key": "component", "operator": "Exists"})"));
    EXPECT_FALSE(by(R"({"key": "tier", "operator": "Exists"})"));
    EXPECT_TRUE(by(R"({"key": "tier", "operator": "DoesNotExist"})"));
    EXPECT_FALSE(by(R"({"key": "component", "operator": "DoesNotExist"})"));
    EXPECT_FALSE(by(R"({"key": "component", "operator": "Exists"}, {"key": "tier", "operator": "Exists"})"));
}

}  // namespace
}  // namespace kube
