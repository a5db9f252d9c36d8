// What every service is told from outside while it runs, and what it tells: settings, log level, faults, TLS, metrics, logs and
// spans. By the one that needs no data store; the frame is the same for all.
#include <gmock/gmock.h>

#include <filesystem>
#include <set>
#include <sstream>

#include "common/http/message.h"
#include "fake_upstream.h"
#include "harness.h"

namespace services {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;

const char* const kTrace = "4bf92f3577b34da6a3ce929d0e0e4736";
const char* const kParent = "00f067aa0ba902b7";

class RunningProcess : public testing::Test {
protected:
    RunningProcess() : process_(sandbox_, "simulator") {}

    support::Answer ask(const std::string& path = "/v1/ledger") {
        return process_.client().get(path, {{"traceparent", std::string("00-") + kTrace + "-" + kParent + "-01"}});
    }
    std::vector<Json> log_lines() const {
        std::vector<Json> lines;
        std::istringstream text(process_.log());
        for (std::string line; std::getline(text, line);) {
            if (line.starts_with('{')) lines.push_back(Json::parse(line));
        }
        return lines;
    }
    std::string level() { return process_.admin().get("/loglevel").body; }
    void set_level(const std::string& level) { ASSERT_EQ(process_.admin().request("PUT", "/loglevel", level).status, 200); }

