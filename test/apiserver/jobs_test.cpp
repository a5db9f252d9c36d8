// Databases are made and migrated by Jobs before a service rolls out.
#include "cluster.h"

namespace apiserver {
namespace {

class Jobs : public OperatorTest {
protected:
    std::string image(const std::string& deployment) const {
        return get("deployment", deployment)["spec"]["template"]["spec"]["containers"][0]["image"];
    }
    Json job(const std::string& prefix) const {
        for (const std::string& name : children("jobs")) {
            if (name.find("/" + prefix) != std::string::npos) return get("job", name.substr(name.find('/') + 1));
        }
        return nullptr;
    }
};

TEST_F(Jobs, GoBeforeTheServicesThatNeedThem) {
    start_operator();
    apply(sample("development"));
    ASSERT_TRUE(ready());
    const std::string provisioned = job("shop-provisioning-")["status"]["completionTime"];
    for (const std::string service : {"user", "catalog", "inventory", "order", "payment"}) {
        const Json migration = job("shop-migration-" + service);
        EXPECT_LE(provisioned, migration["metadata"]["creationTimestamp"].get<std::string>()) << service;
        EXPECT_LE(migration["status"]["completionTime"].get<std::string>(),
                  get("deployment", "shop-" + service)["metadata"]["creationTimestamp"].get<std::string>());
    }
}

TEST_F(Jobs, ThatFailStopARolloutAndWhatRanGoesOn) {
    start_operator();
    apply(sample("development"));
    ASSERT_TRUE(ready());
    const std::string before = image("shop-catalog");
    const std::string migrated = job("shop-migration-catalog")["metadata"]["name"];
    patch_platform({{"spec", {{"version", "1.0.1-fails"}}}});
    // The Job tries four times, with 10, 20 and 40 s in between.
    const auto says = [&](const char* words) {
        return condition(get("ecp", "shop"), "Stalled", "message").find(words) != std::string::npos;
    };
    ASSERT_TRUE(eventually([&] { return says("catalog: Job shop-migration-catalog-"); }, 150s));
    EXPECT_TRUE(says("0002_simulated.sql: this migration fails here"));
    EXPECT_EQ(condition(get("ecp", "shop"), "Stalled", "reason"), "JobFailed");
    EXPECT_EQ(condition(get("ecp", "shop"), "Ready"), "False");
    EXPECT_EQ(condition(get("ecp", "shop"), "Maintainable", "reason"), "OneVersion");
    EXPECT_EQ(image("shop-catalog"), before);
    EXPECT_EQ(get("deployment", "shop-catalog")["status"]["availableReplicas"], 1);

    ASSERT_EQ(kubectl({"delete", "deployment", "shop-catalog"}).status, 0);
    EXPECT_TRUE(eventually(
        [&] {
            const auto again = find("deployment", "shop-catalog");
            return again && (*again)["status"].value("availableReplicas", 0) == 1;
        },
        30s));
    EXPECT_EQ(image("shop-catalog"), before);

    patch_platform({{"spec", {{"version", nullptr}}}});
    EXPECT_TRUE(ready());
    EXPECT_EQ(condition(get("ecp", "shop"), "Stalled"), "False");
    EXPECT_TRUE(eventually([&] { return condition(get("ecp", "shop"), "Maintainable") == "True"; }));
    EXPECT_EQ(job("shop-migration-catalog")["metadata"]["name"], migrated);
}

TEST_F(Jobs, VerifyARolloutOnceItIsThrough) {
    start_operator();
    apply(sample("development", {{"spec", {{"quality", {{"maintainability", {{"verifyAfterRollout", "Enabled"}}}}}}}}));
    ASSERT_TRUE(ready());
    const auto maintainable = [&](const char* status) {
        return eventually([&] { return condition(get("ecp", "shop"), "Maintainable") == status; }, 150s);
    };
    ASSERT_TRUE(maintainable("True"));
    const Json first = job("shop-e2e-");
    for (const std::string service : {"user", "catalog", "inventory", "order", "payment", "gateway"}) {
        EXPECT_LE(get("deployment", "shop-" + service)["metadata"]["creationTimestamp"].get<std::string>(),
                  first["metadata"]["creationTimestamp"].get<std::string>());
    }
    patch_platform({{"spec", {{"version", "1.0.1-is-wrong"}}}});
    ASSERT_TRUE(maintainable("False"));  // Tried four times, with 10, 20 and 40 s in between.
    EXPECT_EQ(condition(get("ecp", "shop"), "Maintainable", "reason"), "Verified");
    EXPECT_NE(condition(get("ecp", "shop"), "Maintainable", "message").find("GET /api/v1/products: status 500"),
              std::string::npos);
    EXPECT_EQ(condition(get("ecp", "shop"), "Ready"), "True");
    EXPECT_NE(job("shop-e2e-")["metadata"]["name"], first["metadata"]["name"]);
    patch_platform({{"spec", {{"version", nullptr}}}});
    EXPECT_TRUE(maintainable("True"));
}

}  // namespace
}  // namespace apiserver
