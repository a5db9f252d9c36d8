// How many requests, with which outcome, and how long they took; named as client-go names them, so that its dashboards fit.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <utility>

namespace prometheus {
class Counter;
class Histogram;
class Registry;
template <typename T>
class Family;
}  // namespace prometheus

namespace client {

class RequestMetrics {
public:
    // `registry` may be null and must outlive this.
    RequestMetrics(prometheus::Registry* registry, std::string host);

    // `code` is 0 where there was no answer.
    void observe(const std::string& method, int code, std::chrono::duration<double> took);

private:
    std::string host_;
    prometheus::Family<prometheus::Counter>* requests_ = nullptr;
    prometheus::Family<prometheus::Histogram>* durations_ = nullptr;
    // By method and code, and by method: so that a request looks no labels up.
    std::map<std::pair<std::string, int>, prometheus::Counter*> counters_;
    std::map<std::string, prometheus::Histogram*> histograms_;
};

}  // namespace client
