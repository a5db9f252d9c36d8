// Credentials are hexadecimal, so they stand in URLs, ACL files and JSON as they are, without escapes.
#include "resources/credentials.h"

#include <nlohmann/json.hpp>

#include "api/names.h"
#include "resources/component.h"
#include "resources/databases.h"
#include "resources/desired.h"
#include "resources/verification.h"

namespace resources {

using kube::Json;

namespace {

// RabbitMQ's "/" would have to be written %2F in URLs, which clients read differently.
constexpr const char* kVirtualHost = "ecommerce";

SecretTemplate postgres_secret(const api::Platform& platform) {
    const Component self = component(platform, api::kPostgres);
    return {name_of(self), self.key, {{std::string(kPasswordFile), "${postgres}"}}, true};
}

// Redis reads its users from this file, so no password is ever an argument. `default` is the operator's own user, for probes and
// for forming the cluster; services may do everything but administer. A user can have several passwords.
SecretTemplate redis_secret(const api::Platform& platform, const Rotation& rotation) {
    const Component self = component(platform, api::kRedis);
    std::string users = "user default on >${redis} ~* &* +@all\n";
    for (const api::Service& service : api::kServices) {
        if (!service.uses_redis) continue;
        users += "user " + std::string(service.key) + " on";
        for (const int generation : rotation.accepted()) users += " >" + credential(service, api::kRedis, generation);
        users += " ~* &* +@all -@admin -@dangerous +info\n";
    }
    return {name_of(self),
            self.key,
            {{std::string(kPasswordFile), "${redis}"}, {std::string(kRedisUsersFile), std::move(users)}},
            false};
}

// A service declares and uses its own queues and the platform's exchanges; nobody else's queues.
Json permission(const api::Service& service, const std::string& user) {
    const std::string own = "^(ecommerce|" + std::string(service.key) + ")$$|^(ecommerce|" + std::string(service.key) + ")\\..*";
    return {{"user", user}, {"vhost", kVirtualHost}, {"configure", own}, {"write", own}, {"read", own}};
}

// Imported by RabbitMQ at each start, so users and passwords are always those of this Secret. The users lie on its volume too,
// and an import removes none: one that shall be refused is left with a hash that no password has.
SecretTemplate rabbitmq_secret(const api::Platform& platform, const Rotation& rotation) {
    const Component self = component(platform, api::kRabbitmq);
    Json definitions{
        {"vhosts", Json::array({{{"name", kVirtualHost}}})}, {"users", Json::array()}, {"permissions", Json::array()}};
    for (const api::Service& service : api::kServices) {
        if (!service.uses_rabbitmq) continue;
        for (const int generation : rotation.accepted()) {
            const std::string user = user_of(service.key, generation);
            definitions["users"].push_back(
                {{"name", user}, {"password", credential(service, api::kRabbitmq, generation)}, {"tags", Json::array()}});
            definitions["permissions"].push_back(permission(service, user));
        }
        if (rotation.retires()) {
            definitions["users"].push_back(
                {{"name", user_of(service.key, rotation.generation - 1)}, {"password_hash", ""}, {"tags", Json::array()}});
        }
    }
    return {name_of(self),
            self.key,
            {{std::string(kErlangCookieFile), "${rabbitmq-erlang-cookie}"},
             {std::string(kRabbitmqDefinitionsFile), definitions.dump(2) + "\n"}},
            true};
}

// Databases are served by roles of their own name: "user" and "order" are words of SQL. The role that owns a database migrates
// it; its Secret is mounted by the Job that does, and by no server.
SecretTemplate database_url(const api::Platform& platform, const api::Service& service, const std::string& role,
                            std::string_view purpose, int generation) {
    return {consumer_secret(platform, service, purpose),
            std::string(service.key),
            {{"url", "postgresql://" + role + ":" + credential(service, purpose, generation) + "@" +
                         host_of(platform, api::kPostgres) + ":" + std::to_string(api::kPostgresPort) + "/" +
                         std::string(service.database)}},
            false};
}

// The statements hold passwords, so they lie in a Secret.
SecretTemplate provisioning_secret(const api::Platform& platform, const Rotation& rotation) {
    const Component self = component(platform, kProvisioning);
    return {name_of(self), self.key, {{std::string(kProvisioningFile), provisioning_statements(rotation)}}, false};
}

// `cluster=true` tells the client to expect MOVED and ASK. The scheme stays the one that every client knows.
SecretTemplate redis_url(const api::Platform& platform, const api::Service& service, int generation) {
    const std::string options = platform.spec.redis.managed.nodes > 1 ? "/?cluster=true" : "/";
    return {consumer_secret(platform, service, api::kRedis),
            std::string(service.key),
            {{"url", "redis://" + std::string(service.key) + ":" + credential(service, api::kRedis, generation) + "@" +
                         host_of(platform, api::kRedis) + ":" + std::to_string(api::kRedisPort) + options}},
            false};
}

SecretTemplate rabbitmq_url(const api::Platform& platform, const api::Service& service, int generation) {
    return {consumer_secret(platform, service, api::kRabbitmq),
            std::string(service.key),
            {{"url", "amqp://" + user_of(service.key, generation) + ":" + credential(service, api::kRabbitmq, generation) + "@" +
                         host_of(platform, api::kRabbitmq) + ":" + std::to_string(api::kAmqpPort) + "/" + kVirtualHost}},
            false};
}

SecretTemplate customer_secret(const api::Platform& platform) {
    const Component self = component(platform, kEndToEnd);
    return {name_of(self), self.key, {{std::string(kCustomerPasswordFile), "${e2e-customer}"}}, false};
}

// All keys are published, and one signs. Tokens outlive their key's turn by minutes, so the one before stays for a while.
SecretTemplate token_keys(const api::Platform& platform, const Rotation& rotation) {
    constexpr std::string_view kPurpose = "token-keys";
    const auto file_of = [](int generation) {
        return generation == 0 ? std::string("ed25519.pem") : "ed25519-" + std::to_string(generation) + ".pem";
    };
    SecretTemplate keys{consumer_secret(platform, api::kUser, kPurpose), std::string(api::kUser.key), {}, false};
    for (const int generation : rotation.accepted()) {
        std::string key = credential(api::kUser, kPurpose, generation);
        key.insert(key.size() - 1, ":ed25519");
        keys.files[file_of(generation)] = std::move(key);
    }
    if (keys.files.size() > 1) keys.files[std::string(kSigningKeyFile)] = file_of(rotation.used());
    return keys;
}

}  // namespace

std::string credential(const api::Service& service, std::string_view purpose, int generation) {
    const std::string since = generation == 0 ? "" : "@" + std::to_string(generation);
    return "${" + std::string(service.key) + "-" + std::string(purpose) + since + "}";
}

std::string consumer_secret(const api::Platform& platform, const api::Service& service, std::string_view purpose) {
    return name_of(component(platform, service.key), purpose);
}

std::vector<SecretTemplate> secrets(const api::Platform& platform, const Rotation& rotation) {
    const api::Spec& spec = platform.spec;
    std::vector<SecretTemplate> templates;
    if (!spec.postgres.external) {
        templates.push_back(postgres_secret(platform));
        templates.push_back(provisioning_secret(platform, rotation));
    }
    if (!spec.redis.external) templates.push_back(redis_secret(platform, rotation));
    if (!spec.rabbitmq.external) templates.push_back(rabbitmq_secret(platform, rotation));
    for (const api::Service& service : api::kServices) {
        if (service.has_database() && !spec.postgres.external) {
            const std::string role(service.database);
            const std::string user = user_of(service.database, rotation.used());
            templates.push_back(database_url(platform, service, user, kServing, rotation.used()));
            // Only Jobs use it, and none runs while it is changed.
            templates.push_back(database_url(platform, service, role + "_owner", kOwning, rotation.generation));
        }
        if (service.uses_redis && !spec.redis.external) templates.push_back(redis_url(platform, service, rotation.used()));
        if (service.uses_rabbitmq && !spec.rabbitmq.external) {
            templates.push_back(rabbitmq_url(platform, service, rotation.used()));
        }
    }
    templates.push_back(token_keys(platform, rotation));
    if (spec.verify_after_rollout) templates.push_back(customer_secret(platform));
    return templates;
}

kube::Object secret_object(const api::Platform& platform, const std::string& name, const std::string& part, bool retained) {
    kube::Object object = unowned_object(component(platform, part), kube::kSecret, name);
    const bool outlives = retained && platform.spec.deletion_policy == api::DeletionPolicy::Retain;
    if (!outlives) set_owner(platform, object);
    object["type"] = "Opaque";
    return object;
}

}  // namespace resources
