// The parts of a platform: the contract between operator and services in names, and what each part depends on.
#pragma once

#include <array>
#include <string_view>

namespace api {

// A bundled service. `key` is its name in labels, in children's names and in the spec; `image` its image and binary.
struct Service {
    std::string_view key;
    std::string_view image;
    std::string_view database;  // Empty: it has none.
    bool uses_redis;
    bool uses_rabbitmq;

    constexpr bool has_database() const { return !database.empty(); }
};

inline constexpr Service kUser{"user", "user-service", "users", true, false};
inline constexpr Service kCatalog{"catalog", "catalog-service", "catalog", true, true};
inline constexpr Service kInventory{"inventory", "inventory-service", "inventory", false, true};
inline constexpr Service kOrder{"order", "order-service", "orders", false, true};
inline constexpr Service kPayment{"payment", "payment-service", "payments", false, true};
inline constexpr Service kGateway{"gateway", "api-gateway", "", true, false};

inline constexpr std::array<Service, 6> kServices{kUser, kCatalog, kInventory, kOrder, kPayment, kGateway};

inline constexpr std::string_view kPostgres = "postgres";
inline constexpr std::string_view kRedis = "redis";
inline constexpr std::string_view kRabbitmq = "rabbitmq";
inline constexpr std::array<std::string_view, 3> kDataStores{kPostgres, kRedis, kRabbitmq};

// Watches, and serves no customer: no data store that anything depends on.
inline constexpr std::string_view kPrometheus = "prometheus";
// Takes the logs to where they are kept: beside each service, or on each node.
inline constexpr std::string_view kFluentBit = "fluent-bit";

// What others make and a platform runs. `repository` is theirs on Docker Hub; the minor versions are those whose configuration
// the operator writes, of the data stores and Prometheus those of Debian 12.
struct Program {
    std::string_view name;
    std::string_view repository;
    std::string_view version;
};
inline constexpr std::array<Program, 5> kPrograms{{{kPostgres, "postgres", "15"},
                                                   {kRedis, "redis", "7.0"},
                                                   {kRabbitmq, "rabbitmq", "3.10"},
                                                   {kPrometheus, "prom/prometheus", "v2.42.0"},
                                                   {kFluentBit, "fluent/fluent-bit", "4.2.2"}}};
// Null where none has that name.
constexpr const Program* find_program(std::string_view name) {
    for (const Program& program : kPrograms) {
        if (program.name == name) return &program;
    }
    return nullptr;
}

// One service calls another's API.
struct Call {
    std::string_view from;
    std::string_view to;
};
inline constexpr std::array<Call, 9> kCalls{{{"gateway", "user"},
                                             {"gateway", "catalog"},
                                             {"gateway", "inventory"},
                                             {"gateway", "order"},
                                             {"gateway", "payment"},
                                             {"catalog", "user"},
                                             {"order", "catalog"},
                                             {"order", "inventory"},
                                             {"order", "payment"}}};

// Ports of the contract.
inline constexpr int kApiPort = 8080;
inline constexpr int kAdminPort = 9090;
inline constexpr int kServicePort = 80;
inline constexpr int kPostgresPort = 5432;
inline constexpr int kRedisPort = 6379;
inline constexpr int kRedisBusPort = 16379;
inline constexpr int kAmqpPort = 5672;
inline constexpr int kErlangMapperPort = 4369;
inline constexpr int kErlangPort = 25672;
inline constexpr int kPrometheusPort = 9090;
inline constexpr int kFluentBitPort = 2020;

// The most connections to its database that a pod opens: as many as a service has workers (services/common/service/frame.cpp).
inline constexpr int kPoolConnections = 16;

}  // namespace api
