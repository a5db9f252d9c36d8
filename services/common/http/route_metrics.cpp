// Counts requests by route.
#include "common/http/route_metrics.h"

#include <prometheus/registry.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "common/base/metrics.h"

namespace http {
namespace {

const std::string& known_method(const std::string& method) {
    static const std::array<std::string, 8> kMethods{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"};
    static const std::string kOther = "other";
    const auto found = std::find(kMethods.begin(), kMethods.end(), method);
    return found == kMethods.end() ? kOther : *found;
}

}  // namespace

RouteFamilies::RouteFamilies(prometheus::Registry& registry)
    : requests(prometheus::BuildCounter()
                   .Name("http_requests_total")
                   .Help("Requests that were answered, by method, route and status.")
                   .Register(registry)),
      durations(prometheus::BuildHistogram()
                    .Name("http_request_duration_seconds")
                    .Help("From a request's arrival to its answer, by method and route.")
                    .Register(registry)),
      running(prometheus::BuildGauge()
                  .Name("http_requests_in_flight")
                  .Help("Requests without an answer yet.")
                  .Register(registry)
                  .Add({})) {}

RouteMetrics::RouteMetrics(RouteFamilies& families, std::string endpoint) : families_(families), endpoint_(std::move(endpoint)) {}

void RouteMetrics::count(const std::string& method, int status, std::chrono::steady_clock::duration took) {
    const std::string& known = known_method(method);
    const std::lock_guard lock{mutex_};
    prometheus::Counter*& counter = counters_[{known, status}];
    if (counter == nullptr) {
        counter = &families_.requests.Add({{"method", known}, {"endpoint", endpoint_}, {"status", std::to_string(status)}});
    }
    prometheus::Histogram*& histogram = histograms_[known];
    if (histogram == nullptr) {
        const prometheus::Histogram::BucketBoundaries buckets = base::http_request_buckets();
        histogram = &families_.durations.Add({{"method", known}, {"endpoint", endpoint_}}, buckets);
    }
    counter->Increment();
    histogram->Observe(std::chrono::duration<double>(took).count());
}

}  // namespace http
