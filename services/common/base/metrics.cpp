// Reads /proc and writes the text format.
#include "common/base/metrics.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>
#include <unistd.h>

#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>

namespace base {
namespace {

std::optional<double> resident_bytes() {
    std::ifstream statm{"/proc/self/statm"};
    long total = 0;
    long resident = 0;
    if (!(statm >> total >> resident)) return {};
    return static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE));
}

std::optional<double> cpu_seconds() {
    timespec used{};
    if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used) != 0) return {};
    return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9;
}

std::optional<double> open_files() {
    std::error_code error;
    const std::filesystem::directory_iterator folder{"/proc/self/fd", error};
    if (error) return {};
    return static_cast<double>(std::distance(begin(folder), end(folder)) - 1);  // Less the one that reads the folder.
}

// The moment of boot and, in ticks since then, of the process's start.
std::optional<double> start_seconds() {
    std::ifstream stat{"/proc/self/stat"};
    std::string text{std::istreambuf_iterator<char>{stat}, {}};
    const std::size_t after_name = text.rfind(')');  // The name may hold blanks and parentheses.
    if (after_name == std::string::npos) return {};
    std::istringstream fields{text.substr(after_name + 1)};
    std::string skipped;
    for (int field = 3; field < 22; ++field) fields >> skipped;
    double ticks = 0;
    if (!(fields >> ticks)) return {};

    std::ifstream system{"/proc/stat"};
    for (std::string line; std::getline(system, line);) {
        if (!line.starts_with("btime ")) continue;
        return static_cast<double>(std::stoll(line.substr(6))) + ticks / static_cast<double>(sysconf(_SC_CLK_TCK));
    }
    return {};
}

void add(std::vector<prometheus::MetricFamily>& families, const char* name, const char* help, prometheus::MetricType type,
         std::optional<double> value) {
    if (!value) return;
    prometheus::ClientMetric metric;
    metric.gauge.value = *value;
    metric.counter.value = *value;
    families.push_back({name, help, type, {metric}});
}

}  // namespace

std::string exposition(const std::vector<const prometheus::Collectable*>& sources) {
    std::ostringstream out;
    const prometheus::TextSerializer serializer;
    for (const prometheus::Collectable* source : sources) {
        if (source != nullptr) serializer.Serialize(out, source->Collect());
    }
    return out.str();
}

std::vector<prometheus::MetricFamily> ProcessMetrics::Collect() const {
    using prometheus::MetricType;
    std::vector<prometheus::MetricFamily> families;
    add(families, "process_resident_memory_bytes", "Resident memory size in bytes.", MetricType::Gauge, resident_bytes());
    add(families, "process_cpu_seconds_total", "Total user and system CPU time spent in seconds.", MetricType::Counter,
        cpu_seconds());
    add(families, "process_open_fds", "Number of open file descriptors.", MetricType::Gauge, open_files());
    add(families, "process_start_time_seconds", "Start time of the process since unix epoch in seconds.", MetricType::Gauge,
        start_seconds());
    return families;
}

std::vector<double> reconcile_buckets() {
    return {0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.25, 1.5,
            1.75,  2.0,  2.5,   3.0,  3.5, 4.0,  4.5, 5,    6,   7,    8,   9,    10,  15,  20,  25,  30,  40,  50,   60};
}

std::vector<double> workqueue_buckets() {
    return {1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1, 10, 100, 1000};
}

std::vector<double> client_request_buckets() {
    return {0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60};
}

std::vector<double> http_request_buckets() {
    return {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};
}

}  // namespace base
