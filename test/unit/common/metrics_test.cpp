// What a scrape reads.
#include "common/base/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <prometheus/counter.h>
#include <prometheus/metric_family.h>
#include <prometheus/registry.h>

#include <ctime>
#include <map>

using testing::HasSubstr;

namespace {

std::map<std::string, double> process_facts() {
    std::map<std::string, double> facts;
    for (const auto& family : base::ProcessMetrics{}.Collect()) facts[family.name] = family.metric.at(0).gauge.value;
    return facts;
}

TEST(Metrics, AreWrittenAsText) {
    prometheus::Registry registry;
    prometheus::BuildCounter().Name("things_total").Help("Things.").Register(registry).Add({{"kind", "odd"}}).Increment(3);
    const std::string text = base::exposition({&registry, nullptr});
    EXPECT_THAT(text, HasSubstr("# HELP things_total Things.\n# TYPE things_total counter\n"));
    EXPECT_THAT(text, HasSubstr("things_total{kind=\"odd\"} 3"));
}

TEST(Metrics, TellAboutTheProcess) {
    const auto facts = process_facts();
    EXPECT_GT(facts.at("process_resident_memory_bytes"), 500'000);
    EXPECT_GT(facts.at("process_cpu_seconds_total"), 0);
    EXPECT_GE(facts.at("process_open_fds"), 3);
}

TEST(Metrics, ProcessStartedAWhileAgo) {
    const double age = static_cast<double>(std::time(nullptr)) - process_facts().at("process_start_time_seconds");
    EXPECT_GT(age, -2);
    EXPECT_LT(age, 3600);
}

TEST(Metrics, BucketsRise) {
    for (const auto& buckets :
         {base::reconcile_buckets(), base::workqueue_buckets(), base::client_request_buckets(), base::http_request_buckets()}) {
        EXPECT_TRUE(std::is_sorted(buckets.begin(), buckets.end()));
    }
}

}  // namespace
