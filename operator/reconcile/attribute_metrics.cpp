#include "reconcile/attribute_metrics.h"

#include <prometheus/metric_family.h>

#include <string>

#include "api/attributes.h"
#include "quality/verdict.h"

namespace reconcile {

namespace {

prometheus::MetricFamily gauge(const char* name, const char* help) {
    prometheus::MetricFamily family;
    family.name = name;
    family.help = help;
    family.type = prometheus::MetricType::Gauge;
    return family;
}

prometheus::ClientMetric sample(const kube::Key& platform, double value) {
    prometheus::ClientMetric metric;
    metric.label = {{"namespace", platform.ns}, {"name", platform.name}};
    metric.gauge.value = value;
    return metric;
}

// Unknown is apart from both, so that neither `== 1` nor `== 0` takes it in.
double number_of(const std::string& status) {
    if (status == "True") return 1;
    return status == "False" ? 0 : -1;
}

}  // namespace

std::vector<prometheus::MetricFamily> AttributeMetrics::Collect() const {
    prometheus::MetricFamily statuses =
        gauge("ecommerceplatform_attribute_status", "Whether a platform has an attribute: 1 True, 0 False, -1 Unknown.");
    prometheus::MetricFamily scores = gauge("ecommerceplatform_score", "Part of a platform's attributes that are True, 0 to 1.");
    platforms_.for_each([&](const kube::Key& key, const KnownPlatform& known) {
        int kept = 0;
        for (const std::string_view attribute : api::kAttributes) {
            const std::string status = kube::string_at(quality::condition_of(known.platform.status, attribute), {"status"});
            if (status == "True") ++kept;
            prometheus::ClientMetric metric = sample(key, number_of(status));
            metric.label.push_back({"attribute", std::string(attribute)});
            statuses.metric.push_back(std::move(metric));
        }
        scores.metric.push_back(sample(key, static_cast<double>(kept) / static_cast<double>(api::kAttributes.size())));
    });
    if (statuses.metric.empty()) return {};
    return {std::move(statuses), std::move(scores)};
}

}  // namespace reconcile
