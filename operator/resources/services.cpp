#include "resources/services.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "resources/autoscaler.h"
#include "resources/configuration.h"
#include "resources/environment.h"
#include "resources/images.h"
#include "resources/logging.h"
#include "resources/objects.h"
#include "resources/pod.h"
#include "resources/probes.h"

namespace resources {

using kube::Json;

namespace {

// Endpoints need a moment to forget a pod that goes: it serves on for this long before it hears SIGTERM. Five times the second at
// which kube-proxy collects changes (its minSyncPeriod).
constexpr int kPreStopSeconds = 5;
// Beyond preStop and drain: to flush logs and traces, and to exit. As long as OpenTelemetry has an exporter try to deliver a
// batch.
constexpr int kGraceMarginSeconds = 10;

// A start waits for the service's database; what takes longer than a minute is restarted.
constexpr Timing kStartup{2, 2, 30};
// Period and failures of Kubernetes' own defaults, but a busy process has five times their second to answer in.
constexpr Timing kLiveness{10, 5, 3};
// Twice as often, since customers meet a pod that can't serve until then: for 15 s, and one slow answer is forgiven.
constexpr Timing kReadiness{5, 3, 3};

// A new pod counts after a whole period of its readiness probe; one that falls over at once is no progress.
constexpr int kMinReadySeconds = 5;

Pod pod(const api::Platform& platform, const api::Service& service, const Component& self) {
    Pod pod;
    pod.image = service_image(platform.spec, service.image);
    pod.ports = {tcp_port("http", api::kApiPort), tcp_port("admin", api::kAdminPort)};
    pod.env = environment(platform, service);
    pod.compute = platform.spec.services.at(self.key).compute;
    pod.mounts = {config_folder(name_of(self)), empty_folder("tmp", "/tmp", "64Mi"),
                  empty_folder("cache", "/var/cache/ecommerce", "128Mi")};
    for (Mount& mount : secret_mounts(platform, service)) pod.mounts.push_back(std::move(mount));
    pod.startup = http_probe("/startupz", "admin", kStartup);
    pod.liveness = http_probe("/livez", "admin", kLiveness);
    pod.readiness = http_probe("/readyz", "admin", kReadiness);
    pod.pre_stop = {{"sleep", {{"seconds", kPreStopSeconds}}}};
    pod.grace_seconds = kPreStopSeconds + kDrainSeconds + kGraceMarginSeconds;
    if (platform.spec.metrics == api::Metrics::Annotations) {
        pod.annotations = {{"prometheus.io/scrape", "true"},
                           {"prometheus.io/port", std::to_string(api::kAdminPort)},
                           {"prometheus.io/path", "/metrics"}};
    }
    if (platform.spec.logging.agent == api::LogAgent::Sidecar) add_log_sidecar(self, pod);
    return pod;
}

// A rollout never takes the last pod away while it may add one first.
Json rollout(const api::Spec& spec, const api::ServiceSettings& settings) {
    if (spec.recreates) return {{"type", "Recreate"}};
    const int max_unavailable = spec.max_surge > 0 ? std::min(spec.max_unavailable, settings.least() - 1) : spec.max_unavailable;
    return {{"type", "RollingUpdate"},
            {"rollingUpdate", {{"maxUnavailable", std::max(max_unavailable, 0)}, {"maxSurge", spec.max_surge}}}};
}

kube::Object deployment(const Component& self, const api::ServiceSettings& settings, Json pod_template) {
    kube::Object object = owned_object(self, kube::kDeployment);
    object["spec"] = {{"selector", {{"matchLabels", selector_of(self)}}},
                      {"strategy", rollout(self.platform.spec, settings)},
                      {"revisionHistoryLimit", self.platform.spec.revisions},
                      {"progressDeadlineSeconds", std::chrono::seconds(kProgressDeadline).count()},
                      {"minReadySeconds", kMinReadySeconds},
                      {"template", std::move(pod_template)}};
    if (!settings.autoscaling) object["spec"]["replicas"] = settings.replicas.count;
    return object;
}

}  // namespace

kube::Objects service(const api::Platform& platform, const api::Service& service, const SecretDigests& secrets) {
    const Component self = component(platform, service.key);
    const api::ServiceSettings& settings = platform.spec.services.at(self.key);
    std::map<std::string, std::string> files{{std::string(kConfigFile), configuration(platform.spec, service)}};
    if (platform.spec.logging.agent == api::LogAgent::Sidecar) files.emplace(kFluentBitFile, sidecar_configuration(self));
    kube::Objects objects{service_account(self), config_map(self, files),
                          cluster_ip_service(self, {{"http", api::kServicePort, "http"}, {"metrics", api::kAdminPort, "admin"}}),
                          deployment(self, settings, pod_template(self, pod(platform, service, self), secrets))};
    if (settings.autoscaling) objects.push_back(autoscaler(self, settings));
    // Tells the platform's own Prometheus where each pod is.
    if (platform.spec.prometheus) objects.push_back(headless_service(self, {{"metrics", api::kAdminPort, "admin"}}));
    // With one pod a budget would protect nothing and hold back every drain.
    if (settings.least() > 1) objects.push_back(budget_min_available(self, 1));
    return objects;
}

}  // namespace resources
