#include "reconcile/references.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

namespace reconcile {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Use = Reference::Use;

TEST(Referred, ToForItsKeysIsASecretOfWhichNoValueIsKept) {
    const kube::Json secret{{"data", {{"catalog", "eA=="}, {"order", "eQ=="}, {"user", ""}}}};
    EXPECT_THAT(referred_from(Use::Keys, secret).keys, ElementsAre("catalog", "order"));
    EXPECT_THAT(referred_from(Use::Keys, {{"metadata", {{"name", "pg"}}}}).keys, IsEmpty());
    EXPECT_EQ(referred_from(Use::Certificate, secret).keys, referred_from(Use::Role, secret).keys);
}

TEST(Referred, ToAsARoleHasRulesOrNone) {
    EXPECT_TRUE(referred_from(Use::Role, {{"rules", kube::Json::array({{{"verbs", {"get"}}}})}}).has_rules);
    EXPECT_FALSE(referred_from(Use::Role, {{"rules", kube::Json::array()}}).has_rules);
    EXPECT_FALSE(referred_from(Use::Role, {{"rules", nullptr}}).has_rules);
}

}  // namespace
}  // namespace reconcile
