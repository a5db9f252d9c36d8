#include "resources/flows.h"

#include <algorithm>

#include "resources/component.h"
#include "resources/endpoint.h"

namespace resources {
namespace {

constexpr int kDnsPort = 53;

End part(std::string_view component) {
    return {std::string(component), {}};
}
End outside(const api::Address& address) {
    return {"", address};
}
End in_namespace(const std::string& ns) {
    return {"", {.cidr = "", .ns = ns, .port = 0}};
}

// Several at once, as rows of the table are written.
void allow(std::vector<Flow>& flows, const std::vector<End>& from, const End& to, const std::vector<Port>& ports) {
    for (const End& end : from) flows.push_back({end, to, ports});
}

// The data store's own row, or its address where it is external.
void allow_store(std::vector<Flow>& flows, const std::vector<End>& clients, const api::DataStore& store, std::string_view name,
                 int port) {
    if (!store.external) return allow(flows, clients, part(name), {{port}});
    const api::Address& address = store.external->address;
    allow(flows, clients, outside(address), {{address.port > 0 ? address.port : port}});
}

void allow_entry(std::vector<Flow>& flows, const api::Ingress& ingress) {
    if (ingress.kind == api::Exposure::None) return;
    flows.push_back({in_namespace(ingress.controller_namespace), part(api::kGateway.key), {{api::kApiPort}}});
}

void allow_stores(std::vector<Flow>& flows, const api::Spec& spec) {
    std::vector<End> of_postgres;
    std::vector<End> of_redis;
    std::vector<End> of_rabbitmq;
    for (const api::Service& service : api::kServices) {
        if (service.has_database()) of_postgres.push_back(part(service.key));
        if (service.uses_redis) of_redis.push_back(part(service.key));
        if (service.uses_rabbitmq) of_rabbitmq.push_back(part(service.key));
    }
    of_postgres.push_back(part(kMigration));
    if (!spec.postgres.external) of_postgres.push_back(part(kProvisioning));
    allow_store(flows, of_postgres, spec.postgres, api::kPostgres, api::kPostgresPort);
    allow_store(flows, of_redis, spec.redis, api::kRedis, api::kRedisPort);
    allow_store(flows, of_rabbitmq, spec.rabbitmq, api::kRabbitmq, api::kAmqpPort);
    if (!spec.redis.external && spec.redis.managed.nodes > 1) {
        allow(flows, {part(api::kRedis)}, part(api::kRedis), {{api::kRedisPort}, {api::kRedisBusPort}});
    }
    if (!spec.rabbitmq.external && spec.rabbitmq.managed.nodes > 1) {
        allow(flows, {part(api::kRabbitmq)}, part(api::kRabbitmq), {{api::kErlangMapperPort}, {api::kErlangPort}});
    }
}

// Where a service's pods send their traces and, by an agent beside it, their logs, which may be one place.
std::vector<api::Address> collectors(const api::Platform& platform) {
    std::vector<api::Address> found;
    const auto add = [&](const std::string& url) {
        const api::Address address = address_of_url(url, platform.key.ns);
        if (std::ranges::find(found, address) == found.end()) found.push_back(address);
    };
    if (!platform.spec.tracing.endpoint.empty()) add(platform.spec.tracing.endpoint);
    if (platform.spec.logging.agent == api::LogAgent::Sidecar) add(platform.spec.logging.endpoint);
    return found;
}

void allow_observation(std::vector<Flow>& flows, const api::Platform& platform) {
    if (!platform.spec.operator_namespace.empty()) {
        flows.push_back({in_namespace(platform.spec.operator_namespace), part(api::kGateway.key), {{api::kAdminPort}}});
    }
    if (platform.spec.prometheus) {
        for (const std::string& ns : {platform.spec.operator_namespace, platform.spec.prometheus_namespace}) {
            if (!ns.empty()) flows.push_back({in_namespace(ns), part(api::kPrometheus), {{api::kPrometheusPort}}});
        }
    }
    for (const api::Service& service : api::kServices) {
        if (platform.spec.prometheus) flows.push_back({part(api::kPrometheus), part(service.key), {{api::kAdminPort}}});
        if (!platform.spec.prometheus_namespace.empty()) {
            flows.push_back({in_namespace(platform.spec.prometheus_namespace), part(service.key), {{api::kAdminPort}}});
        }
        for (const api::Address& collector : collectors(platform)) {
            flows.push_back({part(service.key), outside(collector), {{collector.port}}});
        }
    }
}

std::vector<std::string> split(const std::string& text, char separator) {
    std::vector<std::string> parts(1);
    for (const char c : text) {
        if (c == separator) {
            parts.emplace_back();
        } else {
            parts.back() += c;
        }
    }
    return parts;
}

bool is_ipv4(const std::string& host) {
    return std::count(host.begin(), host.end(), '.') == 3 && host.find_first_not_of("0123456789.") == std::string::npos;
}

}  // namespace

api::Address address_of_url(const std::string& url, const std::string& own_namespace) {
    const Endpoint endpoint = endpoint_of(url);
    const std::string& host = endpoint.host;
    api::Address address;
    address.port = endpoint.port;
    if (is_ipv4(host)) {
        address.cidr = host + "/32";
        return address;
    }
    const std::vector<std::string> labels = split(host, '.');
    if (labels.size() == 1) address.ns = own_namespace;
    if (labels.size() == 2 || (labels.size() > 2 && labels[2] == "svc")) address.ns = labels[1];
    return address;
}

std::vector<std::string> components_with_pods(const api::Platform& platform) {
    std::vector<std::string> components;
    components.reserve(api::kServices.size());
    for (const api::Service& service : api::kServices) components.emplace_back(service.key);
    for (const api::NamedStore& each : api::managed_stores(platform.spec)) components.emplace_back(each.name);
    components.emplace_back(kMigration);
    if (!platform.spec.postgres.external) components.emplace_back(kProvisioning);
    components.emplace_back(kEndToEnd);
    return components;
}

std::vector<Flow> flows(const api::Platform& platform) {
    const api::Spec& spec = platform.spec;
    std::vector<Flow> flows;
    allow_entry(flows, spec.ingress);
    for (const api::Call& call : api::kCalls) flows.push_back({part(call.from), part(call.to), {{api::kApiPort}}});
    flows.push_back({part(kEndToEnd), part(api::kGateway.key), {{api::kApiPort}}});
    allow_stores(flows, spec);
    allow_observation(flows, platform);
    for (const api::Egress& egress : spec.egress) {
        flows.push_back({part(egress.component), outside(egress.to), {{egress.to.port}}});
    }
    for (const std::string& component : components_with_pods(platform)) {
        flows.push_back({part(component), in_namespace("kube-system"), {{kDnsPort, "UDP"}, {kDnsPort, "TCP"}}});
    }
    return flows;
}

}  // namespace resources
