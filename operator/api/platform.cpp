// Resolves what the user wrote to a whole platform: exceptions of a service before quality, quality before the profile.
#include "api/platform.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <stdexcept>

#include "api/availability.h"
#include "api/connections.h"
#include "api/names.h"
#include "api/off_hours.h"
#include "api/profile.h"
#include "api/section.h"
#include "kube/quantity.h"

namespace api {
namespace {

using kube::Json;

const std::map<std::string, bool> kSwitch{{"Enabled", true}, {"Disabled", false}};

// Given bounds stand; the others keep their value as far as the given ones let them.
Replicas overlaid(const Replicas& base, const Section& given) {
    Replicas result = base;
    if (given.has("max")) result.max = given.get("max", 0);
    if (given.has("min")) result.min = given.get("min", 0);
    if (given.has("count")) result.count = given.get("count", 0);
    if (!given.has("max")) {
        if (given.has("min")) result.max = std::max(result.max, result.min);
        if (given.has("count")) result.max = std::max(result.max, result.count);
    }
    if (!given.has("min")) {
        result.min = std::min(result.min, result.max);
        if (given.has("count")) result.min = std::min(result.min, result.count);
    }
    if (!given.has("count")) result.count = std::clamp(result.count, result.min, result.max);
    return result;
}

Replicas at_least(Replicas replicas, int least) {
    replicas.min = std::max(replicas.min, least);
    replicas.count = std::max(replicas.count, least);
    replicas.max = std::max(replicas.max, least);
    return replicas;
}

// The quantity of that name in canonical form; empty where it is absent.
std::string quantity(const Section& amounts, std::string_view field) {
    if (!amounts.has(field)) return "";
    const Json& value = amounts.list(field);
    const std::string written = value.is_number_integer() ? value.dump() : value.get<std::string>();
    const auto canonical = kube::canonical_quantity(written);
    if (!canonical) throw std::invalid_argument(std::string(field) + ": no quantity: " + written);
    return *canonical;
}

// A given amount stands; a default request gives way to a given limit, and a default limit to a given request.
void overlay(std::string& request, std::string& limit, const std::string& given_request, const std::string& given_limit) {
    if (!given_request.empty()) request = given_request;
    if (!given_limit.empty()) limit = given_limit;
    if (kube::quantity_millis(request) <= kube::quantity_millis(limit)) return;
    (given_request.empty() ? request : limit) = given_request.empty() ? limit : request;
}

Compute overlaid(Compute compute, const Section& given) {
    const Section requests = given.section("requests");
    const Section limits = given.section("limits");
    const auto merge = [&](std::string Amounts::*amount, std::string_view field) {
        overlay(compute.requests.*amount, compute.limits.*amount, quantity(requests, field), quantity(limits, field));
    };
    merge(&Amounts::cpu, "cpu");
    merge(&Amounts::memory, "memory");
    merge(&Amounts::ephemeral_storage, "ephemeral-storage");
    return compute;
}

Images images(const Section& given, const Defaults& defaults) {
    Images result;
    result.registry = given.text("registry", kDefaultRegistry);
    result.data_registry = given.text("dataRegistry");
    result.digests = given.words("digests");
    result.pull_policy = given.one_of<PullPolicy>(
        "pullPolicy", defaults.pull_policy,
        {{"Always", PullPolicy::Always}, {"IfNotPresent", PullPolicy::IfNotPresent}, {"Never", PullPolicy::Never}});
    for (const Json& secret : given.list("pullSecrets")) result.pull_secrets.push_back(Section(secret).text("name"));
    return result;
}

Ingress ingress(const Section& given, const std::string& ns) {
    Ingress result;
    result.kind = given.one_of<Exposure>(
        "kind", Exposure::None,
        {{"Ingress", Exposure::Ingress}, {"HTTPRoute", Exposure::HttpRoute}, {"NodePort", Exposure::NodePort}});
    result.host = given.text("host");
    result.class_name = given.text("className");
    result.tls_secret_name = given.text("tlsSecretName");
    result.node_port = given.get("nodePort", 0);
    if (result.kind == Exposure::HttpRoute) {
        result.parent_name = given.section("parent").text("name");
        result.parent_ns = given.section("parent").text("namespace", ns);
        result.controller_namespace = given.text("controllerNamespace", result.parent_ns);
    } else if (result.kind == Exposure::Ingress) {
        result.controller_namespace = given.text("controllerNamespace", kIngressNamespace);
    }
    return result;
}

Address address(const Section& given) {
    return {given.text("cidr"), given.text("namespace"), given.get("port", 0)};
}

Configuration configuration(const Section& given, const Defaults& defaults) {
    const Section flags = given.section("featureFlags");
    return {.log_level = given.text("logLevel", defaults.log_level),
            .log_format = given.text("logFormat", kLogFormat),
            .api_timeout = given.text("apiTimeout", kApiTimeout),
            .max_connections = given.get("maxConnections", 0),
            .feature_flags = {{"advancedSearch", flags.get("advancedSearch", true)},
                              {"recommendations", flags.get("recommendations", true)},
                              {"socialLogin", flags.get("socialLogin", false)}}};
}

std::vector<std::string> names(const Section& given, std::string_view field) {
    return given.get(field, std::vector<std::string>{});
}

std::int64_t seconds(const Section& given, std::string_view field, std::int64_t otherwise) {
    if (!given.has(field)) return otherwise;
    const auto millis = kube::duration_millis(given.text(field));
    if (!millis) throw std::invalid_argument(std::string(field) + ": no duration: " + given.text(field));
    return *millis / 1000;
}

CredentialPolicy credential_policy(const Section& given, const Defaults& defaults) {
    const std::int64_t most = std::chrono::duration_cast<std::chrono::seconds>(defaults.credentials_max_age).count();
    CredentialPolicy policy;
    policy.is_brought = given.one_of<bool>("source", false, {{"Generated", false}, {"Existing", true}});
    policy.max_age_seconds = seconds(given, "maxAge", most);
    if (policy.max_age_seconds != 0) policy.max_age = given.text("maxAge", std::to_string(most / 3600) + "h");
    policy.overlap_seconds = seconds(given, "overlap", kCredentialsOverlapSeconds);
    return policy;
}

// "22:30"; the schema lets nothing else through.
std::chrono::minutes time_of_day(const std::string& written) {
    return std::chrono::hours{std::stoi(written.substr(0, 2))} + std::chrono::minutes{std::stoi(written.substr(3))};
}

OffHours off_hours(const Section& given) {
    constexpr std::array<std::string_view, 7> kDays{"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    OffHours result;
    result.replicas = given.get("replicas", kOffHoursReplicas);
    for (const Json& entry : given.list("windows")) {
        OffHours::Window window{{}, time_of_day(Section(entry).text("from")), time_of_day(Section(entry).text("to"))};
        const std::vector<std::string> named = names(Section(entry), "days");
        for (unsigned day = 0; day < kDays.size(); ++day) {
            if (named.empty() || std::ranges::find(named, kDays.at(day)) != named.end()) window.days.insert(day + 1);
        }
        result.windows.push_back(std::move(window));
    }
    return result;
}

Logging logging(const Section& given) {
    return {
        given.one_of<LogAgent>("agent", LogAgent::None,
                               {{"None", LogAgent::None}, {"DaemonSet", LogAgent::DaemonSet}, {"Sidecar", LogAgent::Sidecar}}),
        given.text("endpoint"), given.text("namespace", kLoggingNamespace)};
}

ServiceSettings service(const Section& given, const Section& scalability, const Defaults& defaults, Sizing sizing, int least) {
    ServiceSettings result;
    const Replicas of_all = at_least(overlaid(defaults.replicas, scalability.section("replicas")), least);
    result.replicas = overlaid(of_all, given.section("replicas"));
    const bool wanted = given.one_of("autoscaling", scalability.one_of("autoscaling", defaults.autoscaling, kSwitch), kSwitch);
    result.autoscaling = wanted && result.replicas.max > result.replicas.min;
    const Section own = given.section("replicas");
    result.own_most =
        own.has("max") || result.replicas.max != of_all.max || (!result.autoscaling && (own.has("min") || own.has("count")));
    const auto target = [&](std::string_view field, int otherwise) {
        return given.section("targets").get(field, scalability.section("targets").get(field, otherwise));
    };
    result.cpu_percent = target("cpuPercent", kCpuPercent);
    result.memory_percent = target("memoryPercent", kMemoryPercent);
    const Section& nearest = given.section("targets").has("podMetrics") ? given : scalability;
    for (const Json& metric : nearest.section("targets").list("podMetrics")) {
        result.pod_metrics[Section(metric).text("name")] = quantity(Section(metric), "averageValue");
    }
    const std::map<std::string, Vertical> verticals{
        {"None", Vertical::None}, {"Recommend", Vertical::Recommend}, {"Auto", Vertical::Auto}};
    result.vertical = given.one_of("vertical", scalability.one_of("vertical", Vertical::None, verticals), verticals);
    result.compute = overlaid(service_compute(sizing), given.section("resources"));
    return result;
}

ManagedStore managed_store(const Section& given, std::string_view name, const StoreDefaults& defaults, Sizing sizing) {
    return {.nodes = given.get("nodes", defaults.nodes),
            .storage = given.has("storage") ? quantity(given, "storage") : std::string(defaults.storage),
            .storage_class_name = given.text("storageClassName", defaults.storage_class),
            .compute = overlaid(store_compute(name, sizing), given.section("resources")),
            .parameters = given.words("parameters")};
}

DataStore store(const Section& given, std::string_view name, const StoreDefaults& defaults, Sizing sizing) {
    DataStore result;
    if (given.has("external")) {
        const Section external = given.section("external");
        result.external = ExternalStore{external.text("secretName"), address(external)};
        return result;
    }
    result.managed = managed_store(given.section("managed"), name, defaults, sizing);
    if (name == kPostgres) {
        result.managed.parameters.try_emplace("max_connections", std::to_string(default_max_connections(result.managed.compute)));
    }
    return result;
}

Spec spec_from(const Section& given, const std::string& ns) {
    Spec spec;
    spec.profile = given.one_of<Profile>(
        "profile", Profile::Production,
        {{"Development", Profile::Development}, {"Staging", Profile::Staging}, {"Production", Profile::Production}});
    const Defaults& defaults = defaults_of(spec.profile);
    const Section quality = given.section("quality");
    const Section scalability = quality.section("scalability");
    const Section reliability = quality.section("reliability");
    const Section security = quality.section("security");
    const Section observability = quality.section("observability");
    const Section performance = quality.section("performance");
    const Sizing sizing = performance.one_of<Sizing>(
        "sizing", defaults.sizing, {{"Small", Sizing::Small}, {"Medium", Sizing::Medium}, {"Large", Sizing::Large}});
    spec.objectives = {performance.text("latencyP99", defaults.latency_p99),
                       performance.text("errorRatePercent", defaults.error_rate_percent)};

    spec.version = given.text("version", kBundledVersion);
    spec.images = images(given.section("images"), defaults);
    spec.ingress = ingress(given.section("ingress"), ns);
    spec.availability_percent = reliability.text("availabilityPercent");
    const Availability availability = needed_for(spec.availability_percent);
    spec.spread = std::max(availability.spread,
                           reliability.one_of<Spread>("spread", defaults.spread,
                                                      {{"None", Spread::None}, {"Node", Spread::Node}, {"Zone", Spread::Zone}}));
    spec.priority_classes = reliability.one_of("priorityClasses", defaults.priority_classes, kSwitch);
    spec.pod_security = security.one_of<PodSecurity>(
        "podSecurity", PodSecurity::Restricted,
        {{"None", PodSecurity::None}, {"Baseline", PodSecurity::Baseline}, {"Restricted", PodSecurity::Restricted}});
    spec.network_isolation = security.one_of<bool>("networkIsolation", true, {{"None", false}, {"Strict", true}});
    for (const Json& entry : security.list("egress")) {
        spec.egress.push_back({Section(entry).text("component"), address(Section(entry))});
    }
    const Section access = security.section("access");
    spec.access = {names(access, "developers"), names(access, "operators"), names(access, "automation")};
    spec.credentials = credential_policy(security.section("credentials"), defaults);
    const Section image_policy = security.section("images");
    spec.image_policy = {names(image_policy, "registries"), image_policy.get("requireDigest", false)};
    spec.admission = security.one_of<Admission>(
        "admission", defaults.admission, {{"None", Admission::None}, {"Warn", Admission::Warn}, {"Deny", Admission::Deny}});
    const Section maintainability = quality.section("maintainability");
    const Section rollout = maintainability.section("rollout");
    spec.recreates = rollout.one_of<bool>("strategy", false, {{"RollingUpdate", false}, {"Recreate", true}});
    spec.max_unavailable = spec.recreates ? 0 : rollout.get("maxUnavailable", kMaxUnavailable);
    spec.max_surge = spec.recreates ? 0 : rollout.get("maxSurge", kMaxSurge);
    spec.revisions = rollout.get("revisions", kRevisions);
    spec.forward_only = maintainability.one_of<bool>("versions", false, {{"Any", false}, {"Forward", true}});
    spec.configuration = configuration(maintainability.section("configuration"), defaults);
    spec.verify_after_rollout = maintainability.one_of("verifyAfterRollout", false, kSwitch);
    const Section budget = quality.section("cost").section("budget");
    spec.budget = {quantity(budget, "cpu"), quantity(budget, "memory"), quantity(budget, "storage"), budget.text("monthly")};
    const Section prices = quality.section("cost").section("prices");
    spec.prices = {prices.text("currency", kCurrency), prices.text("cpuHour", kCpuHour), prices.text("memoryHour", kMemoryHour),
                   prices.text("storageMonth", kStorageMonth)};
    spec.off_hours = off_hours(quality.section("cost").section("offHours"));
    spec.spot_components = names(quality.section("cost").section("spot"), "components");
    const Section recovery = quality.section("recovery");
    const Section backup = recovery.section("backup");
    spec.recovery = {backup.text("schedule", kBackupSchedule), backup.text("retention", kBackupRetention),
                     recovery.text("dataLoss", kDataLoss), recovery.text("timeToRecover", kTimeToRecover)};
    spec.metrics = observability.one_of<Metrics>("metrics", Metrics::Annotations,
                                                 {{"None", Metrics::None},
                                                  {"Annotations", Metrics::Annotations},
                                                  {"ServiceMonitor", Metrics::ServiceMonitor},
                                                  {"Managed", Metrics::None}});
    if (observability.text("metrics") == "Managed") {
        const Section own = observability.section("prometheus");
        spec.prometheus =
            Prometheus{managed_store(own, kPrometheus, defaults.prometheus, sizing), own.text("retention", kPrometheusRetention)};
    }
    spec.prometheus_url = observability.text("prometheusUrl");
    spec.prometheus_namespace = observability.text("prometheusNamespace", kPrometheusNamespace);
    spec.operator_namespace = observability.text("operatorNamespace", kOperatorNamespace);
    const bool is_labelled = spec.metrics == Metrics::ServiceMonitor || spec.prometheus;
    spec.dashboards = observability.one_of("dashboards", is_labelled, kSwitch);
    const Section tracing = observability.section("tracing");
    spec.tracing = {tracing.text("endpoint"), tracing.get("samplingPercent", defaults.sampling_percent)};
    spec.logging = logging(observability.section("logging"));
    spec.autoscaler = {seconds(scalability.section("behavior"), "scaleDownWindow", kScaleDownWindowSeconds),
                       seconds(scalability.section("behavior"), "scaleUpWindow", kScaleUpWindowSeconds)};
    for (const Service& each : kServices) {
        const Section exceptions = given.section("services").section(each.key);
        ServiceSettings& settings = spec.services[std::string(each.key)];
        settings = service(exceptions, scalability, defaults, sizing, availability.replicas);
        settings.otherwise = fewer(settings.replicas, settings.autoscaling, spec.off_hours);
    }
    spec.payment_provider_url = given.section("services").section("payment").text("providerUrl");
    const Section data = given.section("data");
    spec.postgres = store(data.section(kPostgres), kPostgres, defaults.postgres, sizing);
    if (spec.configuration.max_connections == 0) spec.configuration.max_connections = fair_pool(spec);
    spec.redis = store(data.section(kRedis), kRedis, defaults.redis, sizing);
    spec.rabbitmq = store(data.section(kRabbitmq), kRabbitmq, defaults.rabbitmq, sizing);
    spec.suspend = given.get("suspend", false);
    spec.deletion_policy = given.one_of<DeletionPolicy>("deletionPolicy", DeletionPolicy::Retain,
                                                        {{"Retain", DeletionPolicy::Retain}, {"Delete", DeletionPolicy::Delete}});
    return spec;
}

}  // namespace

Platform identity_from(const Json& document) {
    const Section metadata(kube::at(document, {"metadata"}));
    Platform platform;
    platform.key = {metadata.text("namespace"), metadata.text("name")};
    platform.uid = metadata.text("uid");
    platform.generation = metadata.get<std::int64_t>("generation", 0);
    platform.resource_version = metadata.text("resourceVersion");
    platform.deleting = metadata.has("deletionTimestamp");
    platform.finalizers = metadata.get("finalizers", platform.finalizers);
    platform.rotate = metadata.section("annotations").text(kRotateAnnotation);
    platform.status = kube::at(document, {"status"});
    return platform;
}

Platform platform_from(const Json& document) {
    try {
        Platform platform = identity_from(document);
        platform.spec = spec_from(Section(kube::at(document, {"spec"})), platform.key.ns);
        return platform;
    } catch (const Json::exception& error) {
        throw std::invalid_argument(std::string("not a valid EcommercePlatform: ") + error.what());
    }
}

const DataStore& data_store(const Spec& spec, std::string_view name) {
    if (name == kPostgres) return spec.postgres;
    if (name == kRedis) return spec.redis;
    if (name == kRabbitmq) return spec.rabbitmq;
    throw std::invalid_argument("no such data store: " + std::string(name));
}

std::vector<NamedStore> managed_stores(const Spec& spec) {
    std::vector<NamedStore> stores;
    for (const std::string_view name : kDataStores) {
        const DataStore& store = data_store(spec, name);
        if (!store.external) stores.push_back({name, &store.managed});
    }
    if (spec.prometheus) stores.push_back({kPrometheus, &spec.prometheus->managed});
    return stores;
}

std::string prometheus_url(const Platform& platform) {
    if (!platform.spec.prometheus_url.empty() || !platform.spec.prometheus) return platform.spec.prometheus_url;
    return "http://" + child_name(platform.key.name, kPrometheus) + "." + platform.key.ns +
           ".svc:" + std::to_string(kPrometheusPort);
}

}  // namespace api
