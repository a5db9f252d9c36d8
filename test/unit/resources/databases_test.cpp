// The Jobs that prepare databases, and what has to be there before what.
#include "resources/databases.h"

#include <gmock/gmock.h>

#include "platforms.h"
#include "resources/order.h"

namespace {

using kube::Json;
using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

// The Job whose name begins so.
kube::Object job(const kube::Objects& objects, const std::string& prefix) {
    for (const kube::Object& object : test::of_kind(objects, kube::kJob)) {
        if (object.key().name.starts_with(prefix)) return object;
    }
    ADD_FAILURE() << "no Job " << prefix;
    return test::of_kind(objects, kube::kJob).front();
}

std::set<std::string> names(const kube::Objects& objects, std::initializer_list<const char*> prefixes) {
    std::set<std::string> all;
    for (const char* prefix : prefixes) all.insert(job(objects, prefix).key().name);
    return all;
}

TEST(Databases, AreMadeByOneJobAndMigratedByOneForEachService) {
    const std::vector<std::string> jobs = test::names_of(test::objects_of(test::production()), kube::kJob);
    EXPECT_THAT(jobs, ElementsAre(StartsWith("shop-provisioning-"), StartsWith("shop-migration-user-"),
                                  StartsWith("shop-migration-catalog-"), StartsWith("shop-migration-inventory-"),
                                  StartsWith("shop-migration-order-"), StartsWith("shop-migration-payment-")));
}

TEST(Databases, OfAnotherWhoKeepsThemAreOnlyMigrated) {
    const std::vector<std::string> jobs = test::names_of(test::objects_of(test::with_external_stores()), kube::kJob);
    EXPECT_EQ(jobs.size(), 5U);
    EXPECT_THAT(jobs, Each(HasSubstr("-migration-")));
}

TEST(Databases, AreMigratedByTheImageThatServesThemAndByTheirOwner) {
    const kube::Objects objects = test::objects_of(test::production());
    const kube::Object migration = job(objects, "shop-migration-catalog-");
    const Json container = test::container_of(migration);
    EXPECT_EQ(container["image"], "registry.example.com/shop/catalog-service:1.4.0");
    EXPECT_EQ(container["args"], Json::array({"migrate"}));
    EXPECT_EQ(test::pod_of(migration)["volumes"][0]["secret"]["secretName"], "shop-catalog-database-owner");
    EXPECT_EQ(test::pod_of(migration)["restartPolicy"], "Never");
    EXPECT_FALSE(container.contains("readinessProbe"));
}

TEST(Databases, OfAnotherAreMigratedByTheOwnerThatItsSecretMayName) {
    const kube::Object migration = job(test::objects_of(test::with_external_stores()), "shop-migration-order-");
    EXPECT_EQ(test::variable(migration, "DATABASE_OWNER_URL_FILE"), "/etc/ecommerce/secrets/database/owner-url");
    const Json secret = test::pod_of(migration)["volumes"][0]["secret"];
    EXPECT_EQ(secret["optional"], true);
    EXPECT_EQ(secret["items"], Json::parse(R"([{"key": "order", "path": "url"}, {"key": "order-owner", "path": "owner-url"}])"));
}

TEST(Databases, ServingRolesMayNotChangeTheirTables) {
    const std::string statements = resources::provisioning_statements({});
    EXPECT_THAT(statements, HasSubstr("CREATE DATABASE orders OWNER orders_owner"));
    EXPECT_THAT(statements, HasSubstr("ALTER ROLE orders LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS "
                                      "PASSWORD '${order-database}'"));
    EXPECT_THAT(statements, AllOf(Not(HasSubstr("{role}")), Not(HasSubstr("{owning}")), Not(HasSubstr("{serving}"))));
}

TEST(Databases, AnotherVersionIsAnotherJobAndAnythingElseTheSame) {
    api::Platform platform = test::production();
    const std::string before = job(test::objects_of(platform), "shop-migration-catalog-").key().name;
    platform.spec.services.at("catalog").replicas = {4, 4, 9};
    EXPECT_EQ(job(test::objects_of(platform), "shop-migration-catalog-").key().name, before);
    platform.spec.version = "1.5.0";
    EXPECT_NE(job(test::objects_of(platform), "shop-migration-catalog-").key().name, before);
}

TEST(Order, NothingOfADatabaseIsDueWithoutPostgres) {
    const kube::Objects due = resources::due(test::objects_of(test::production()), {});
    EXPECT_THAT(test::of_kind(due, kube::kJob), IsEmpty());
    EXPECT_THAT(test::names_of(due, kube::kDeployment), ElementsAre("shop-gateway"));
    EXPECT_THAT(test::names_of(due, kube::kHorizontalPodAutoscaler), ElementsAre("shop-gateway"));
    EXPECT_EQ(test::of_kind(due, kube::kStatefulSet).size(), 3U);
}

TEST(Order, AutoscalersOfWhatRunsStayDueWhileItsNextVersionWaits) {
    const kube::Objects due = resources::due(test::objects_of(test::production()), {.deployed = {"shop-catalog"}});
    EXPECT_THAT(test::names_of(due, kube::kHorizontalPodAutoscaler), ElementsAre("shop-catalog", "shop-gateway"));
    EXPECT_THAT(test::names_of(due, kube::kDeployment), ElementsAre("shop-gateway"));
}

TEST(Order, MigrationsComeAfterDatabasesAndServicesAfterTheirMigration) {
    const kube::Objects wanted = test::objects_of(test::production());
    resources::Progress progress{.postgres_available = true};
    EXPECT_THAT(test::names_of(resources::due(wanted, progress), kube::kJob), ElementsAre(StartsWith("shop-provisioning-")));
    progress.complete = names(wanted, {"shop-provisioning-"});
    EXPECT_EQ(test::of_kind(resources::due(wanted, progress), kube::kJob).size(), 6U);
    EXPECT_THAT(test::names_of(resources::due(wanted, progress), kube::kDeployment), ElementsAre("shop-gateway"));
    progress.complete = names(wanted, {"shop-provisioning-", "shop-migration-order-"});
    EXPECT_THAT(test::names_of(resources::due(wanted, progress), kube::kDeployment), ElementsAre("shop-order", "shop-gateway"));
}

TEST(Order, WhatIsDoneStaysDueWhilePostgresIsAway) {
    const kube::Objects wanted = test::objects_of(test::production());
    resources::Progress progress;
    for (const kube::Object& each : test::of_kind(wanted, kube::kJob)) progress.complete.insert(each.key().name);
    EXPECT_EQ(test::of_kind(resources::due(wanted, progress), kube::kDeployment).size(), 6U);
}

TEST(Order, WhatIsGoneWhileItsNextVersionWaitsIsStoodInForByTheVersionBefore) {
    api::Platform platform = test::production();
    platform.spec.version = "1.5.0";
    const resources::Progress progress{.deployed = {"shop-user", "shop-inventory", "shop-order", "shop-payment"}};
    const kube::Objects due = resources::due(test::objects_of(platform), progress);
    const kube::Objects gone = resources::stand_ins(platform, "1.4.0", {}, due, progress);
    ASSERT_THAT(test::names_of(gone, kube::kDeployment), ElementsAre("shop-catalog")) << "the gateway is due anyway";
    EXPECT_EQ(gone.size(), 1U);
    EXPECT_THAT(gone.front().json["spec"]["template"]["spec"]["containers"][0]["image"].get<std::string>(), EndsWith(":1.4.0"));
    EXPECT_EQ(kube::label_of(gone.front().json, api::kVersionLabel), "1.4.0");

    EXPECT_THAT(resources::stand_ins(platform, "", {}, due, progress), IsEmpty()) << "a first start has no version before";
    EXPECT_THAT(resources::stand_ins(platform, "1.5.0", {}, due, progress), IsEmpty());
    platform.spec.images.digests["catalog-service"] = "sha256:" + std::string(64, 'a');
    EXPECT_THAT(resources::stand_ins(platform, "1.4.0", {}, due, progress), IsEmpty()) << "the digest is the new version's";
}

TEST(Order, ExternalDatabasesAreMigratedAtOnce) {
    const kube::Objects due = resources::due(test::objects_of(test::with_external_stores()), {});
    EXPECT_EQ(test::of_kind(due, kube::kJob).size(), 5U);
}

TEST(Verification, ComesOnceAllServicesAreRolledOut) {
    api::Platform platform = test::production();
    platform.spec.verify_after_rollout = true;
    const kube::Objects wanted = test::objects_of(platform);
    const kube::Object verification = job(wanted, "shop-e2e-");
    EXPECT_EQ(test::container_of(verification)["args"], Json::array({"verify"}));
    EXPECT_EQ(test::container_of(verification)["env"][0]["value"], "http://shop-gateway.shop.svc");
    EXPECT_EQ(verification.json["spec"]["backoffLimit"], 3);
    resources::Progress progress;
    for (const kube::Object& object : test::of_kind(wanted, kube::kDeployment)) progress.rolled.insert(object.key().name);
    EXPECT_THAT(test::names_of(resources::due(wanted, progress), kube::kJob), ElementsAre(StartsWith("shop-e2e-")));
    progress.rolled.erase("shop-order");
    EXPECT_THAT(test::names_of(resources::due(wanted, progress), kube::kJob), IsEmpty());
    progress.complete.insert(verification.key().name);  // A Deployment that is scaled is no news to it.
    EXPECT_THAT(test::names_of(resources::due(wanted, progress), kube::kJob), ElementsAre(StartsWith("shop-e2e-")));
}

TEST(Verification, IsOfWhatRunsAndComesAnewWithIt) {
    api::Platform platform = test::production();
    platform.spec.verify_after_rollout = true;
    const std::string before = job(test::objects_of(platform), "shop-e2e-").key().name;
    platform.spec.services["order"].replicas.max = 7;  // No pod is another.
    EXPECT_EQ(job(test::objects_of(platform), "shop-e2e-").key().name, before);
    platform.spec.images.registry = "registry.example.org";
    EXPECT_NE(job(test::objects_of(platform), "shop-e2e-").key().name, before);
}

}  // namespace
