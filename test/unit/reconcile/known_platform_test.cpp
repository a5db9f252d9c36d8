// What is kept of a platform whose status was seen.
#include "reconcile/known_platform.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace reconcile {
namespace {

using kube::Json;

Json with_promises(const Json& promises) {
    return {{"apiVersion", "ecommerceplatform.io/v1alpha1"},
            {"kind", "EcommercePlatform"},
            {"metadata", {{"name", "shop"}, {"namespace", "shop"}}},
            {"spec", Json::object()},
            {"status", {{"components", Json::array({{{"name", "user"}}})}, {"promises", promises}}}};
}

Json promise(const std::string& name, const std::string& component, const std::string& status) {
    return {{"attribute", "Recoverable"}, {"name", name}, {"component", component}, {"status", status}, {"evidence", "words"}};
}

TEST(KnownPlatforms, RememberWhichPromisesAreBroken) {
    const KnownPlatform known = known_platform_from(with_promises(Json::array(
        {promise("Kept", "user", "True"), promise("Backup", "postgres", "False"), promise("Backup", "redis", "False")})));
    EXPECT_EQ(known.platform.status,
              Json({{"promises", Json::array({{{"attribute", "Recoverable"}, {"name", "Backup"}, {"status", "False"}}})}}));
    EXPECT_EQ(known_platform_from(with_promises(Json::array({promise("Kept", "user", "True")}))).platform.status, Json::object());
}

TEST(KnownPlatforms, AreAnotherWhereAnyWordOfTheStatusIs) {
    const auto digest_of = [](const std::string& status) {
        return known_platform_from(with_promises(Json::array({promise("Kept", "user", status)}))).status_digest;
    };
    EXPECT_EQ(digest_of("True"), digest_of("True"));
    EXPECT_NE(digest_of("True"), digest_of("Unknown"));
}

}  // namespace
}  // namespace reconcile
