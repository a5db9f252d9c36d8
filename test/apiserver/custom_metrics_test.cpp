// An autoscaler that counts by a metric of the pods: what the platform says while no API serves it, and that it scales once one
// does.
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <iostream>
#include <sstream>
#include <thread>

#include "cluster.h"
#include "common/http/input.h"
#include "common/http/server.h"

namespace apiserver {
namespace {

// Serves custom.metrics.k8s.io for as long as it lives, as an adapter does: of each pod that is asked for its share of `total`.
class MetricsAdapter {
public:
    MetricsAdapter(const Operated& in, int total) : in_(in), total_(total) {
        const std::string file = Cluster::get().scratch() + "/metrics-adapter";
        const support::Finished made =
            support::run({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
                          "/CN=adapter", "-keyout", file + ".key", "-out", file + ".crt"});
        EXPECT_EQ(made.status, 0) << made.output;
        http::ServerOptions options;
        options.tls = http::Tls{file + ".crt", file + ".key"};
        server_ = std::make_unique<http::Server>(io_, http::Address{"", 0}, Handler{this},
                                                 base::Log(std::cerr, base::Level::Error), std::move(options));
        thread_ = std::thread([this] { io_.run(); });
        register_api();
    }
    ~MetricsAdapter() {
        // Without its API, namespaces could not be deleted.
        Cluster::get().kubectl({"delete", "apiservice", kApi});
        io_.stop();
        thread_.join();
    }
    MetricsAdapter(const MetricsAdapter&) = delete;
    MetricsAdapter& operator=(const MetricsAdapter&) = delete;

private:
    static constexpr const char* kApi = "v1beta2.custom.metrics.k8s.io";
    static constexpr const char* kGroupVersion = "custom.metrics.k8s.io/v1beta2";

    struct Handler {
        boost::asio::awaitable<http::Response> operator()(http::Request request) const {
            return adapter->answer(std::move(request));
        }
        MetricsAdapter* adapter;
    };

    boost::asio::awaitable<http::Response> answer(http::Request request) {
        const std::string root = std::string("/apis/") + kGroupVersion;
        const std::string path = http::percent_decoded(request.path).value_or("");
        http::Response response;
        if (path == root) {
            const Json pods{{"name", "pods/http_requests_per_second"},
                            {"singularName", ""},
                            {"namespaced", true},
                            {"kind", "MetricValueList"},
                            {"verbs", {"get"}}};
            const Json resources{{"kind", "APIResourceList"},
                                 {"apiVersion", "v1"},
                                 {"groupVersion", kGroupVersion},
                                 {"resources", Json::array({pods})}};
            response.body = resources.dump();
        } else if (path == root + "/namespaces/" + in_.ns() + "/pods/*/http_requests_per_second") {
            response.body = shares(http::Query(request).text("labelSelector").value_or("")).dump();
        } else {
            response.status = 404;
        }
        co_return response;
    }

    Json shares(const std::string& selector) const {
        std::istringstream names(
            in_.kubectl({"get", "pods", "-l", selector, "--field-selector=status.phase=Running", "-o", "name"}).output);
        std::vector<std::string> pods;
        for (std::string name; names >> name;) pods.push_back(name.substr(name.find('/') + 1));
        Json items = Json::array();
        for (const std::string& pod : pods) {
            items.push_back({{"describedObject", {{"kind", "Pod"}, {"apiVersion", "v1"}, {"namespace", in_.ns()}, {"name", pod}}},
                             {"metric", {{"name", "http_requests_per_second"}}},
                             {"timestamp", "2026-01-01T00:00:00Z"},
                             {"value", std::to_string(total_ * 1000 / static_cast<int>(pods.size())) + "m"}});
        }
        return {{"kind", "MetricValueList"}, {"apiVersion", kGroupVersion}, {"metadata", Json::object()}, {"items", items}};
    }

    void register_api() const {
        const int port = server_->address().port;
        const Json service{
            {"apiVersion", "v1"},
            {"kind", "Service"},
            {"metadata", {{"name", "metrics-adapter"}}},
            {"spec", {{"type", "ExternalName"}, {"externalName", "localhost"}, {"ports", Json::array({{{"port", port}}})}}}};
        const Json api{{"apiVersion", "apiregistration.k8s.io/v1"},
                       {"kind", "APIService"},
                       {"metadata", {{"name", kApi}}},
                       {"spec",
                        {{"group", "custom.metrics.k8s.io"},
                         {"version", "v1beta2"},
                         {"groupPriorityMinimum", 100},
                         {"versionPriority", 100},
                         {"insecureSkipTLSVerify", true},
                         {"service", {{"name", "metrics-adapter"}, {"namespace", in_.ns()}, {"port", port}}}}}};
        for (const Json& object : {service, api}) {
            const support::Finished applied = in_.kubectl({"apply", "-f", "-"}, object.dump());
            EXPECT_EQ(applied.status, 0) << applied.output;
        }
    }

    const Operated& in_;
    const int total_;
    boost::asio::io_context io_;
    std::unique_ptr<http::Server> server_;
    std::thread thread_;
};

class CustomMetrics : public OperatorTest {
protected:
    // Until the other metrics are there, there is more to say.
    bool scalable_says(const std::string& words) const {
        return eventually([&] { return said().find(words) != std::string::npos; }, 120s);
    }
    std::string said() const { return condition(get("ecp", "shop"), "Scalable", "message"); }
};

TEST_F(CustomMetrics, AreScaledByAsSoonAsTheClusterServesThem) {
    start_operator();
    const Json targets{{"podMetrics", Json::array({{{"name", "http_requests_per_second"}, {"averageValue", 100}}})}};
    apply(sample("minimal", {{"spec",
                              {{"quality", {{"scalability", {{"behavior", {{"scaleUpWindow", "0s"}}}}}}},
                               {"services", {{"catalog", {{"targets", targets}}}}}}}}));
    ASSERT_TRUE(ready());
    ASSERT_TRUE(scalable_says("catalog: it does not scale: FailedGetPodsMetric. Have the custom metrics API answer")) << said();

    const MetricsAdapter adapter(*this, 500);
    EXPECT_TRUE(scalable_says("Kept:")) << said();
    EXPECT_TRUE(eventually([&] { return get("deployment", "shop-catalog")["status"].value("readyReplicas", 0) == 5; }, 120s))
        << get("hpa", "shop-catalog")["status"].dump(2);
    EXPECT_EQ(get("hpa", "shop-catalog")["spec"]["metrics"].size(), 3U);
}

}  // namespace
}  // namespace apiserver
