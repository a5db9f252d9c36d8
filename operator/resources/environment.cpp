#include "resources/environment.h"

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "resources/configuration.h"
#include "resources/credentials.h"
#include "resources/databases.h"

namespace resources {

using kube::Json;

namespace {

std::string file_of(std::string_view folder) {
    return std::string(kSecretsFolder) + "/" + std::string(folder) + "/url";
}

// "catalog" makes "CATALOG_URL".
std::string url_variable(std::string_view service) {
    std::string name(service);
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    return name + "_URL";
}

// "10" percent makes "0.1".
std::string ratio(int percent) {
    char text[16];
    std::snprintf(text, sizeof text, "%g", percent / 100.0);
    return text;
}

void add_tracing(const api::Platform& platform, const api::Service& service, std::vector<Json>& variables) {
    const api::Tracing& tracing = platform.spec.tracing;
    if (tracing.endpoint.empty()) return;
    variables.push_back(env("OTEL_EXPORTER_OTLP_ENDPOINT", tracing.endpoint));
    variables.push_back(env("OTEL_SERVICE_NAME", service.image));
    variables.push_back(env("OTEL_RESOURCE_ATTRIBUTES", "service.namespace=" + platform.key.name + ",service.version=" +
                                                            platform.spec.version + ",k8s.namespace.name=" + platform.key.ns));
    variables.push_back(env("OTEL_TRACES_SAMPLER", "parentbased_traceidratio"));
    variables.push_back(env("OTEL_TRACES_SAMPLER_ARG", ratio(tracing.sampling_percent)));
}

// The file `url` in a folder of its own, from the Secret made for this service or from the one that the user names.
Mount store_url(const api::DataStore& store, const std::string& folder, const std::string& generated,
                const std::string& external_key) {
    if (store.external) return secret_file(folder, store.external->secret_name, external_key, "url");
    return secret_file(folder, generated, "url", "url");
}

}  // namespace

std::vector<Json> environment(const api::Platform& platform, const api::Service& service) {
    std::vector<Json> variables{env("PORT", std::to_string(api::kApiPort)), env("ADMIN_PORT", std::to_string(api::kAdminPort)),
                                env("CONFIG_FILE", std::string(kConfigFolder) + "/" + std::string(kConfigFile))};
    if (service.has_database()) variables.push_back(env("DATABASE_URL_FILE", file_of("database")));
    if (service.uses_redis) variables.push_back(env("REDIS_URL_FILE", file_of("redis")));
    if (service.uses_rabbitmq) variables.push_back(env("AMQP_URL_FILE", file_of("rabbitmq")));
    if (service.key == api::kUser.key) {
        variables.push_back(env("TOKEN_KEYS_DIR", std::string(kSecretsFolder) + "/token-keys"));
    }
    // Only what the network policies let through: who may not call the user service gets no address of its key set either.
    for (const api::Call& call : api::kCalls) {
        if (call.from == service.key) variables.push_back(env(url_variable(call.to), "http://" + host_of(platform, call.to)));
    }
    if (service.key == api::kPayment.key && !platform.spec.payment_provider_url.empty()) {
        variables.push_back(env("PAYMENT_PROVIDER_URL", platform.spec.payment_provider_url));
    }
    add_tracing(platform, service, variables);
    return variables;
}

Mount database_mount(const api::Platform& platform, const api::Service& service, std::string_view purpose) {
    const std::string key(service.key);
    Mount mount = store_url(platform.spec.postgres, "database", consumer_secret(platform, service, purpose), key);
    if (platform.spec.postgres.external && purpose == kOwning) {
        mount.source["secret"]["items"].push_back({{"key", key + "-owner"}, {"path", "owner-url"}});
        mount.source["secret"]["optional"] = true;  // A key of it, that is; without the Secret the platform is Stalled.
    }
    return mount;
}

std::vector<Mount> secret_mounts(const api::Platform& platform, const api::Service& service) {
    const api::Spec& spec = platform.spec;
    std::vector<Mount> mounts;
    if (service.has_database()) mounts.push_back(database_mount(platform, service, kServing));
    if (service.uses_redis) {
        mounts.push_back(store_url(spec.redis, "redis", consumer_secret(platform, service, api::kRedis), "url"));
    }
    if (service.uses_rabbitmq) {
        mounts.push_back(store_url(spec.rabbitmq, "rabbitmq", consumer_secret(platform, service, api::kRabbitmq), "url"));
    }
    if (service.key == api::kUser.key) {
        mounts.push_back(secret_folder("token-keys", consumer_secret(platform, service, "token-keys")));
    }
    return mounts;
}

std::set<std::string> keys_read(const kube::Objects& objects, const std::string& secret) {
    std::set<std::string> keys;
    for (const kube::Object& object : objects) {
        for (const Json& volume : kube::at(object.json, {"spec", "template", "spec", "volumes"})) {
            const Json& source = kube::at(volume, {"secret"});
            if (kube::string_at(source, {"secretName"}) != secret || source.contains("optional")) continue;
            for (const Json& item : kube::at(source, {"items"})) keys.insert(kube::string_at(item, {"key"}));
        }
    }
    return keys;
}

}  // namespace resources