    Sandbox sandbox_;
    ServiceProcess process_;
};

TEST_F(RunningProcess, FollowsItsConfigurationFile) {
    process_.set_config("logLevel: warn\napiTimeout: 30s\n");
    process_.start();
    EXPECT_EQ(level(), "warn\n");
    process_.set_config("logLevel: debug\n");
    EXPECT_TRUE(eventually([&] { return level() == "debug\n"; }));
    process_.set_config("logLevel: loud\n");
    EXPECT_TRUE(eventually([&] { return process_.log().find("logLevel must be") != std::string::npos; }));
    EXPECT_EQ(level(), "debug\n");
    process_.set_config("logLevel: error\n");
    EXPECT_TRUE(eventually([&] { return level() == "error\n"; }));
}

TEST_F(RunningProcess, FollowsTheTimeoutOfItsConfigurationFile) {
    process_.set_config("apiTimeout: 30s\n");
    process_.start();
    EXPECT_EQ(ask().status, 200);
    process_.set_config("apiTimeout: 1ms\n");  // Of which no whole millisecond is left when a request begins.
    EXPECT_TRUE(eventually([&] { return ask().status == 504; }));
}

TEST_F(RunningProcess, TakesALogLevelAndLogsRequestsWithTheirTrace) {
    process_.start();
    ask();
    EXPECT_THAT(process_.log(), Not(HasSubstr(kTrace)));
    set_level("debug");
    ask();
    ASSERT_TRUE(eventually([&] { return process_.log().find(kTrace) != std::string::npos; }));
    bool found = false;
    for (const Json& line : log_lines()) {
        if (line.value("trace_id", "") != kTrace) continue;
        found = true;
        EXPECT_EQ(line["service"], "payment-provider-simulator");
        EXPECT_EQ(line["path"], "/v1/ledger");
        EXPECT_EQ(line["status"], 200);
        EXPECT_FALSE(line["request_id"].get<std::string>().empty());
    }
    EXPECT_TRUE(found);
    EXPECT_EQ(process_.admin().request("PUT", "/loglevel", "loud").status, 400);
    EXPECT_EQ(level(), "debug\n");
}

TEST_F(RunningProcess, CopiesItsLogForAnAgentBesideIt) {
    const std::string copy = sandbox_.folder() + "/service.log";
    process_.set("LOG_FILE", copy);
    process_.start();
    set_level("debug");
    ask();
    EXPECT_EQ(process_.stop(), 0);
    EXPECT_EQ(support::read_file(copy), process_.log());
    EXPECT_THAT(process_.log(), HasSubstr(kTrace));
}

TEST_F(RunningProcess, ServesThoughThereIsNoRoomForTheCopy) {
    const std::string copy = sandbox_.folder() + "/service.log";
    std::filesystem::create_symlink("/dev/full", copy);
    process_.set("LOG_FILE", copy);
    process_.start();
    EXPECT_EQ(ask().status, 200);
    EXPECT_THAT(process_.log(), HasSubstr("the log file can't be written"));
    EXPECT_EQ(process_.stop(), 0);
}

TEST_F(RunningProcess, LogsNoSecretThatAPathHas) {
    process_.start();
    set_level("debug");
    process_.client().get("/v1/4111111111111111/eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJhIn0.c2ln");
    ASSERT_TRUE(eventually([&] { return process_.log().find("[redacted]") != std::string::npos; }));
    EXPECT_THAT(process_.log(), Not(HasSubstr("4111111111111111")));
    EXPECT_THAT(process_.log(), Not(HasSubstr("eyJ")));
}

TEST_F(RunningProcess, HasNoFaultsUnlessItIsToldSo) {
    process_.set("FAULT_INJECTION", "");
    process_.start();
    EXPECT_EQ(process_.admin().get("/faults").status, 404);
    EXPECT_EQ(process_.admin().put("/faults", Json{{"error_share", 1}}).status, 405);
    EXPECT_EQ(ask().status, 200);
}

TEST_F(RunningProcess, InjectsTheFaultsThatItIsTold) {
    process_.start();
    ASSERT_EQ(process_.admin().put("/faults", Json{{"error_share", 1}}).status, 200);
    EXPECT_EQ(ask().status, 500);
    ASSERT_EQ(process_.admin().put("/faults", Json{{"lost_share", 1}}).status, 200);
    EXPECT_THROW(ask(), support::NoAnswer);
    EXPECT_EQ(process_.admin().put("/faults", Json{{"lost_share", 2}, {"delay_ms", -1}}).json()["errors"].size(), 2U);
    ASSERT_EQ(process_.admin().put("/faults", Json::object()).status, 200);
    EXPECT_EQ(ask().status, 200);
    EXPECT_EQ(process_.admin().get("/readyz").status, 200);  // The probes never have any.
}

TEST_F(RunningProcess, SpeaksTlsWhenItHasACertificate) {
    const std::string key = sandbox_.folder() + "/tls.key", certificate = sandbox_.folder() + "/tls.crt";
    const support::Finished made =
        support::run({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key,
                      "-out", certificate, "-days", "1", "-subj", "/CN=simulator", "-addext", "subjectAltName=IP:127.0.0.1"});
    ASSERT_EQ(made.status, 0) << made.output;
    process_.set("TLS_CERT_FILE", certificate);
    process_.set("TLS_KEY_FILE", key);
    process_.start();
    const std::string url = "https://127.0.0.1:" + std::to_string(process_.port()) + "/v1/ledger";
    const support::Finished asked = support::run({"curl", "-sS", "--noproxy", "*", "--cacert", certificate, url});
    EXPECT_EQ(asked.status, 0) << asked.output;
    EXPECT_THAT(asked.output, HasSubstr("entries"));
}

TEST_F(RunningProcess, CountsRequestsByTheTemplateOfTheirRoute) {
    process_.start();
    ask();
    ask("/v1/authorizations?reference=unknown-1");
    ask("/nothing/there");
    const auto count = [&](const std::string& endpoint, int status) {
        return process_.metric("http_requests_total{endpoint=\"" + endpoint + "\",method=\"GET\",status=\"" +
                               std::to_string(status) + "\"}");
    };
    EXPECT_EQ(count("/v1/ledger", 200), 1);
    EXPECT_EQ(count("unmatched", 404), 1);
    EXPECT_EQ(process_.metric("http_request_duration_seconds_count{endpoint=\"/v1/ledger\",method=\"GET\"}"), 1);
    EXPECT_THAT(process_.admin().get("/metrics").body, Not(HasSubstr("unknown-1")));
}

TEST_F(RunningProcess, SendsItsSpansToTheCollector) {
    FakeUpstream collector;
    collector.answer([](const http::Request&) { return http::Response{.body = "{}", .headers = {}}; });
    process_.set("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url());
    process_.set("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment=tests,service.version=9");
    process_.start();
    ask();
    EXPECT_EQ(process_.stop(), 0);  // What is left is sent before it ends.
    std::set<std::string> resource;
    Json span;
    for (const http::Request& request : collector.requests()) {
        EXPECT_EQ(request.path, "/v1/traces");
        EXPECT_EQ(http::find(request.headers, "Content-Type"), "application/json");
        const Json sent = Json::parse(request.body)["resourceSpans"][0];
        for (const Json& each : sent["resource"]["attributes"]) {
            resource.insert(each["key"].get<std::string>() + "=" + each["value"]["stringValue"].get<std::string>());
        }
        for (const Json& each : sent["scopeSpans"][0]["spans"]) {
            if (each["traceId"] == kTrace) span = each;
        }
    }
    EXPECT_THAT(resource, Contains("service.name=payment-provider-simulator"));
    EXPECT_THAT(resource, Contains("deployment.environment=tests"));
    ASSERT_TRUE(span.is_object());
    EXPECT_EQ(span["parentSpanId"], kParent);
    EXPECT_EQ(span["name"], "GET /v1/ledger");
    EXPECT_EQ(span["kind"], 2);
}

TEST_F(RunningProcess, ServesAndEndsThoughTheCollectorIsSilent) {
    FakeUpstream collector;
    collector.delay(60s);
    process_.set("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url());
    process_.start();
    EXPECT_EQ(ask().status, 200);
    ASSERT_TRUE(eventually([&] { return collector.count() > 0; }));
    EXPECT_EQ(ask().status, 200);
    EXPECT_EQ(process_.stop(), 0);
}

}  // namespace
}  // namespace services
