#include "quality/traffic.h"

#include <gmock/gmock.h>

#include <cmath>

namespace quality {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;

constexpr const char* kMetrics = R"(# HELP http_requests_total Requests that were answered.
# TYPE http_requests_total counter
http_requests_total{endpoint="/api/v1/products/{id}",method="GET",status="200"} 90
http_requests_total{endpoint="unmatched \"}\\",method="GET",status="404"} 6 1700000000000
http_requests_total{status="503",method="GET"} 4
http_requests_total_of_another{status="500"} 1000
http_request_duration_seconds_bucket{method="GET",le="0.25"} 70
http_request_duration_seconds_bucket{method="GET",le="0.5"} 95
http_request_duration_seconds_bucket{method="GET",le="+Inf"} 100
http_request_duration_seconds_count{method="GET"} 1e2
http_request_duration_seconds_sum{method="GET"} 12.5
db_connections NaN
)";

TEST(Requests, AreReadFromPrometheusText) {
    const Requests requests = requests_from(kMetrics);
    EXPECT_EQ(requests.all, 100);
    EXPECT_EQ(requests.failed, 4);
    EXPECT_EQ(requests.timed, 100);
    EXPECT_THAT(requests.within, testing::ElementsAre(0, 0, 70, 95, 0, 0, 0, 0));
    EXPECT_EQ(requests_from("").all, 0);
}

TEST(Requests, OfNonsenseAreRefusedWithTheLine) {
    for (const char* line : {"<html>", "http_requests_total", "http_requests_total{", "http_requests_total{a=\"b} 1",
                             "http_requests_total{a=\"b\"}", "http_requests_total{a=\"b\"} x", "http_requests_total{a=b} 1",
                             "http_requests_total{a=\"b\"} -1", "http_requests_total{a=\"b\"} NaN", "http_requests_total{a=\"\\",
                             "http_request_duration_seconds_bucket{le=\"much\"} 1"}) {
        EXPECT_THAT([&] { requests_from(line); }, testing::ThrowsMessage<std::invalid_argument>(HasSubstr(line))) << line;
    }
}

class TrafficTest : public testing::Test {
protected:
    static Requests counted(double all, double failed) { return {.all = all, .failed = failed, .timed = all}; }
    Requests now() { return traffic_.of_window(time_).value(); }

    Traffic traffic_;
    Traffic::Time time_{};
};

TEST(Requests, HaveSpansThatWereTakenAndThatWereLost) {
    const Requests requests = requests_from(
        "otel_sdk_exporter_span_exported_total 5\notel_sdk_exporter_span_exported_total{error_type=\"_OTHER\"} 2\n");
    EXPECT_EQ(requests.spans, 5);
    EXPECT_EQ(requests.lost, 2);
}

TEST_F(TrafficTest, KnowsWhetherTheLastSpansOfEveryPodWereTaken) {
    const auto see = [&](const char* pod, double spans, double lost) {
        traffic_.add(pod, {.spans = spans, .lost = lost}, time_);
    };
    see("a", 1, 1);
    see("b", 0, 0);
    EXPECT_EQ(traffic_.spans_taken(), std::nullopt) << "whenever that was";
    see("a", 2, 1);
    EXPECT_EQ(traffic_.spans_taken(), true);
    see("b", 0, 3);
    EXPECT_EQ(traffic_.spans_taken(), false);
    see("b", 0, 3);
    EXPECT_EQ(traffic_.spans_taken(), false) << "none was sent since";
    see("b", 1, 3);
    EXPECT_EQ(traffic_.spans_taken(), true);
    traffic_.keep_pods([](const std::string&) { return false; });
    EXPECT_EQ(traffic_.spans_taken(), std::nullopt);
}

TEST_F(TrafficTest, IsWhatCameSinceAPodWasFirstSeen) {
    traffic_.add("a", counted(1000, 100), time_);
    EXPECT_FALSE(traffic_.of_window(time_));
    traffic_.add("a", counted(1010, 101), time_);
    traffic_.add("b", counted(7, 7), time_);
    traffic_.add("b", counted(8, 7), time_);
    EXPECT_EQ(now().all, 11);
    EXPECT_EQ(now().failed, 1);
}

TEST_F(TrafficTest, OfAProcessThatBeganAnewIsAllThatItCounts) {
    traffic_.add("a", counted(1000, 0), time_);
    traffic_.add("a", counted(5, 1), time_);
    EXPECT_EQ(now().all, 5);
    EXPECT_EQ(now().failed, 1);
}

TEST_F(TrafficTest, IsForgottenAfterItsWindow) {
    traffic_.add("a", counted(0, 0), time_);
    traffic_.add("a", counted(10, 10), time_);
    time_ += Traffic::kWindow - seconds(1);
    traffic_.add("a", counted(30, 10), time_);
    EXPECT_EQ(now().all, 30);
    time_ += seconds(1);
    EXPECT_EQ(now().all, 20);
    EXPECT_EQ(now().failed, 0);
}

TEST_F(TrafficTest, OfAPodThatIsGoneStays) {
    traffic_.add("a", counted(0, 0), time_);
    traffic_.add("a", counted(10, 0), time_);
    traffic_.keep_pods([](const std::string&) { return false; });
    EXPECT_EQ(now().all, 10);
    traffic_.add("a", counted(100, 0), time_);  // Another of its name.
    EXPECT_EQ(now().all, 10);
}

TEST(Measured, KnowsEveryLatencyThatMayBeWanted) {
    const std::array<const char*, 8> wanted{"50ms", "100ms", "250ms", "500ms", "1s", "2500ms", "5s", "10s"};
    for (std::size_t bound = 0; bound < wanted.size(); ++bound) {
        Requests requests{.all = 100, .timed = 100};
        EXPECT_FALSE(measured_from(requests, {wanted[bound], "1"}).few_are_slow) << wanted[bound];
        requests.within[bound] = 100;
        EXPECT_TRUE(measured_from(requests, {wanted[bound], "1"}).few_are_slow) << wanted[bound];
    }
    EXPECT_THROW(measured_from(Requests{}, {"300ms", "1"}), std::invalid_argument);
}

TEST(Measured, ComparesWithTheObjectives) {
    const api::Objectives objectives{"500ms", "0.1"};
    const auto measured = [&](double all, double failed, double slow) {
        Requests requests{.all = all, .failed = failed, .timed = all};
        requests.within = {0, 0, 0, all - slow, all, all, all, all};
        return measured_from(requests, objectives);
    };
    EXPECT_FALSE(measured_from(std::nullopt, objectives).begun);
    EXPECT_TRUE(measured(0, 0, 0).begun);
    EXPECT_FALSE(measured(0, 0, 0).any);
    EXPECT_EQ(measured(1000, 1, 10),
              (Measured{.problem = "", .begun = true, .any = true, .few_fail = true, .few_are_slow = true}));
    EXPECT_EQ(measured(1000, 2, 10),
              (Measured{.problem = "", .begun = true, .any = true, .few_fail = false, .few_are_slow = true}));
    EXPECT_EQ(measured(1000, 1, 11),
              (Measured{.problem = "", .begun = true, .any = true, .few_fail = true, .few_are_slow = false}));
    EXPECT_EQ(measured_from(0.001, 0.01, objectives), measured(1000, 1, 10));
    EXPECT_EQ(measured_from(0.0011, 0.01, objectives), measured(1000, 2, 10));
    EXPECT_EQ(measured_from(0, 0.011, objectives), measured(1000, 0, 11));
    EXPECT_EQ(measured_from(std::nan(""), std::nan(""), objectives), measured(0, 0, 0));
}

}  // namespace
}  // namespace quality
