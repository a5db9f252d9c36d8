// Prometheus metrics: the text that a scrape reads, facts about this process, and the usual buckets.
#pragma once

#include <prometheus/collectable.h>

#include <string>
#include <string_view>
#include <vector>

namespace base {

inline constexpr std::string_view kMetricsContentType = "text/plain; version=0.0.4; charset=utf-8";

// A registry is a Collectable too. Null pointers are skipped.
std::string exposition(const std::vector<const prometheus::Collectable*>& sources);

// process_resident_memory_bytes, process_cpu_seconds_total, process_open_fds, process_start_time_seconds: read from /proc at each
// scrape; one that can't be read is left out.
class ProcessMetrics final : public prometheus::Collectable {
public:
    std::vector<prometheus::MetricFamily> Collect() const override;
};

// Upper bounds in seconds. Those of controller-runtime and client-go, so that dashboards made for them fit.
std::vector<double> reconcile_buckets();       // controller_runtime_reconcile_time_seconds
std::vector<double> workqueue_buckets();       // workqueue_queue_duration_seconds, workqueue_work_duration_seconds
std::vector<double> client_request_buckets();  // rest_client_request_duration_seconds
std::vector<double> http_request_buckets();    // http_request_duration_seconds: the defaults of Prometheus' clients.

}  // namespace base
