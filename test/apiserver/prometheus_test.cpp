// A real Prometheus, with the rules and the labels that the operator renders for the platform's own: it reads what a gateway
// counts, and the operator judges the objectives by what it answers.
#include <gmock/gmock.h>
#include <signal.h>

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <iostream>
#include <thread>
#include <variant>

#include "api/document.h"
#include "command.h"
#include "common/base/metrics.h"
#include "common/http/server.h"
#include "support/forwarder.h"

namespace apiserver {
namespace {

using testing::HasSubstr;

// Counts as a gateway does, on loopback.
class Counter {
public:
    Counter() : thread_([this] { io_.run(); }) {}
    ~Counter() { io_.stop(); }
    Counter(const Counter&) = delete;
    Counter& operator=(const Counter&) = delete;

    int port() const { return server_.address().port; }
    void count(int good, int failed) {
        good_ += good;
        failed_ += failed;
    }
    void send_spans(int taken, int lost) {
        taken_ += taken;
        lost_ += lost;
    }

private:
    http::Response metrics() const {
        const std::string all = std::to_string(good_ + failed_);
        http::Response response;
        response.content_type = base::kMetricsContentType;
        if (good_ == 0) return response;
        response.body = "http_requests_total{status=\"200\"} " + std::to_string(good_) +
                        "\nhttp_requests_total{status=\"503\"} " + std::to_string(failed_) +
                        "\nhttp_request_duration_seconds_bucket{le=\"0.5\"} " + all +
                        "\nhttp_request_duration_seconds_bucket{le=\"+Inf\"} " + all + "\nhttp_request_duration_seconds_count " +
                        all + "\notel_sdk_exporter_span_exported_total " + std::to_string(taken_) +
                        "\notel_sdk_exporter_span_exported_total{error_type=\"_OTHER\"} " + std::to_string(lost_) + "\n";
        return response;
    }

    std::atomic<int> good_ = 0;
    std::atomic<int> failed_ = 0;
    std::atomic<int> taken_ = 0;
    std::atomic<int> lost_ = 0;
    boost::asio::io_context io_;
    http::Server server_{
        io_, {"127.0.0.1", 0}, [this](const http::Request&) { return metrics(); }, base::Log(std::cerr, base::Level::Error)};
    std::jthread thread_;
};

// The platform's own, but for where it finds the services' pods and how often it reads them.
class Prometheus {
public:
    // It reads the gateway alone.
    Prometheus(const Json& platform, int gateway_port, bool has_alerts = true)
        : folder_(Cluster::get().scratch() + "/prometheus-" + std::to_string(::getpid())), port_(support::free_port()) {
        std::filesystem::create_directories(folder_);
        const File file(platform.dump());
        const support::Finished rendered = run_operator({"render", "-f", file.path()});
        const Json files = config_map_in(rendered.output);
        config_ = read(files.at("prometheus.yml"));
        config_["global"] = {{"scrape_interval", "200ms"}, {"scrape_timeout", "200ms"}};
        config_["rule_files"] = Json::array({folder_ + "/rules.yml"});
        EXPECT_EQ(config_["scrape_configs"].back()["job_name"], "api-gateway");
        const std::string target = "127.0.0.1:" + std::to_string(gateway_port);
        for (Json& service : config_["scrape_configs"]) {
            service.erase("dns_sd_configs");
            service["static_configs"] = Json::array({{{"targets", Json::array({target})}}});
        }
        support::write_file(folder_ + "/rules.yml", files.at("rules.yml"));
        configure(1, has_alerts);
        process_ = std::make_unique<support::Background>(
            std::vector<std::string>{"prometheus", "--config.file=" + folder_ + "/prometheus.yml",
                                     "--storage.tsdb.path=" + folder_ + "/data",
                                     "--web.listen-address=127.0.0.1:" + std::to_string(port_)},
            folder_ + "/log");
    }
    ~Prometheus() {
        process_.reset();
        std::filesystem::remove_all(folder_);
    }
    Prometheus(const Prometheus&) = delete;
    Prometheus& operator=(const Prometheus&) = delete;

    // Only the last services are read, and alerts are loaded or not.
    void configure(int services, bool has_alerts) {
        Json config = config_;
        Json& all = config["scrape_configs"];
        all.erase(all.begin(), all.end() - services);
        if (!has_alerts) config.erase("rule_files");
        support::write_file(folder_ + "/prometheus.yml", config.dump());
        if (process_) process_->signal(SIGHUP);
    }

    std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
    std::string log() const { return support::read_file(folder_ + "/log"); }

private:
    static Json read(const std::string& yaml) { return std::get<Json>(api::read_document(yaml)); }

    static Json config_map_in(const std::string& rendered) {
        for (const Json& object : objects_in(rendered)) {
            if (object.at("kind") == "ConfigMap" && object.at("metadata").at("name") == "shop-prometheus")
                return object.at("data");
        }
        ADD_FAILURE() << "no ConfigMap shop-prometheus in\n" << rendered;
        return Json::object();
    }

