#include "reconcile/measurements.h"

#include <gmock/gmock.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <sstream>

#include "client/url.h"
#include "common/http/server.h"
#include "resources/objectives.h"

namespace reconcile {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const kube::Key kShop{"shop", "shop"};

class MeasurementsTest : public testing::Test {
protected:
    MeasurementsTest() {
        put_platform("{}");
        pods_ = {{"shop-gateway-1", "127.0.0.1", server_.address().port}};
        look();
    }

    void put_platform(const std::string& observability, const std::string& latency = "500ms") {
        kube::Json shop = kube::Json::parse(R"({"apiVersion": "ecommerceplatform.io/v1alpha1", "kind": "EcommercePlatform",
            "metadata": {"namespace": "shop", "name": "shop", "uid": "1"}})");
        shop["metadata"]["generation"] = ++generation_;
        shop["metadata"]["resourceVersion"] = std::to_string(generation_);
        shop["spec"]["quality"]["observability"] = kube::Json::parse(observability);
        shop["spec"]["quality"]["performance"]["latencyP99"] = latency;
        platforms_.put(shop);
    }

    // What the gateway's pod counts from now on, of requests with that status.
    void count(const char* status, int requests) {
        counted_ += std::string("http_requests_total{status=\"") + status + "\"} " + std::to_string(requests) + "\n";
    }

    void look() { look(measurements_); }
    void look(Measurements& measurements) {
        bool done = false;
        boost::asio::co_spawn(io_, measurements.look(), [&](const std::exception_ptr& error) {
            EXPECT_FALSE(error);
            done = true;
        });
        io_.restart();
        while (!done && io_.run_one_for(std::chrono::seconds(10)) > 0) {
        }
        EXPECT_TRUE(done);
    }

    std::optional<quality::Measured> seen_by(const Measurements& measurements) const {
        return measurements.of(platforms_.find(kShop)->platform);
    }
    quality::Measured measured() const { return seen_by(measurements_).value(); }

