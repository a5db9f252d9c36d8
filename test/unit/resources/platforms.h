// Platforms to build objects from: production as its profile makes it, and the ways in which others differ.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "api/names.h"
#include "api/platform.h"
#include "resources/desired.h"

namespace test {

using kube::Json;

inline api::Platform production() {
    api::Platform platform;
    platform.key = {"shop", "shop"};
    platform.uid = "0d0f64cc-5c3b-4f7c-9d56-2f8b1c7f0a11";
    api::Spec& spec = platform.spec;
    spec.profile = api::Profile::Production;
    spec.version = "1.4.0";
    spec.images.registry = "registry.example.com/shop";
    spec.images.pull_secrets = {"registry"};
    spec.ingress.kind = api::Exposure::HttpRoute;
    spec.ingress.host = "shop.example.com";
    spec.ingress.parent_name = "public";
    spec.ingress.parent_ns = "gateway-system";
    spec.ingress.controller_namespace = "gateway-system";
    spec.configuration = {
        "info", "Json", "30s", 100, {{"advancedSearch", true}, {"recommendations", true}, {"socialLogin", false}}};
    spec.prometheus_namespace = "monitoring";
    spec.tracing = {"http://jaeger.tracing:4318", 10};
    spec.objectives = {"500ms", "0.1"};
    spec.autoscaler = {300, 60};
    for (const api::Service& service : api::kServices) {
        api::ServiceSettings settings;
        settings.replicas = {3, 2, 10};
        settings.cpu_percent = 70;
        settings.memory_percent = 80;
        settings.compute = {{"250m", "256Mi", "1Gi"}, {"500m", "512Mi", "2Gi"}};
        spec.services.emplace(service.key, settings);
    }
    spec.postgres.managed = {1, "100Gi", "fast-ssd", {{"500m", "1Gi", "1Gi"}, {"2", "4Gi", "2Gi"}}, {{"max_connections", "200"}}};
    spec.redis.managed = {3, "50Gi", "fast-ssd", {{"100m", "256Mi", "1Gi"}, {"500m", "512Mi", "2Gi"}}, {}};
    spec.rabbitmq.managed = {3, "10Gi", "fast-ssd", {{"200m", "512Mi", "1Gi"}, {"1", "1Gi", "2Gi"}}, {}};
    return platform;
}

inline api::Platform development() {
    api::Platform platform = production();
    api::Spec& spec = platform.spec;
    spec.profile = api::Profile::Development;
    spec.spread = api::Spread::None;
    spec.priority_classes = false;
    spec.tracing = {};
    for (auto& [key, settings] : spec.services) {
        settings.replicas = {1, 1, 1};
        settings.autoscaling = false;
    }
    spec.redis.managed.nodes = 1;
    spec.rabbitmq.managed.nodes = 1;
    return platform;
}

inline api::Platform with_external_stores() {
    api::Platform platform = production();
    platform.spec.postgres.external = {"my-postgres", {.cidr = "10.20.0.0/24", .ns = "", .port = 5433}};
    platform.spec.redis.external = {"my-redis", {.cidr = "10.20.1.7/32", .ns = "", .port = 6379}};
    platform.spec.rabbitmq.external = {"my-rabbitmq", {.cidr = "", .ns = "messaging", .port = 5672}};
    return platform;
}

inline api::Platform with_prometheus() {
    api::Platform platform = production();
    platform.spec.metrics = api::Metrics::None;
    platform.spec.prometheus =
        api::Prometheus{{1, "100Gi", "fast-ssd", {{"250m", "512Mi", "512Mi"}, {"1", "1Gi", "1Gi"}}, {}}, "15d"};
    return platform;
}

inline resources::Capabilities all_capabilities() {
    resources::Capabilities all;
    for (const kube::Kind& kind : kube::child_kinds()) {
        if (kind.optional) all.insert(kind.resource());
    }
    return all;
}

inline resources::SecretDigests some_digests(const api::Platform& platform) {
    resources::SecretDigests digests;
    for (const resources::SecretTemplate& secret : resources::secrets(platform, {})) digests[secret.name] = "1";
    return digests;
}

inline kube::Objects objects_of(const api::Platform& platform) {
    return resources::desired(platform, some_digests(platform), all_capabilities());
}

inline kube::Objects of_kind(const kube::Objects& objects, const kube::Kind& kind) {
    kube::Objects some;
    for (const kube::Object& object : objects) {
        if (object.kind == kind) some.push_back(object);
    }
    return some;
}

inline std::vector<std::string> names_of(const kube::Objects& objects, const kube::Kind& kind) {
    std::vector<std::string> names;
    for (const kube::Object& object : of_kind(objects, kind)) names.push_back(object.key().name);
    return names;
}

// The JSON of an object; null where there is none.
inline Json find(const kube::Objects& objects, const kube::Kind& kind, const std::string& name) {
    for (const kube::Object& object : objects) {
        if (object.kind == kind && object.key().name == name) return object.json;
    }
    return nullptr;
}

// Deployments and StatefulSets.
inline kube::Objects workloads(const kube::Objects& objects) {
    kube::Objects some = of_kind(objects, kube::kDeployment);
    for (kube::Object& object : of_kind(objects, kube::kStatefulSet)) some.push_back(object);
    return some;
}

inline Json pod_of(const kube::Object& workload) {
    return kube::at(workload.json, {"spec", "template", "spec"});
}
inline Json container_of(const kube::Object& workload) {
    return pod_of(workload)["containers"][0];
}

// Value of a variable; "" where it is missing.
inline std::string variable(const kube::Object& workload, const std::string& name) {
    const Json container = container_of(workload);
    for (const Json& entry : container["env"]) {
        if (entry["name"] == name) return entry.value("value", "");
    }
    return "";
}

}  // namespace test