    std::string folder_;
    std::uint16_t port_;
    Json config_;
    std::unique_ptr<support::Background> process_;
};

class ObjectivesByPrometheus : public OperatorTest {
protected:
    bool are(const std::string& status, const std::string& words) const {
        return eventually([&] {
            return condition(get("ecp", "shop"), "Performant") == status &&
                   promise("Objectives").value("evidence", "").find(words) != std::string::npos;
        });
    }
};

TEST_F(ObjectivesByPrometheus, AreUnknownThenMissedThenMet) {
    Counter gateway;
    Json platform = sample("minimal", {{"spec", {{"quality", {{"observability", {{"metrics", "Managed"}}}}}}}});
    const Prometheus prometheus(platform, gateway.port());
    platform["spec"]["quality"]["observability"]["prometheusUrl"] = prometheus.url();
    start_operator();
    apply(platform);
    ASSERT_TRUE(ready());
    EXPECT_TRUE(are("Unknown", "Prometheus at " + prometheus.url() + " tells nothing of its requests: it has none"))
        << promise("Objectives") << prometheus.log();
    gateway.count(1000, 0);
    EXPECT_TRUE(are("Unknown", "no request was seen in the last 5 minutes")) << promise("Objectives") << prometheus.log();
    gateway.count(1000, 10);
    EXPECT_TRUE(are("False", "more than 0.1 % failed")) << promise("Objectives") << prometheus.log();
    gateway.count(1'000'000, 0);
    EXPECT_TRUE(are("True", "says Prometheus at " + prometheus.url())) << promise("Objectives") << prometheus.log();
}

TEST_F(ObjectivesByPrometheus, CountOnOneThatReadsTheServicesAndHasTheAlerts) {
    Counter services;
    services.count(1000, 0);
    Json platform = sample("minimal", {{"spec", {{"quality", {{"observability", {{"metrics", "Managed"}}}}}}}});
    Prometheus prometheus(platform, services.port(), false);
    platform["spec"]["quality"]["observability"]["prometheusUrl"] = prometheus.url();
    start_operator();
    apply(platform);
    ASSERT_TRUE(ready());
    EXPECT_TRUE(says("Metrics", "Unknown", "does not read yet user, catalog, inventory, order, payment")) << promise("Metrics");
    const auto reads_none = [&] {
        return promise("Metrics").value("evidence", "").find("reads no pod of user, catalog, inventory, order, payment") !=
               std::string::npos;
    };
    EXPECT_TRUE(eventually(reads_none, 150s)) << promise("Metrics");
    EXPECT_EQ(condition(get("ecp", "shop"), "Observable"), "False");
    prometheus.configure(6, false);
    EXPECT_TRUE(says("Metrics", "False", "has not loaded the alerts")) << promise("Metrics") << prometheus.log();
    prometheus.configure(6, true);
    EXPECT_TRUE(says("Metrics", "True", "reads every service and has loaded the alerts")) << promise("Metrics");
}

TEST_F(ObjectivesByPrometheus, GoWithTracesThatAreTakenOrNot) {
    Counter gateway;
    gateway.count(1000, 0);
    const Json traced{{"metrics", "Managed"}, {"tracing", {{"endpoint", "http://jaeger.tracing:4318"}}}};
    Json platform = sample("minimal", {{"spec", {{"quality", {{"observability", traced}}}}}});
    const Prometheus prometheus(platform, gateway.port());
    platform["spec"]["quality"]["observability"]["prometheusUrl"] = prometheus.url();
    start_operator();
    apply(platform);
    ASSERT_TRUE(ready());
    EXPECT_TRUE(says("Tracing", "Unknown", "was not seen to send any")) << promise("Tracing");
    gateway.send_spans(10, 5);
    EXPECT_TRUE(says("Tracing", "False", "the last were not taken")) << promise("Tracing") << prometheus.log();
    gateway.send_spans(10, 0);
    const auto are_taken = [&] {
        gateway.send_spans(1, 0);
        return promise("Tracing").value("status", "") == "True";
    };
    EXPECT_TRUE(eventually(are_taken, 100s)) << promise("Tracing") << prometheus.log();
}

TEST_F(ObjectivesByPrometheus, ComeFromOneThatThePlatformRunsAndWhoseVolumeStays) {
    start_operator();
    apply(sample("minimal", {{"spec", {{"quality", {{"observability", {{"metrics", "Managed"}}}}}}}}));
    ASSERT_TRUE(ready());
    EXPECT_TRUE(says("Metrics", "Unknown", "it runs outside the cluster")) << promise("Metrics");
    EXPECT_EQ(get("ecp", "shop")["status"]["data"], "3/3");
    patch_platform({{"spec", {{"quality", {{"observability", {{"metrics", "None"}}}}}}}});
    EXPECT_TRUE(eventually([&] { return !find("statefulset", "shop-prometheus") && !find("service", "shop-user-headless"); }));
    EXPECT_TRUE(find("persistentvolumeclaim", "data-shop-prometheus-0"));
}

}  // namespace
}  // namespace apiserver
