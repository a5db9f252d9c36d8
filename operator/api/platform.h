// An EcommercePlatform as the rest of the operator sees it: what the user wrote, with every default of the profile filled in.
// The defaults stand in api/profile.cpp, the schema in crds/.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "api/components.h"
#include "kube/object.h"

namespace api {

enum class Profile { Development, Staging, Production };
enum class PullPolicy { Always, IfNotPresent, Never };
enum class Exposure { None, Ingress, HttpRoute, NodePort };
enum class Spread { None, Node, Zone };
enum class PodSecurity { None, Baseline, Restricted };
enum class DeletionPolicy { Retain, Delete };

// Kubernetes quantities in canonical form; empty where nothing is asked for.
struct Amounts {
    std::string cpu;
    std::string memory;
    std::string ephemeral_storage;
};

struct Compute {
    Amounts requests;
    Amounts limits;
};

struct Replicas {
    int count = 1;  // To start with, and at least while autoscaling is off.
    int min = 1;
    int max = 1;
};

// Where traffic to something outside the platform may go. Exactly one of cidr and ns is set, except for `any`.
struct Address {
    std::string cidr;
    std::string ns;
    int port = 0;

    friend bool operator==(const Address&, const Address&) = default;
};

struct Egress {
    std::string component;  // "payment" or "user"
    Address to;
};

struct Images {
    std::string registry;       // Of the six services.
    std::string data_registry;  // Of the data stores, Prometheus and Fluent Bit; empty: the official images by their short name.
    std::map<std::string, std::string> digests;  // Image name ("catalog-service", "postgres") to "sha256:…"; wins over the tag.
    PullPolicy pull_policy = PullPolicy::Always;
    std::vector<std::string> pull_secrets;
};

struct Ingress {
    Exposure kind = Exposure::None;
    std::string host;
    std::string class_name;   // Ingress only; empty: the cluster's default class.
    std::string parent_name;  // HTTPRoute only: the Gateway.
    std::string parent_ns;
    std::string tls_secret_name;       // Ingress only: a Gateway terminates TLS itself.
    std::string controller_namespace;  // From where requests come; empty with NodePort: anywhere.
    int node_port = 0;                 // NodePort only; 0: the cluster chooses.
};

struct AutoscalerBehavior {
    std::int64_t scale_down_window_seconds = 0;
    std::int64_t scale_up_window_seconds = 0;
};

// What becomes of the resources that the Vertical Pod Autoscaler recommends.
enum class Vertical { None, Recommend, Auto };

struct ServiceSettings {
    Replicas replicas;
    Replicas otherwise;       // In off hours, or outside them where those are now.
    bool autoscaling = true;  // Effective: false too where min equals max.
    bool own_most = false;    // services.NAME.replicas says how many there may be at most, not quality.scalability's.
    int cpu_percent = 0;
    int memory_percent = 0;
    std::map<std::string, std::string> pod_metrics;  // Name to the quantity that a pod should have on average.
    Vertical vertical = Vertical::None;
    Compute compute;

    // Pods that there must be at least, and those that may be at most but for a rollout.
    int least() const { return autoscaling ? replicas.min : replicas.count; }
    int most() const { return autoscaling ? replicas.max : replicas.count; }

    // Pods get what is recommended; never beside an autoscaler, which would count by what is changed under it.
    bool is_sized_by_load() const { return vertical == Vertical::Auto && !autoscaling; }
};

struct Configuration {
    std::string log_level;                      // debug, info, warn or error
    std::string log_format;                     // Json or Text
    std::string api_timeout;                    // As written, for example "30s".
    int max_connections = 0;                    // To its database, for one pod.
    std::map<std::string, bool> feature_flags;  // advancedSearch, recommendations, socialLogin
};

struct Tracing {
    std::string endpoint;  // Empty: tracing is off.
    int sampling_percent = 0;
};

// Where a Fluent Bit runs that takes the logs.
enum class LogAgent { None, DaemonSet, Sidecar };

struct Logging {
    LogAgent agent = LogAgent::None;
    std::string endpoint{};  // Where they go, by OTLP over HTTP; as written, for example "http://otel-collector.logging:4318".
    std::string ns{};        // Of the DaemonSet.
};

// How a Prometheus that isn't the platform's own finds the services.
enum class Metrics { None, Annotations, ServiceMonitor };

// What customers may expect of the gateway, which is what they see.
struct Objectives {
    std::string latency_p99;         // As written, for example "500ms": 99 of 100 answers are there within it.
    std::string error_rate_percent;  // As written, for example "0.1": of a hundred requests at most so many fail.
};

struct ExternalStore {
    std::string secret_name;
    Address address;
};

struct ManagedStore {
    int nodes = 1;
    std::string storage;             // Quantity of one node's volume.
    std::string storage_class_name;  // Empty: the cluster's default class.
    Compute compute;
    std::map<std::string, std::string> parameters;  // PostgreSQL only.
};

// One that the platform runs for itself.
struct Prometheus {
    ManagedStore managed;
    std::string retention;  // As written, for example "15d".
};

struct DataStore {
    std::optional<ExternalStore> external;  // Where set, nothing is managed.
    ManagedStore managed;
};

// Names of groups, as the cluster's authentication has them, by what their members may do with the platform.
struct Access {
    std::vector<std::string> developers;
    std::vector<std::string> operators;
    std::vector<std::string> automation;
};

// What all that is in the namespace may ask for at most, as quantities, and what that may cost; empty: as much as it likes.
struct Budget {
    std::string cpu;
    std::string memory;
    std::string storage;
    std::string monthly;  // As written, for example "1500", in the currency of Prices.

