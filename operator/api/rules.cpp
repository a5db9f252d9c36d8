#include "api/rules.h"

#include <algorithm>
#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

#include "api/cidr.h"
#include "api/connections.h"
#include "api/names.h"
#include "api/pattern.h"
#include "kube/object.h"
#include "kube/quantity.h"

namespace api {
namespace {

using kube::Json;

bool has(const Json& self, std::string_view field) {
    return !kube::at(self, {field}).is_null();
}

std::string text(const Json& self, std::string_view field) {
    return kube::string_at(self, {field});
}

// first <= second where both are given.
bool ordered(const Json& self, std::string_view first, std::string_view second) {
    const Json& low = kube::at(self, {first});
    const Json& high = kube::at(self, {second});
    return !low.is_number_integer() || !high.is_number_integer() || low <= high;
}

bool only_with(const Json& self, std::string_view kind, std::string_view field) {
    return text(self, "kind") == kind || !has(self, field);
}

// Of a quantity field, which may be a string or an integer.
std::optional<std::int64_t> millis(const Json& value) {
    if (value.is_number_integer()) return kube::quantity_millis(value.dump());
    return value.is_string() ? kube::quantity_millis(value.get_ref<const std::string&>()) : std::nullopt;
}

bool above_zero(const Json& self) {
    return millis(self).value_or(0) > 0;
}

bool request_within_limit(const Json& self, std::string_view resource) {
    const auto request = millis(kube::at(self, {"requests", resource}));
    const auto limit = millis(kube::at(self, {"limits", resource}));
    return !request || !limit || *request <= *limit;
}

bool is_duration(const Json& self, const char* pattern, std::int64_t least, std::int64_t most) {
    const auto& written = self.get_ref<const std::string&>();
    if (!matches(written, pattern)) return false;
    const auto length = kube::duration_millis(written);
    return length && *length >= least && *length <= most;
}

bool can_be_alerted_on(const Json& self) {
    const auto& written = self.get_ref<const std::string&>();
    return !matches(written, "^[0-9]{1,2}([.][0-9]{1,2})?$") || std::stod(written) <= 6.94;
}

bool overlap_fits(const Json& self) {
    constexpr const char* kPattern = "^([0-9]{1,6}(h|m|s))+$";
    const std::string most = text(self, "maxAge");
    const std::string overlap = text(self, "overlap");
    if (!matches(most, kPattern) || !matches(overlap, kPattern)) return true;
    const std::int64_t age = kube::duration_millis(most).value_or(0);
    return age == 0 || 2 * kube::duration_millis(overlap).value_or(0) <= age;
}

bool is_endpoint(const Json& self, const std::string& scheme, const std::string& path = "") {
    const auto& url = self.get_ref<const std::string&>();
    return matches(url, "^" + scheme + "://[a-zA-Z0-9]([a-zA-Z0-9.-]*[a-zA-Z0-9])?:[1-9][0-9]{0,4}" + path + "$") &&
           std::stoi(url.substr(url.rfind(':') + 1)) <= 65535;
}

bool is_name(const Json& self) {
    const std::string name = kube::string_at(self, {"metadata", "name"});
    return name.size() > 253 || matches(name, "^[a-z]([-a-z0-9]*[a-z0-9])?$");
}

// Every key of a map.
template <typename Keeps>
bool all_keys(const Json& self, Keeps keeps) {
    for (const auto& [key, value] : self.items()) {
        if (!keeps(key)) return false;
    }
    return true;
}

bool are_images(const Json& self) {
    constexpr std::array<std::string_view, 11> images{"user-service",    "catalog-service", "inventory-service", "order-service",
                                                      "payment-service", "api-gateway",     "postgres",          "redis",
                                                      "rabbitmq",        "prometheus",      "fluent-bit"};
    return all_keys(self, [&](const std::string& key) { return std::ranges::find(images, key) != images.end(); });
}

constexpr std::int64_t kMostConnections = 262'143;  // PostgreSQL's own limit, MAX_BACKENDS.

bool are_parameters(const Json& self) {
    return all_keys(self, [](const std::string& key) {
        const bool shaped = std::ranges::all_of(
            key, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.'; });
        return shaped && !key.empty() && key.size() <= 63 && ((key[0] >= 'a' && key[0] <= 'z') || key[0] == '_');
    });
}

bool are_free_parameters(const Json& self) {
    constexpr std::array<std::string_view, 8> taken{
        "config_file",      "data_directory", "external_pid_file",      "hba_file", "ident_file",
        "listen_addresses", "port",           "unix_socket_directories"};
    return all_keys(self, [&](const std::string& key) { return std::ranges::find(taken, key) == taken.end(); });
}

bool is_number_of_connections(const Json& self, const char* parameter, std::int64_t least) {
    if (!has(self, parameter)) return true;
    const std::string written = text(self, parameter);
    return matches(written, "^[0-9]{1,6}$") && std::stoll(written) >= least && std::stoll(written) <= kMostConnections;
}

// Of numbers that other rules take.
bool are_connections_left(const Json& self) {
    for (const auto& [parameter, least] :
         {std::pair("max_connections", 1), {"superuser_reserved_connections", 0}, {"reserved_connections", 0}}) {
        if (!is_number_of_connections(self, parameter, least)) return true;
    }
    const auto number = [&](const char* parameter, std::int64_t otherwise) {
        return has(self, parameter) ? std::stoll(text(self, parameter)) : otherwise;
    };
    const std::int64_t reserved =
        number("superuser_reserved_connections", kSuperuserReserved) + number("reserved_connections", 0);
    return !has(self, "max_connections") || number("max_connections", 0) > reserved;
}

bool can_roll(const Json& self) {
    return !(kube::at(self, {"maxUnavailable"}) == 0 && kube::at(self, {"maxSurge"}) == 0);
}

// By the message of the CRD's rule, word for word.
const std::map<std::string_view, Rule>& twins() {
    static const std::map<std::string_view, Rule> rules{
        {"the name of a platform may have at most 32 characters, because the names of its objects are made of "
         "it (shop becomes shop-rabbitmq-headless) and may have at most 63",
         [](const Json& self) { return text(kube::at(self, {"metadata"}), "name").size() <= kMaxPlatformName; }},
        {"the name of a platform must be a DNS label: lower-case letters, digits and hyphens, beginning with a "
         "letter and ending with a letter or digit",
         [](const Json& self) { return is_name(self); }},
        {"each key must be the name of an image: user-service, catalog-service, inventory-service, "
         "order-service, payment-service, api-gateway, postgres, redis, rabbitmq, prometheus or fluent-bit",
         [](const Json& self) { return are_images(self); }},
        {"Ingress and HTTPRoute need the host name under which the platform is reached, such as "
         "shop.example.com",
         [](const Json& self) {
             return !(text(self, "kind") == "Ingress" || text(self, "kind") == "HTTPRoute") || has(self, "host");
         }},
        {"a NodePort answers under the address of every node, so host would have no effect",
         [](const Json& self) { return text(self, "kind") != "NodePort" || !has(self, "host"); }},
        {"className belongs to kind Ingress alone", [](const Json& self) { return only_with(self, "Ingress", "className"); }},
        {"tlsSecretName belongs to kind Ingress alone; with HTTPRoute the Gateway holds the certificate",
         [](const Json& self) { return only_with(self, "Ingress", "tlsSecretName"); }},
        {"HTTPRoute needs the Gateway that it attaches to, as parent with name and namespace",
         [](const Json& self) { return text(self, "kind") != "HTTPRoute" || has(self, "parent"); }},
        {"parent belongs to kind HTTPRoute alone", [](const Json& self) { return only_with(self, "HTTPRoute", "parent"); }},
        {"requests to a NodePort come from no namespace, so controllerNamespace would have no effect",
         [](const Json& self) { return text(self, "kind") != "NodePort" || !has(self, "controllerNamespace"); }},
        {"nodePort belongs to kind NodePort alone", [](const Json& self) { return only_with(self, "NodePort", "nodePort"); }},
        {"must be at most 6.94, because the first alert comes where 14.4 times as many fail, and no more than 100 of a hundred "
         "can",
         can_be_alerted_on},
        {"min must not be above max", [](const Json& self) { return ordered(self, "min", "max"); }},
        {"count must not be below min", [](const Json& self) { return ordered(self, "min", "count"); }},
        {"count must not be above max", [](const Json& self) { return ordered(self, "count", "max"); }},
        {"must be a duration of whole seconds from 0s to 1h, such as 300s or 5m",
         [](const Json& self) { return is_duration(self, "^([0-9]{1,6}(h|m|s))+$", 0, 3'600'000); }},
        {"must be a duration of whole seconds from 1h to 8760h, such as 720h, or 0s",
         [](const Json& self) {
             constexpr const char* kPattern = "^([0-9]{1,6}(h|m|s))+$";
             return is_duration(self, kPattern, 3'600'000, 8760 * std::int64_t{3'600'000}) || is_duration(self, kPattern, 0, 0);
         }},
        {"overlap must not be above half of maxAge, because new credentials come by the overlap earlier, and the old are to be "
         "refused before they are too old",
         overlap_fits},
        {"give either cidr (addresses outside the cluster) or namespace (pods within), and only one of them",
         [](const Json& self) { return has(self, "cidr") != has(self, "namespace"); }},
        {"must be a network in CIDR notation without bits set behind its prefix, such as 203.0.113.0/24 or "
         "203.0.113.7/32",
         [](const Json& self) { return is_network(self.get_ref<const std::string&>()); }},
        {"maxUnavailable and maxSurge must not both be 0, because then no pod could ever be replaced",
         [](const Json& self) { return can_roll(self); }},
        {"maxUnavailable and maxSurge belong to strategy RollingUpdate alone",
         [](const Json& self) {
             return text(self, "strategy") != "Recreate" || !(has(self, "maxUnavailable") || has(self, "maxSurge"));
         }},
        {"must be a duration of whole seconds from 1m to 8760h, such as 15m or 24h",
         [](const Json& self) { return is_duration(self, "^([0-9]{1,6}(h|m|s))+$", 60'000, 8760 * std::int64_t{3'600'000}); }},
        {"must be a duration from 100ms to 5m, such as 30s or 1m30s",
         [](const Json& self) { return is_duration(self, "^([0-9]{1,6}(\\.[0-9]{1,3})?(h|m|s|ms))+$", 100, 300'000); }},
        {"must be a URL with scheme, host and port and nothing more, such as http://jaeger.tracing:4318",
         [](const Json& self) { return is_endpoint(self, "https?"); }},
        {"must be a URL with http, host and port and nothing more, such as http://prometheus-operated.monitoring.svc:9090",
         [](const Json& self) { return is_endpoint(self, "http"); }},
        {"must be a URL with scheme, host and port, and a path where it is not /v1/logs, such as "
         "http://otel-collector.logging:4318 or http://loki.logging:3100/otlp/v1/logs",
         [](const Json& self) { return is_endpoint(self, "https?", "(/[a-zA-Z0-9._~/-]*)?"); }},
        {"an agent needs the endpoint to which it takes the logs",
         [](const Json& self) { return !has(self, "agent") || text(self, "agent") == "None" || has(self, "endpoint"); }},
        {"namespace is where the DaemonSet lives; a sidecar lives in the platform's own",
         [](const Json& self) { return text(self, "agent") != "Sidecar" || !has(self, "namespace"); }},
        {"prometheus belongs to metrics Managed alone",
         [](const Json& self) { return text(self, "metrics") == "Managed" || !has(self, "prometheus"); }},
        {"the request of cpu must not be above its limit", [](const Json& self) { return request_within_limit(self, "cpu"); }},
        {"the request of memory must not be above its limit",
         [](const Json& self) { return request_within_limit(self, "memory"); }},
        {"the request of ephemeral-storage must not be above its limit",
         [](const Json& self) { return request_within_limit(self, "ephemeral-storage"); }},
        {"must be an amount of CPU above 0, such as 500m or 2", above_zero},
        {"must be a number of bytes above 0, such as 512Mi or 2Gi", above_zero},
        {"must be an amount above 0, such as 100 or 500m", above_zero},
        {"give either managed or external, not both",
         [](const Json& self) { return !has(self, "managed") || !has(self, "external"); }},
        {"each key must be the name of a PostgreSQL parameter: lower-case letters, digits, underscores and "
         "dots",
         [](const Json& self) { return are_parameters(self); }},
        {"config_file, data_directory, external_pid_file, hba_file, ident_file, listen_addresses, port and "
         "unix_socket_directories are set by the operator",
         [](const Json& self) { return are_free_parameters(self); }},
        {"max_connections must be a whole number from 1 to 262143, such as 200",
         [](const Json& self) { return is_number_of_connections(self, "max_connections", 1); }},
        {"superuser_reserved_connections and reserved_connections must be whole numbers from 0 to 262143, such as 3",
         [](const Json& self) {
             return is_number_of_connections(self, "superuser_reserved_connections", 0) &&
                    is_number_of_connections(self, "reserved_connections", 0);
         }},
        {"max_connections must be more than superuser_reserved_connections (3 unless given) and reserved_connections "
         "together, or PostgreSQL does not start",
         are_connections_left},
        {"an external data store needs secretName, the Secret that says where it is and how to log in",
         [](const Json& self) { return has(self, "secretName"); }},
        {"must be 1 (a single server) or 3 to 9, because a Redis Cluster needs at least three masters",
         [](const Json& self) { return self != 2; }},
        {"must be 1, 3, 5 or 7, because an even number of nodes survives no more failures than one node less",
         [](const Json& self) { return self.get<std::int64_t>() % 2 == 1; }},
    };
    return rules;
}

}  // namespace

Rule rule_of(const std::string& message) {
    const auto found = twins().find(message);
    return found == twins().end() ? nullptr : found->second;
}

}  // namespace api
