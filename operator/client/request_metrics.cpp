#include "client/request_metrics.h"

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include "common/base/metrics.h"

namespace client {

RequestMetrics::RequestMetrics(prometheus::Registry* registry, std::string host) : host_(std::move(host)) {
    if (registry == nullptr) return;
    requests_ = &prometheus::BuildCounter()
                     .Name("rest_client_requests_total")
                     .Help("Number of HTTP requests, partitioned by status code, method, and host.")
                     .Register(*registry);
    durations_ = &prometheus::BuildHistogram()
                      .Name("rest_client_request_duration_seconds")
                      .Help("Request latency in seconds, from the call to the end of the answer; of a watch, to its beginning.")
                      .Register(*registry);
}

void RequestMetrics::observe(const std::string& method, int code, std::chrono::duration<double> took) {
    if (requests_ == nullptr) return;
    prometheus::Counter*& counter = counters_[{method, code}];
    if (counter == nullptr) {
        const std::string text = code == 0 ? "<error>" : std::to_string(code);
        counter = &requests_->Add({{"code", text}, {"method", method}, {"host", host_}});
    }
    counter->Increment();
    prometheus::Histogram*& histogram = histograms_[method];
    if (histogram == nullptr) histogram = &durations_->Add({{"verb", method}, {"host", host_}}, base::client_request_buckets());
    histogram->Observe(took.count());
}

}  // namespace client