    bool bounds_namespace() const { return !cpu.empty() || !memory.empty() || !storage.empty(); }
};

// When fewer replicas do. All times are UTC.
struct OffHours {
    struct Window {
        std::set<unsigned> days;       // On which it begins: 1 is Monday, 7 Sunday.
        std::chrono::minutes from{0};  // Since midnight.
        std::chrono::minutes to{0};    // Where it is not later than `from`, of the next day.
    };
    std::vector<Window> windows;  // Empty: never.
    int replicas = 1;
};

// What is paid for what pods ask for, as written ("0.04048").
struct Prices {
    std::string currency;  // ISO 4217
    std::string cpu_hour;
    std::string memory_hour;    // Of a GiB.
    std::string storage_month;  // Of a GiB.
};

// Which images pods of the namespace may run.
struct ImagePolicy {
    std::vector<std::string> registries;  // With or without a path: "registry.example.com/shop"; empty: any.
    bool require_digest = false;

    bool is_given() const { return !registries.empty() || require_digest; }
};

// What becomes of a pod that breaks the policy for the namespace.
enum class Admission { None, Warn, Deny };

// From where the root key is that credentials are derived from, how old they may get, and for how long those before them are
// accepted beside them.
struct CredentialPolicy {
    std::string max_age;  // As written, for example "2160h"; empty: any age.
    std::int64_t max_age_seconds = 0;
    std::int64_t overlap_seconds = 0;
    bool is_brought = false;  // Somebody else brings the root key, and the operator makes none.
};

// What a copy of the data must be good for. Durations and the schedule as written.
struct Recovery {
    std::string schedule;  // As cron has it, in UTC: "0 2 * * *".
    std::string retention;
    std::string data_loss;
    std::string time_to_recover;
};

struct Spec {
    Profile profile = Profile::Production;
    std::string version;
    Images images;
    Ingress ingress;
    std::string availability_percent;  // As written, for example "99.9"; empty: no objective.
    Spread spread = Spread::Zone;
    bool priority_classes = true;
    PodSecurity pod_security = PodSecurity::Restricted;  // That the namespace must enforce at least.
    bool network_isolation = true;
    std::vector<Egress> egress;
    Access access;
    CredentialPolicy credentials;
    ImagePolicy image_policy;
    Admission admission = Admission::Deny;
    bool recreates = false;     // In a rollout all pods of a service go before the first new one comes.
    int max_unavailable = 1;    // Pods of a service during a rollout; of no account where all go.
    int max_surge = 1;          // 0 where all go.
    int revisions = 5;          // Kept of what pods were, to roll back to.
    bool forward_only = false;  // No version is taken that is before the one that runs.
    Configuration configuration;
    bool verify_after_rollout = false;
    std::vector<std::string> spot_components;
    Budget budget;
    Prices prices;
    OffHours off_hours;
    bool rests = false;  // Off hours are now.
    Recovery recovery;
    Metrics metrics = Metrics::Annotations;
    std::optional<Prometheus> prometheus;
    std::string prometheus_url;  // Empty: none is named.
    std::string prometheus_namespace;
    std::string operator_namespace;  // From where the gateway is measured.
    bool dashboards = false;
    Tracing tracing;
    Logging logging;
    Objectives objectives;
    AutoscalerBehavior autoscaler;
    std::map<std::string, ServiceSettings, std::less<>> services;  // Every key of kServices is there.
    std::string payment_provider_url;                              // Empty: none is configured.
    DataStore postgres;
    DataStore redis;
    DataStore rabbitmq;
    bool suspend = false;
    DeletionPolicy deletion_policy = DeletionPolicy::Retain;
};

struct Platform {
    kube::Key key;
    std::string uid;
    std::int64_t generation = 0;
    std::string resource_version;
    bool deleting = false;
    std::vector<std::string> finalizers;
    std::string rotate;  // Of the annotation that asks for new credentials.
    Spec spec;
    kube::Json status;  // As last seen; null where there is none.
};

// The platform of a document as far as its metadata and status tell, with a default spec.
Platform identity_from(const kube::Json& document);

// The platform of a document that passed validate(). Throws std::invalid_argument on one that did not.
Platform platform_from(const kube::Json& document);

const DataStore& data_store(const Spec& spec, std::string_view name);

// What the platform runs for itself to keep data: the data stores that aren't external, and its Prometheus.
struct NamedStore {
    std::string_view name;
    const ManagedStore* store;
};
std::vector<NamedStore> managed_stores(const Spec& spec);

// The Prometheus that tells whether the objectives are met, "http://HOST:PORT": the spec's, else the platform's own; empty: none.
std::string prometheus_url(const Platform& platform);

}  // namespace api
