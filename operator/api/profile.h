// What each profile decides where the user says nothing: one table, with the source of every number.
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

#include "api/platform.h"

namespace api {

enum class Sizing { Small, Medium, Large };

struct StoreDefaults {
    int nodes;
    std::string_view storage;
    std::string_view storage_class;
};

struct Defaults {
    Replicas replicas;
    bool autoscaling;
    Sizing sizing;
    Spread spread;
    bool priority_classes;
    PullPolicy pull_policy;
    Admission admission;
    std::chrono::hours credentials_max_age;  // 0: any age.
    std::string_view log_level;
    int sampling_percent;
    std::string_view latency_p99;
    std::string_view error_rate_percent;
    StoreDefaults postgres;
    StoreDefaults redis;
    StoreDefaults rabbitmq;
    StoreDefaults prometheus;
};

const Defaults& defaults_of(Profile profile);

// Defaults that every profile shares.
inline constexpr std::string_view kBundledVersion = "1.0.0";  // Release of the services that this operator was built with.
inline constexpr std::string_view kDefaultRegistry = "ecommerceplatform";
inline constexpr int kCpuPercent = 70;     // Leaves room for the half minute that a new pod takes until it serves.
inline constexpr int kMemoryPercent = 80;  // Memory rises slowly, so less room is enough; the limit is at 200.
inline constexpr std::int64_t kScaleDownWindowSeconds = 300;  // The default of autoscaling/v2: outlasts a dip in the load.
inline constexpr std::int64_t kScaleUpWindowSeconds =
    60;                                                 // Four samples of the metrics (every 15 s): no pods for a single spike.
inline constexpr int kMaxUnavailable = 1;               // With two pods or more, one is always there.
inline constexpr int kMaxSurge = 1;                     // A full cluster needs room for one pod more, not for a quarter more.
inline constexpr int kRevisions = 5;                    // Rolls back past a few bad releases, without a pile of old ReplicaSets.
inline constexpr std::string_view kApiTimeout = "30s";  // Below the 60 s after which common proxies give up.
// Access tokens are good for 15 minutes after the last that the old key signed; the rest is for clocks and slow rollouts.
inline constexpr std::int64_t kCredentialsOverlapSeconds = 1200;
inline constexpr std::string_view kPrometheusRetention = "15d";               // Prometheus' own default.
inline constexpr std::string_view kPrometheusNamespace = "monitoring";        // Of kube-prometheus and its Helm chart.
inline constexpr std::string_view kOperatorNamespace = "ecommerce-operator";  // Of config/default.
inline constexpr std::string_view kLoggingNamespace = "logging";              // Of config/logging.
inline constexpr std::string_view kIngressNamespace = "ingress";
inline constexpr std::string_view kLogFormat = "Json";  // What agents and collectors read without being told how.
// At night in the time zones of Europe; a week of copies outlasts a mistake that is seen only after the weekend.
inline constexpr std::string_view kBackupSchedule = "0 2 * * *";
inline constexpr std::string_view kBackupRetention = "168h";
inline constexpr std::string_view kDataLoss = "24h";      // As far apart as two backups of that schedule.
inline constexpr std::string_view kTimeToRecover = "1h";  // 100Gi, PostgreSQL's volume in Production, at 30 MB/s.
inline constexpr int kOffHoursReplicas = 1;               // The least with which somebody is still served.
// Prices of AWS on demand in us-east-1: Fargate on Linux and x86 for CPU and memory, gp3 for volumes.
inline constexpr std::string_view kCurrency = "USD";
inline constexpr std::string_view kCpuHour = "0.04048";
inline constexpr std::string_view kMemoryHour = "0.004445";
inline constexpr std::string_view kStorageMonth = "0.08";

// Requests and limits of one pod of a service, or of a data store (kPostgres, kRedis, kRabbitmq) or kPrometheus.
Compute service_compute(Sizing sizing);
Compute store_compute(std::string_view store, Sizing sizing);
// Of a Job that prepares a database.
Compute job_compute();
// Of a Fluent Bit.
Compute log_agent_compute();

}  // namespace api
