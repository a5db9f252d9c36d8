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
// for forming the cluster; services may do everything but administer.
SecretTemplate redis_secret(const api::Platform& platform) {
    const Component self = component(platform, api::kRedis);
    std::string users = "user default on >${redis} ~* &* +@all\n";
    for (const api::Service& service : api::kServices) {
        if (!service.uses_redis) continue;
        users += "user " + std::string(service.key) + " on >" + credential(service, api::kRedis) +
                 " ~* &* +@all -@admin -@dangerous +info\n";
    }
    return {name_of(self),
            self.key,
            {{std::string(kPasswordFile), "${redis}"}, {std::string(kRedisUsersFile), std::move(users)}},
            false};
}

// A service declares and uses its own queues and the platform's exchanges; nobody else's queues.
Json permission(const api::Service& service) {
    const std::string own = "^(ecommerce|" + std::string(service.key) + ")$$|^(ecommerce|" + std::string(service.key) + ")\\..*";
    return {{"user", service.key}, {"vhost", kVirtualHost}, {"configure", own}, {"write", own}, {"read", own}};
}

// Imported by RabbitMQ at each start, so users and passwords are always those of this Secret. The users lie on its volume too.
SecretTemplate rabbitmq_secret(const api::Platform& platform) {
    const Component self = component(platform, api::kRabbitmq);
    Json definitions{
        {"vhosts", Json::array({{{"name", kVirtualHost}}})}, {"users", Json::array()}, {"permissions", Json::array()}};
    for (const api::Service& service : api::kServices) {
        if (!service.uses_rabbitmq) continue;
        definitions["users"].push_back(
            {{"name", service.key}, {"password", credential(service, api::kRabbitmq)}, {"tags", Json::array()}});
        definitions["permissions"].push_back(permission(service));
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
                            std::string_view purpose) {
    return {consumer_secret(platform, service, purpose),
            std::string(service.key),
            {{"url", "postgresql://" + role + ":" + credential(service, purpose) + "@" + host_of(platform, api::kPostgres) + ":" +
                         std::to_string(api::kPostgresPort) + "/" + std::string(service.database)}},
            false};
}

// The statements hold passwords, so they lie in a Secret.
SecretTemplate provisioning_secret(const api::Platform& platform) {
    const Component self = component(platform, kProvisioning);
    return {name_of(self), self.key, {{std::string(kProvisioningFile), provisioning_statements()}}, false};
}

// `cluster=true` tells the client to expect MOVED and ASK. The scheme stays the one that every client knows.
SecretTemplate redis_url(const api::Platform& platform, const api::Service& service) {
    const std::string options = platform.spec.redis.managed.nodes > 1 ? "/?cluster=true" : "/";
    return {consumer_secret(platform, service, api::kRedis),
            std::string(service.key),
            {{"url", "redis://" + std::string(service.key) + ":" + credential(service, api::kRedis) + "@" +
                         host_of(platform, api::kRedis) + ":" + std::to_string(api::kRedisPort) + options}},
            false};
}

SecretTemplate rabbitmq_url(const api::Platform& platform, const api::Service& service) {
    return {consumer_secret(platform, service, api::kRabbitmq),
            std::string(service.key),
            {{"url", "amqp://" + std::string(service.key) + ":" + credential(service, api::kRabbitmq) + "@" +
                         host_of(platform, api::kRabbitmq) + ":" + std::to_string(api::kAmqpPort) + "/" + kVirtualHost}},
            false};
}

SecretTemplate customer_secret(const api::Platform& platform) {
    const Component self = component(platform, kEndToEnd);
    return {name_of(self), self.key, {{std::string(kCustomerPasswordFile), "${e2e-customer}"}}, false};
}

// A folder of keys: rotation adds files to it.
SecretTemplate token_keys(const api::Platform& platform) {
    return {consumer_secret(platform, api::kUser, "token-keys"),
            std::string(api::kUser.key),
            {{"ed25519.pem", "${user-token-keys:ed25519}"}},
            false};
}

}  // namespace

std::string credential(const api::Service& service, std::string_view purpose) {
    return "${" + std::string(service.key) + "-" + std::string(purpose) + "}";
}

std::string consumer_secret(const api::Platform& platform, const api::Service& service, std::string_view purpose) {
    return name_of(component(platform, service.key), purpose);
}

std::vector<SecretTemplate> secrets(const api::Platform& platform) {
    const api::Spec& spec = platform.spec;
    std::vector<SecretTemplate> templates;
    if (!spec.postgres.external) {
        templates.push_back(postgres_secret(platform));
        templates.push_back(provisioning_secret(platform));
    }
    if (!spec.redis.external) templates.push_back(redis_secret(platform));
    if (!spec.rabbitmq.external) templates.push_back(rabbitmq_secret(platform));
    for (const api::Service& service : api::kServices) {
        if (service.has_database() && !spec.postgres.external) {
            const std::string role(service.database);
            templates.push_back(database_url(platform, service, role, kServing));
            templates.push_back(database_url(platform, service, role + "_owner", kOwning));
        }
        if (service.uses_redis && !spec.redis.external) templates.push_back(redis_url(platform, service));
        if (service.uses_rabbitmq && !spec.rabbitmq.external) templates.push_back(rabbitmq_url(platform, service));
    }
    templates.push_back(token_keys(platform));
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
