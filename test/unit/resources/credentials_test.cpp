#include <gmock/gmock.h>

#include <regex>

#include "platforms.h"

namespace {

using kube::Json;
using ::testing::Contains;
using ::testing::HasSubstr;

using resources::Rotation;
using Step = Rotation::Step;

resources::SecretTemplate secret(const api::Platform& platform, const std::string& name, const Rotation& rotation = {}) {
    for (resources::SecretTemplate& each : resources::secrets(platform, rotation)) {
        if (each.name == name) return each;
    }
    ADD_FAILURE() << "no Secret " << name;
    return {};
}

// Secret and key, for each file that a pod of the platform mounts; an empty key where it mounts all.
std::set<std::pair<std::string, std::string>> mounted(const kube::Object& workload) {
    std::set<std::pair<std::string, std::string>> keys;
    const Json pod = test::pod_of(workload);
    for (const Json& volume : pod["volumes"]) {
        if (!volume.contains("secret")) continue;
        EXPECT_EQ(volume["secret"]["defaultMode"], 0440);
        if (!volume["secret"].contains("items")) keys.emplace(volume["secret"]["secretName"], "");
        for (const Json& item : volume["secret"].value("items", Json::array())) {
            keys.emplace(volume["secret"]["secretName"], item["key"]);
        }
    }
    return keys;
}

TEST(Credentials, EverySecretThatAPodMountsIsMadeAndEverySecretMadeIsMounted) {
    const api::Platform platform = test::production();
    std::set<std::string> made;
    for (const resources::SecretTemplate& each : resources::secrets(platform, {})) made.insert(each.name);
    std::set<std::string> used;
    const kube::Objects objects = test::objects_of(platform);
    kube::Objects mounting = test::workloads(objects);
    for (kube::Object& job : test::of_kind(objects, kube::kJob)) mounting.push_back(job);
    for (const kube::Object& workload : mounting) {
        for (const auto& [name, key] : mounted(workload)) {
            used.insert(name);
            if (!key.empty()) {
                EXPECT_TRUE(secret(platform, name).files.contains(key)) << name << " " << key;
            }
        }
    }
    EXPECT_EQ(made, used);
}

TEST(Credentials, NoTwoWorkloadsShareASecret) {
    std::set<std::string> seen;
    for (const kube::Object& workload : test::workloads(test::objects_of(test::production()))) {
        for (const auto& [name, key] : mounted(workload)) EXPECT_TRUE(seen.insert(name).second) << name;
    }
}

TEST(Credentials, OfAnExternalStoresSecretAServiceSeesItsOwnKeyAlone) {
    const api::Platform platform = test::with_external_stores();
    for (const kube::Object& workload : test::workloads(test::objects_of(platform))) {
        const std::string service = workload.json["metadata"]["labels"]["app.kubernetes.io/component"];
        for (const auto& [name, key] : mounted(workload)) {
            if (name == "my-postgres") {
                EXPECT_EQ(key, service);
            }
            if (name == "my-redis" || name == "my-rabbitmq") {
                EXPECT_EQ(key, "url");
            }
        }
    }
    const kube::Objects objects = test::objects_of(platform);
    EXPECT_THAT(mounted(test::of_kind(objects, kube::kDeployment)[0]),
                Contains(std::pair<std::string, std::string>{"my-postgres", "user"}));
}

TEST(Credentials, UrlsLeadToServicesThatExist) {
    const api::Platform platform = test::production();
    const kube::Objects objects = test::objects_of(platform);
    for (const resources::SecretTemplate& each : resources::secrets(platform, {})) {
        const auto url = each.files.find("url");
        if (url == each.files.end()) continue;
        std::smatch match;
        ASSERT_TRUE(std::regex_match(url->second, match,
                                     std::regex(R"([a-z]+://([a-z_]+):\$\{([a-z-]+)\}@([a-z-]+)\.shop\.svc:(\d+)/.*)")))
            << url->second;
        const Json service = test::find(objects, kube::kService, match[3]);
        ASSERT_FALSE(service.is_null()) << url->second;
        EXPECT_EQ(std::to_string(service["spec"]["ports"][0]["port"].get<int>()), match[4]);
    }
}

TEST(Credentials, AServicesUserIsKnownToTheStoreByTheSameCredential) {
    const api::Platform platform = test::production();
    EXPECT_THAT(secret(platform, "shop-redis").files.at("users.acl"), HasSubstr("user catalog on >${catalog-redis} "));
    EXPECT_THAT(secret(platform, "shop-catalog-redis").files.at("url"), HasSubstr("redis://catalog:${catalog-redis}@"));
    const Json definitions = Json::parse(secret(platform, "shop-rabbitmq").files.at("definitions.json"));
    EXPECT_EQ(definitions["users"][0]["name"], "catalog");
    EXPECT_EQ(definitions["users"][0]["password"], "${catalog-rabbitmq}");
    EXPECT_THAT(secret(platform, "shop-catalog-rabbitmq").files.at("url"), HasSubstr("amqp://catalog:${catalog-rabbitmq}@"));
}

TEST(Rotation, GoesOnFromStepToStepWithWhatIsUsedAlwaysAccepted) {
    std::set<int> accepted_before{0};
    for (const Rotation& rotation : {Rotation{0, Step::Settled}, Rotation{1, Step::Offered}, Rotation{1, Step::Used},
                                     Rotation{1, Step::Settled}, Rotation{2, Step::Offered}}) {
        const std::vector<int> list = rotation.accepted();
        const std::set<int> accepted(list.begin(), list.end());
        EXPECT_TRUE(accepted.contains(rotation.used()));
        EXPECT_TRUE(accepted_before.contains(rotation.used())) << "while the stores have not yet followed";
        accepted_before = accepted;
    }
}

TEST(Rotation, OffersNewCredentialsBesideTheOld) {
    const api::Platform platform = test::production();
    const Rotation offered{1, Step::Offered};
    EXPECT_THAT(secret(platform, "shop-redis", offered).files.at("users.acl"),
                HasSubstr("user catalog on >${catalog-redis} >${catalog-redis@1} "));
    const Json definitions = Json::parse(secret(platform, "shop-rabbitmq", offered).files.at("definitions.json"));
    EXPECT_EQ(definitions["users"][0]["name"], "catalog");
    EXPECT_EQ(definitions["users"][1]["name"], "catalog_2");
    EXPECT_EQ(definitions["users"][1]["password"], "${catalog-rabbitmq@1}");
    EXPECT_EQ(definitions["permissions"][0]["write"], definitions["permissions"][1]["write"]);
    const std::string statements = secret(platform, "shop-provisioning", offered).files.at("provision.sql");
    EXPECT_THAT(statements, HasSubstr("ALTER ROLE catalog LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS "
                                      "PASSWORD '${catalog-database}';"));
    EXPECT_THAT(statements, HasSubstr("GRANT catalog TO catalog_2;"));
    EXPECT_THAT(statements, HasSubstr("PASSWORD '${catalog-database@1}';"));
    EXPECT_THAT(secret(platform, "shop-catalog-database", offered).files.at("url"), HasSubstr("//catalog:${catalog-database}@"));
    const auto keys = secret(platform, "shop-user-token-keys", offered).files;
    EXPECT_EQ(keys.at("ed25519-1.pem"), "${user-token-keys@1:ed25519}");
    EXPECT_EQ(keys.at("signing-key"), "ed25519.pem");
}

TEST(Rotation, ThenUsesThem) {
    const api::Platform platform = test::production();
    const Rotation used{1, Step::Used};
    EXPECT_EQ(secret(platform, "shop-redis", used).files, secret(platform, "shop-redis", {1, Step::Offered}).files);
    EXPECT_THAT(secret(platform, "shop-catalog-database", used).files.at("url"), HasSubstr("//catalog_2:${catalog-database@1}@"));
    EXPECT_THAT(secret(platform, "shop-catalog-rabbitmq", used).files.at("url"), HasSubstr("//catalog_2:${catalog-rabbitmq@1}@"));
    EXPECT_THAT(secret(platform, "shop-catalog-redis", used).files.at("url"), HasSubstr("//catalog:${catalog-redis@1}@"));
    EXPECT_EQ(secret(platform, "shop-user-token-keys", used).files.at("signing-key"), "ed25519-1.pem");
}

TEST(Rotation, ThenRefusesTheOld) {
    const api::Platform platform = test::production();
    const Rotation settled{1, Step::Settled};
    EXPECT_THAT(secret(platform, "shop-redis", settled).files.at("users.acl"),
                HasSubstr("user catalog on >${catalog-redis@1} ~"));
    const Json definitions = Json::parse(secret(platform, "shop-rabbitmq", settled).files.at("definitions.json"));
    EXPECT_EQ(definitions["users"][0]["name"], "catalog_2");
    EXPECT_EQ(definitions["users"][1], (Json{{"name", "catalog"}, {"password_hash", ""}, {"tags", Json::array()}}));
    const std::string statements = secret(platform, "shop-provisioning", settled).files.at("provision.sql");
    EXPECT_THAT(statements, HasSubstr("ALTER ROLE catalog NOLOGIN PASSWORD NULL;"));
    EXPECT_THAT(statements, testing::Not(HasSubstr("${catalog-database}")));
    EXPECT_EQ(secret(platform, "shop-user-token-keys", settled).files,
              (std::map<std::string, std::string>{{"ed25519-1.pem", "${user-token-keys@1:ed25519}"}}));
    const std::string next = secret(platform, "shop-provisioning", {2, Step::Offered}).files.at("provision.sql");
    EXPECT_THAT(next, HasSubstr("PASSWORD '${catalog-database@2}';"));
    EXPECT_THAT(next, testing::Not(HasSubstr("NOLOGIN")));
}

TEST(Credentials, AServiceMayUseItsOwnQueuesAndThePlatformsExchangesAlone) {
    const Json definitions = Json::parse(secret(test::production(), "shop-rabbitmq").files.at("definitions.json"));
    for (const Json& permission : definitions["permissions"]) {
        if (permission["user"] != "order") continue;
        for (const char* what : {"configure", "write", "read"}) {
            // In a template, "$$" is a dollar.
            const std::string text = std::regex_replace(permission[what].get<std::string>(), std::regex(R"(\$\$)"), "$$");
            const std::regex allowed(text);
            for (const char* name : {"ecommerce.events", "order.payment-captured", "order.payment-captured.dead"}) {
                EXPECT_TRUE(std::regex_search(name, allowed)) << text << " " << name;
            }
            for (const char* name : {"payment.order-placed", "orders.x", "amq.direct", "xecommerce.events", "ecommercex"}) {
                EXPECT_FALSE(std::regex_search(name, allowed)) << text << " " << name;
            }
        }
    }
}

TEST(Credentials, ARedisClusterIsToldToItsClients) {
    EXPECT_THAT(secret(test::production(), "shop-user-redis").files.at("url"), HasSubstr("?cluster=true"));
    EXPECT_EQ(secret(test::development(), "shop-user-redis").files.at("url").find("cluster"), std::string::npos);
}

TEST(Credentials, WhatOpensARetainedVolumeOutlivesThePlatform) {
    api::Platform platform = test::production();
    const auto owned = [&](bool retained) {
        return resources::secret_object(platform, "shop-postgres", "postgres", retained)
            .json["metadata"]
            .contains("ownerReferences");
    };
    EXPECT_FALSE(owned(true));
    EXPECT_TRUE(owned(false));
    platform.spec.deletion_policy = api::DeletionPolicy::Delete;
    EXPECT_TRUE(owned(true));
    EXPECT_TRUE(secret(platform, "shop-postgres").retained);
    EXPECT_TRUE(secret(platform, "shop-rabbitmq").retained);
}

}  // namespace