    // The Prometheus is asked, and answers from now on with `result` to each question.
    void ask_prometheus(const std::string& result) {
        put_platform(R"({"prometheusUrl": "http://127.0.0.1:)" + std::to_string(server_.address().port) + "\"}");
        counted_ = R"({"status": "success", "data": {"resultType": "vector", "result": [)" + result + "]}}";
    }

    http::Response metrics() const {
        http::Response response;
        response.status = status_;
        response.body = counted_;
        return response;
    }

    boost::asio::io_context io_;
    std::ostringstream log_;
    std::string counted_;
    int status_ = 200;
    const api::Platform& shop() const { return platforms_.find(kShop)->platform; }

    int generation_ = 0;
    std::vector<std::string> asked_;
    http::Server server_{io_,
                         {"127.0.0.1", 0},
                         [this](const http::Request& request) {
                             asked_.push_back(request.path + "?" + request.query);
                             return metrics();
                         },
                         base::Log{log_}};
    std::vector<MetricsOf> pods_;
    std::vector<kube::Key> changed_;
    base::ManualClock clock_;
    Platforms platforms_{known_platform_from, [](const kube::Key&, const auto*, const auto*) {}};
    std::string unavailable_;  // A service.
    const Measurements::IsAvailable is_available_ = [this](const kube::Key&, std::string_view service) {
        return service != unavailable_;
    };
    Measurements measurements_{io_,           platforms_, [this](const kube::Key&) { return pods_; },
                               is_available_, clock_,     [this](const kube::Key& key) { changed_.push_back(key); }};
};

TEST_F(MeasurementsTest, TellOnlyWhatIsNew) {
    EXPECT_EQ(measured(), quality::Measured{});
    EXPECT_THAT(changed_, IsEmpty());
    look();
    EXPECT_TRUE(measured().begun && !measured().any);
    EXPECT_THAT(changed_, ElementsAre(kShop));
    look();
    EXPECT_THAT(changed_, ElementsAre(kShop));
    count("200", 1000);
    look();
    EXPECT_TRUE(measured().any && measured().few_fail);
    EXPECT_EQ(changed_.size(), 2U);
    count("503", 2);
    look();
    EXPECT_FALSE(measured().few_fail);
    EXPECT_EQ(changed_.size(), 3U);
    clock_.advance(quality::Traffic::kWindow);
    look();
    EXPECT_FALSE(measured().any);
}

TEST_F(MeasurementsTest, OfOtherObjectivesSayNothing) {
    look();
    counted_ =
        "http_requests_total{status=\"200\"} 10\nhttp_request_duration_seconds_bucket{le=\"0.5\"} 1\n"
        "http_request_duration_seconds_bucket{le=\"2.5\"} 10\nhttp_request_duration_seconds_count 10\n";
    look();
    EXPECT_FALSE(measured().few_are_slow);
    put_platform("{}", "2500ms");
    EXPECT_FALSE(measured().begun);
    const std::size_t told = changed_.size();
    look();
    EXPECT_TRUE(measured().any && measured().few_are_slow) << "the same requests";
    EXPECT_EQ(changed_.size(), told + 1);
}

TEST_F(MeasurementsTest, SayWhyNothingCanBeRead) {
    status_ = 404;
    look();
    EXPECT_EQ(measured().problem, "HTTP status 404");
    status_ = 200;
    counted_ = "<html>";
    look();
    EXPECT_THAT(measured().problem, HasSubstr("<html>"));
    pods_[0].port = 1;  // Nobody listens there.
    look();
    EXPECT_EQ(measured().problem, "Connection refused");
    pods_.clear();
    look();
    EXPECT_EQ(measured().problem, "no pod of it is seen to run");
}

TEST_F(MeasurementsTest, OfOnePodAreEnough) {
    pods_.push_back({"shop-gateway-2", "127.0.0.1", 1});
    count("200", 10);
    look();
    EXPECT_EQ(measured().problem, "");
    EXPECT_TRUE(measured().any);
}

TEST_F(MeasurementsTest, ForgetAPlatformThatIsGone) {
    look();
    EXPECT_TRUE(measured().begun);
    const api::Platform gone = platforms_.find(kShop)->platform;
    platforms_.forget(kShop);
    look();
    EXPECT_FALSE(measurements_.of(gone)->begun);
}

TEST_F(MeasurementsTest, AskThePrometheusThatIsNamed) {
    ask_prometheus("");
    look();
    EXPECT_EQ(measured().problem, "it has none of the last 5 minutes");
    EXPECT_THAT(asked_, AllOf(Contains("/api/v1/query?query=" + client::percent_encode(resources::ratios(shop()).failed)),
                              Contains("/api/v1/query?query=" + client::percent_encode(resources::ratios(shop()).slow))));
    ask_prometheus(R"({"metric": {}, "value": [1, "NaN"]})");
    look();
    EXPECT_TRUE(measured().begun && !measured().any);
    ask_prometheus(R"({"metric": {}, "value": [1, "0.001"]})");
    look();
    EXPECT_TRUE(measured().any && measured().few_fail && measured().few_are_slow);
    ask_prometheus(R"({"metric": {}, "value": [1, "0.002"]})");
    look();
    EXPECT_FALSE(measured().few_fail);
}

TEST_F(MeasurementsTest, TellWhetherSpansAreTaken) {
    const std::string counter = "otel_sdk_exporter_span_exported_total";
    EXPECT_EQ(measured().spans_taken, std::nullopt);
    counted_ = counter + " 2\n";
    look();
    EXPECT_EQ(measured().spans_taken, true);
    counted_ += counter + "{error_type=\"_OTHER\"} 1\n";
    look();
    EXPECT_EQ(measured().spans_taken, false);
}

TEST_F(MeasurementsTest, AskThePrometheusWhetherSpansAreTaken) {
    const std::string url = "http://127.0.0.1:" + std::to_string(server_.address().port);
    put_platform(R"({"tracing": {"endpoint": "http://jaeger:4318"}, "prometheusUrl": ")" + url + "\"}");
    const auto answer = [&](const std::string& result) {
        counted_ = R"({"status": "success", "data": {"resultType": "vector", "result": [)" + result + "]}}";
        look();
        return measured().spans_taken;
    };
    EXPECT_EQ(answer(""), std::nullopt);
    EXPECT_THAT(asked_, Contains("/api/v1/query?query=" + client::percent_encode(resources::spans(shop()).lost)));
    EXPECT_EQ(answer(R"({"metric": {}, "value": [1, "2"]})"), false) << "some were lost, whatever else";
    EXPECT_EQ(answer(R"({"metric": {}, "value": [1, "0"]})"), false) << "none were sent since";
}

TEST_F(MeasurementsTest, AskThePrometheusWhatItReadsWhereItIsToReadTheServices) {
    const std::string url = "http://127.0.0.1:" + std::to_string(server_.address().port);
    put_platform(R"({"metrics": "ServiceMonitor", "prometheusUrl": ")" + url + "\"}");
    look();
    EXPECT_EQ(measured().scraping, quality::Scraping{.problem = "no answer of a Prometheus"});
    EXPECT_THAT(asked_, Contains("/api/v1/query?query=" + client::percent_encode(resources::services_read(shop()))));
    kube::Json answer{{"status", "success"}, {"data", {{"resultType", "vector"}}}};
    for (const char* service : {"shop-user", "shop-catalog", "shop-inventory", "shop-payment", "shop-gateway"}) {
        answer["data"]["result"].push_back({{"metric", {{"service", service}}}, {"value", {1, "2"}}});
    }
    answer["data"]["groups"] = resources::rule_groups(shop());
    for (kube::Json& rule : answer["data"]["groups"][0]["rules"]) {
        if (!rule.contains("alert")) continue;
        rule["name"] = rule["alert"];
        rule["type"] = "alerting";
    }
    counted_ = answer.dump();
    look();
    const quality::Scraping late{.awaited = {"order"}, .alerts = true};
    EXPECT_EQ(measured().scraping, late);
    EXPECT_THAT(asked_, Contains("/api/v1/rules?type=alert&exclude_alerts=true"));
    clock_.advance(std::chrono::seconds(119));
    unavailable_ = "order";
    look();
    EXPECT_EQ(measured().scraping, late) << "nobody could read it";
    unavailable_.clear();
    look();
    clock_.advance(std::chrono::seconds(119));
    look();
    EXPECT_EQ(measured().scraping, late);
    clock_.advance(std::chrono::seconds(1));
    look();
    EXPECT_EQ(measured().scraping, (quality::Scraping{.unread = {"order"}, .alerts = true}));
    counted_ = "{}";
    look();
    counted_ = answer.dump();
    look();
    EXPECT_EQ(measured().scraping, late) << "it may have begun anew";
    answer["data"]["groups"][0]["rules"].erase(answer["data"]["groups"][0]["rules"].size() - 2);
    counted_ = answer.dump();
    look();
    EXPECT_FALSE(measured().scraping->alerts) << "one is missing";
    EXPECT_TRUE(measured().scraping->alerts_awaited);
    clock_.advance(std::chrono::minutes(2));
    look();
    EXPECT_FALSE(measured().scraping->alerts_awaited);
    put_platform(R"({"prometheusUrl": ")" + url + "\"}");
    look();
    EXPECT_EQ(measured().scraping, std::nullopt) << "pods' annotations are for whoever reads them";
}

