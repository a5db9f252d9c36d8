// What is counted of each route. Internal to the router.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>

#include <chrono>
#include <map>
#include <mutex>
#include <string>
#include <utility>

namespace prometheus {
class Registry;
}

namespace http {

// The families of all routes.
struct RouteFamilies {
    explicit RouteFamilies(prometheus::Registry& registry);

    prometheus::Family<prometheus::Counter>& requests;
    prometheus::Family<prometheus::Histogram>& durations;
    prometheus::Gauge& running;
};

// One endpoint's: remembers its time series, since finding one by its labels takes longer than many a request. Safe from several
// threads.
class RouteMetrics {
public:
    RouteMetrics(RouteFamilies& families, std::string endpoint);

    // Methods that HTTP doesn't name count as "other", so that clients can't make up time series.
    void count(const std::string& method, int status, std::chrono::steady_clock::duration took);

private:
    RouteFamilies& families_;
    std::string endpoint_;
    std::mutex mutex_;
    std::map<std::pair<std::string, int>, prometheus::Counter*> counters_;
    std::map<std::string, prometheus::Histogram*> histograms_;
};

}  // namespace http
