#include "resources/prometheus.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "api/document.h"
#include "api/names.h"
#include "kube/quantity.h"
#include "resources/images.h"
#include "resources/objectives.h"
#include "resources/objects.h"
#include "resources/pod.h"
#include "resources/probes.h"
#include "resources/stateful_set.h"

namespace resources {

using kube::Json;

namespace {

constexpr const char* kDataFolder = "/prometheus";
constexpr const char* kConfiguration = "prometheus.yml";
constexpr const char* kRules = "rules.yml";

// Its documentation (Storage, "Right-Sizing Retention Size") recommends 80 to 85 % of the disk at most.
constexpr int kPercentOfVolume = 80;

// It is healthy from the first moment, but not ready before it has read its log again, which takes minutes at the worst.
constexpr Timing kStartup{2, 2, 60};
constexpr Timing kLiveness{10, 5, 6};
constexpr Timing kReadiness{5, 3, 3};

std::string in_config(const char* file) {
    return std::string(kConfigFolder) + "/" + file;
}

// The pods' addresses come from DNS, so that nothing here needs the API server. Labels are those that the Prometheus operator
// gives by a ServiceMonitor; of a pod no name is known, its address is the label `instance`.
Json scrape_config(const api::Platform& platform, const api::Service& service) {
    const Component self = component(platform, service.key);
    const auto label = [](const char* name, const std::string& value) {
        return Json{{"target_label", name}, {"replacement", value}};
    };
    return {
        {"job_name", service.image},
        {"honor_labels", true},
        {"dns_sd_configs",
         Json::array(
             {{{"names", Json::array({host_of(platform, self.key + "-headless")})}, {"type", "A"}, {"port", api::kAdminPort}}})},
        {"relabel_configs", Json::array({label("namespace", platform.key.ns), label("service", name_of(self))})}};
}

std::string configuration(const api::Platform& platform) {
    Json scrapes = Json::array();
    for (const api::Service& service : api::kServices) scrapes.push_back(scrape_config(platform, service));
    return api::to_yaml({{"global", {{"scrape_interval", "30s"}, {"scrape_timeout", "10s"}, {"evaluation_interval", "30s"}}},
                         {"rule_files", Json::array({in_config(kRules)})},
                         {"scrape_configs", std::move(scrapes)}});
}

// In whole mebibytes, which Prometheus calls MB.
std::string most_kept(const api::ManagedStore& store) {
    constexpr std::int64_t kMebibyte = 1000LL << 20;  // In thousandths.
    const std::int64_t volume = kube::quantity_millis(store.storage).value_or(0);
    return std::to_string(std::max<std::int64_t>(volume / kMebibyte * kPercentOfVolume / 100, 1)) + "MB";
}

// A new configuration starts it anew, which costs a scrape or two and needs nobody who tells it to reload.
Pod pod(const Component& self, const api::Prometheus& own, const Json& files) {
    Pod pod;
    pod.image = program_image(self.platform.spec, api::kPrometheus);
    pod.args = {"--config.file=" + in_config(kConfiguration), std::string("--storage.tsdb.path=") + kDataFolder,
                "--storage.tsdb.retention.time=" + own.retention, "--storage.tsdb.retention.size=" + most_kept(own.managed)};
    pod.ports = {tcp_port("http", api::kPrometheusPort)};
    pod.compute = own.managed.compute;
    pod.mounts = {claimed_folder(kDataVolume, kDataFolder), config_folder(name_of(self))};
    pod.startup = http_probe("/-/healthy", "http", kStartup);
    pod.liveness = http_probe("/-/healthy", "http", kLiveness);
    pod.readiness = http_probe("/-/ready", "http", kReadiness);
    pod.annotations = {{std::string(api::kConfigAnnotation), digest_text(files)}};
    return pod;
}

}  // namespace

kube::Objects prometheus(const api::Platform& platform) {
    if (!platform.spec.prometheus) return {};
    const api::Prometheus& own = *platform.spec.prometheus;
    const Component self = component(platform, api::kPrometheus);
    const std::vector<ServicePort> ports{{"http", api::kPrometheusPort, "http"}};
    const std::map<std::string, std::string> files{{kConfiguration, configuration(platform)},
                                                   {kRules, api::to_yaml({{"groups", rule_groups(platform)}})}};
    return {service_account(self), config_map(self, files), cluster_ip_service(self, ports), headless_service(self, ports),
            stateful_set(self, own.managed, Start::OneByOne, pod_template(self, pod(self, own, files), {}))};
}

}  // namespace resources
