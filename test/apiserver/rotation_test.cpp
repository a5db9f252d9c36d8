// Credentials that give way to new ones, step by step.
#include <gmock/gmock.h>
#include <signal.h>

#include <map>
#include <set>
#include <thread>

#include "client/base64.h"
#include "cluster.h"
#include "common/base/clock.h"

namespace apiserver {
namespace {

using std::chrono_literals::operator""h;
using testing::HasSubstr;

class CredentialRotation : public OperatorTest {
protected:
    void start_shop(const Json& credentials) {
        start_operator();
        apply(sample("development", {{"spec", {{"quality", {{"security", {{"credentials", credentials}}}}}}}}));
        ASSERT_TRUE(ready());
        ASSERT_TRUE(settled());
    }

    std::string value(const std::string& secret, const std::string& key) const {
        return client::base64_decode(get("secret", secret)["data"].value(key, "")).value_or("");
    }
    Json said() const { return get("ecp", "shop")["status"].value("credentials", Json::object()); }
    bool is_at(int generation, const std::string& step) const {
        return said().value("generation", -1) == generation && said().value("step", "") == step;
    }
    // As if they had come to be so.
    void write_age(const Json& age) const {
        for (const char* secret : {"shop-root-key", "shop-root-key-copy"}) {
            const std::string annotation = "ecommerceplatform.io/credentials=" + age.dump();
            ASSERT_EQ(kubectl({"annotate", "secret", secret, "--overwrite", annotation}).status, 0);
        }
    }
    void ask(const std::string& word) const {
        ASSERT_EQ(kubectl({"annotate", "ecp", "shop", "--overwrite", "ecommerceplatform.io/rotate=" + word}).status, 0);
    }
};

TEST_F(CredentialRotation, IsDoneOnceForEachNewWordOfTheAnnotation) {
    ASSERT_NO_FATAL_FAILURE(start_shop({{"overlap", "0s"}}));
    EXPECT_TRUE(is_at(0, "Settled")) << said();
    const std::set<std::string> urls{"shop-catalog-database", "shop-catalog-redis", "shop-catalog-rabbitmq",
                                     "shop-order-database-owner"};
    std::map<std::string, std::string> before;
    for (const std::string& secret : urls) before[secret] = value(secret, "url");
    const std::string own = value("shop-postgres", "password");

    ask("now");
    // Whatever the operator is in the middle of.
    ASSERT_TRUE(eventually([&] { return said().value("generation", 0) == 1; }));
    stop_operator(SIGKILL);
    start_operator();
    ASSERT_TRUE(eventually([&] { return is_at(1, "Settled"); }, 120s)) << said();
    ASSERT_TRUE(settled());
    for (const std::string& secret : urls) EXPECT_NE(value(secret, "url"), before[secret]) << secret;
    EXPECT_THAT(value("shop-catalog-database", "url"), HasSubstr("//catalog_2:"));
    EXPECT_EQ(value("shop-postgres", "password"), own);
    const Json keys = get("secret", "shop-user-token-keys")["data"];
    EXPECT_EQ(keys.size(), 1U) << "the old key is gone";
    EXPECT_TRUE(keys.contains("ed25519-1.pem"));
    EXPECT_TRUE(eventually([&] {
        const std::string events = kubectl({"events", "--for", "ecp/shop"}).output;
        return events.find("accept new credentials beside") < events.find("use the new credentials") &&
               events.find("use the new credentials") < events.find("accepted no more") &&
               events.find("accepted no more") != std::string::npos;
    })) << kubectl({"events", "--for", "ecp/shop"}).output;

    ask("once more");
    ASSERT_TRUE(eventually([&] { return is_at(2, "Settled"); }, 120s)) << said();
    EXPECT_THAT(value("shop-catalog-database", "url"), HasSubstr("//catalog:"));
    EXPECT_NE(value("shop-catalog-database", "url"), before["shop-catalog-database"]);
}

TEST_F(CredentialRotation, IsDoneBeforeTheyGetTooOld) {
    ASSERT_NO_FATAL_FAILURE(start_shop({{"maxAge", "24h"}, {"overlap", "0s"}}));
    const auto expect = [&](const char* status) {
        EXPECT_TRUE(eventually([&] { return promise("CredentialAge").value("status", "") == status; }, 10s))
            << promise("CredentialAge");
    };
    expect("True");
    EXPECT_TRUE(is_at(0, "Settled"));
    patch_platform({{"spec", {{"suspend", true}}}});
    ASSERT_TRUE(eventually([&] { return condition(get("ecp", "shop"), "Reconciling", "reason") == "Suspended"; }));
    const char* const old = "2026-01-02T03:04:05Z";
    ASSERT_NO_FATAL_FAILURE(write_age({{"generation", 0}, {"step", "Settled"}, {"made", old}, {"stepped", old}}));
    expect("False");
    EXPECT_EQ(promise("CredentialAge")["cure"], "Set spec.suspend to false.");
    EXPECT_EQ(condition(get("ecp", "shop"), "Secure"), "False");
    EXPECT_TRUE(is_at(0, "Settled")) << "nothing is written while it is suspended";
    patch_platform({{"spec", {{"suspend", false}}}});
    ASSERT_TRUE(eventually([&] { return is_at(1, "Settled"); }, 120s)) << said();
    expect("True");
}

// Whatever step comes next, and when.
TEST_F(CredentialRotation, ThatLeavesThemTooOldIsToldAtThatMoment) {
    ASSERT_NO_FATAL_FAILURE(start_shop({{"maxAge", "24h"}, {"overlap", "1h"}}));
    ask("now");
    ASSERT_TRUE(eventually([&] { return is_at(1, "Used"); }, 120s)) << said();
    ASSERT_TRUE(settled());
    EXPECT_TRUE(says("CredentialAge", "True")) << promise("CredentialAge");
    const base::WallTime now = base::SystemClock().wall();
    const base::WallTime deadline = now + 10s;
    // Of two Secrets that differ the operator believes the one whose credentials are older.
    const base::WallTime made = base::wall_time_from(said()["made"]) - 1s;
    ASSERT_NO_FATAL_FAILURE(write_age({{"generation", 1},
                                       {"step", "Used"},
                                       {"made", base::rfc3339(made)},
                                       {"before", base::rfc3339(deadline - 24h)},
                                       {"stepped", base::rfc3339(now)}}));
    std::this_thread::sleep_until(deadline - 2s);
    EXPECT_EQ(promise("CredentialAge").value("status", ""), "True");
    EXPECT_TRUE(eventually([&] { return promise("CredentialAge").value("status", "") == "False"; }, 12s))
        << promise("CredentialAge");
    patch_platform({{"spec", {{"quality", {{"security", {{"credentials", {{"overlap", "0s"}}}}}}}}}});
    EXPECT_TRUE(says("CredentialAge", "True")) << promise("CredentialAge");
}

TEST_F(CredentialRotation, BeginsWithTheRootKeyThatSomeoneBrings) {
    const auto bring = [&](const std::string& key) {
        const Json secret{
            {"apiVersion", "v1"}, {"kind", "Secret"}, {"metadata", {{"name", "shop-root-key"}}}, {"stringData", {{"key", key}}}};
        const support::Finished done = kubectl({"apply", "-f", "-"}, secret.dump());
        ASSERT_EQ(done.status, 0) << done.output;
    };
    bring("geheim");
    start_operator();
    apply(sample("development"));
    ASSERT_TRUE(eventually([&] { return condition(get("ecp", "shop"), "Stalled", "reason") == "InvalidRootKey"; }));
    EXPECT_EQ(condition(get("ecp", "shop"), "Stalled", "message"),
              "data.key of Secret shop-root-key must be 64 hexadecimal digits, 0 to 9 and a to f");
    EXPECT_FALSE(find("secret", "shop-postgres"));
    bring(std::string(63, '0') + "1");
    ASSERT_TRUE(ready());
    // As in RootKey.DerivesByHkdfSha256.
    EXPECT_EQ(value("shop-postgres", "password"), "bbe309e2bb5517b8bc3d6339ef46edd60a595a38644e619ff8f01112934cb1d6");
    EXPECT_EQ(value("shop-root-key-copy", "key"), std::string(63, '0') + "1");
}

TEST_F(CredentialRotation, WaitsForTheRootKeyThatSomeoneIsToBring) {
    start_operator();
    apply(sample("development", {{"spec", {{"quality", {{"security", {{"credentials", {{"source", "Existing"}}}}}}}}}}));
    ASSERT_TRUE(eventually([&] { return condition(get("ecp", "shop"), "Stalled", "reason") == "RootKeyMissing"; }));
    EXPECT_THAT(condition(get("ecp", "shop"), "Stalled", "message"), HasSubstr("Secret shop-root-key does not exist"));
    EXPECT_FALSE(find("secret", "shop-root-key"));
    const Json secret{{"apiVersion", "v1"},
                      {"kind", "Secret"},
                      {"metadata", {{"name", "shop-root-key"}}},
                      {"stringData", {{"key", std::string(63, '0') + "1"}}}};
    const support::Finished done = kubectl({"apply", "-f", "-"}, secret.dump());
    ASSERT_EQ(done.status, 0) << done.output;
    ASSERT_TRUE(ready());
    EXPECT_EQ(value("shop-postgres", "password"), "bbe309e2bb5517b8bc3d6339ef46edd60a595a38644e619ff8f01112934cb1d6");
}

// No other key opens the data stores.
TEST_F(CredentialRotation, NeverBeginsWithANewRootKeyWhereOneIsLost) {
    start_operator();
    apply(sample("development", {{"spec", {{"deletionPolicy", "Retain"}}}}));
    ASSERT_TRUE(ready());
    ASSERT_TRUE(settled());
    const std::string key = value("shop-root-key", "key");
    const std::string password = value("shop-postgres", "password");
    const auto lose = [&] {
        stop_operator(SIGTERM);  // It would bring the first back before the second is gone.
        ASSERT_EQ(kubectl({"delete", "secrets", "--all"}).status, 0);
        start_operator();
    };
    const auto waits = [&] {
        return eventually([&] { return condition(get("ecp", "shop"), "Stalled", "reason") == "RootKeyMissing"; });
    };
    const auto restore = [&] {
        const support::Finished done = kubectl({"create", "secret", "generic", "shop-root-key", "--from-literal=key=" + key});
        ASSERT_EQ(done.status, 0) << done.output;
        ASSERT_TRUE(ready());
        EXPECT_EQ(value("shop-postgres", "password"), password);
    };
    ASSERT_NO_FATAL_FAILURE(lose());
    ASSERT_TRUE(waits());
    EXPECT_TRUE(is_at(0, "Settled")) << said();
    ASSERT_NO_FATAL_FAILURE(lose());
    std::this_thread::sleep_for(3s);
    EXPECT_FALSE(find("secret", "shop-root-key"));
    ASSERT_NO_FATAL_FAILURE(restore());
    EXPECT_EQ(condition(get("ecp", "shop"), "Stalled"), "False");

    // One of its name takes the volumes over, and finds no status that tells of a key.
    ASSERT_EQ(kubectl({"delete", "ecp", "shop"}).status, 0);
    ASSERT_NO_FATAL_FAILURE(lose());
    std::this_thread::sleep_for(1s);
    apply(sample("development", {{"spec", {{"deletionPolicy", "Retain"}}}}));
    ASSERT_TRUE(waits());

    const std::string message = condition(get("ecp", "shop"), "Stalled", "message");
    EXPECT_THAT(message, HasSubstr("Secrets shop-root-key and shop-root-key-copy hold no root key any more"));
    const std::string what_it_leaves = "statefulsets,persistentvolumeclaims,secrets";
    const std::string label = "ecommerceplatform.io/platform=shop";
    EXPECT_THAT(message, HasSubstr("kubectl delete ecp shop -n " + ns_ + " && kubectl delete " + what_it_leaves + " -n " + ns_ +
                                   " -l " + label));
    ASSERT_EQ(kubectl({"delete", "ecp", "shop"}).status, 0);
    ASSERT_EQ(kubectl({"delete", what_it_leaves, "-l", label}).status, 0);
    apply(sample("development"));
    ASSERT_TRUE(ready());
    EXPECT_NE(value("shop-root-key", "key"), key);
}

TEST_F(CredentialRotation, WaitsUntilEveryPodRunsAsDeclared) {
    ASSERT_NO_FATAL_FAILURE(start_shop({{"overlap", "0s"}}));
    // The Jobs that migrate to such a version fail here.
    patch_platform({{"spec", {{"version", "9.9.9-fails"}}}});
    ASSERT_TRUE(eventually([&] { return condition(get("ecp", "shop"), "Reconciling") == "True"; }));
    ask("now");
    std::this_thread::sleep_for(3s);
    EXPECT_TRUE(is_at(0, "Settled")) << said();
    patch_platform({{"spec", {{"version", nullptr}}}});
    EXPECT_TRUE(eventually([&] { return is_at(1, "Settled"); }, 120s)) << said();
}

}  // namespace
}  // namespace apiserver