TEST_F(MeasurementsTest, SayWhyAPrometheusTellsNothing) {
    ask_prometheus("");
    status_ = 503;
    counted_ = R"({"status": "error", "errorType": "timeout", "error": "query timed out"})";
    look();
    EXPECT_EQ(measured().problem, "query timed out");
    counted_ = "Service Unavailable";
    look();
    EXPECT_EQ(measured().problem, "HTTP status 503");
    counted_ = "{" + std::string(65536, ' ');
    look();
    EXPECT_EQ(measured().problem, "body limit exceeded");
    put_platform(R"({"prometheusUrl": "http://127.0.0.1:1"})");
    look();
    EXPECT_EQ(measured().problem, "Connection refused");
    put_platform(R"({"prometheusUrl": "http://nowhere.invalid:9090"})");
    look();
    EXPECT_THAT(measured().problem, HasSubstr("its name is not known"));
}

TEST_F(MeasurementsTest, FromOutsideTheClusterNeedAPrometheus) {
    Measurements outside{io_, platforms_, nullptr, is_available_, clock_, [](const kube::Key&) {}};
    look(outside);
    EXPECT_EQ(seen_by(outside), std::nullopt);
    put_platform(R"({"metrics": "Managed"})");
    look(outside);
    EXPECT_EQ(seen_by(outside), std::nullopt);
    ask_prometheus(R"({"metric": {}, "value": [1, "0"]})");
    EXPECT_EQ(seen_by(outside), quality::Measured{});
    look(outside);
    EXPECT_TRUE(seen_by(outside)->any);
    put_platform("{}");
    EXPECT_EQ(seen_by(outside), std::nullopt);
}

}  // namespace
}  // namespace reconcile
