// What probes and scrapes are told.
#include "runtime/endpoints.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <prometheus/counter.h>
#include <prometheus/registry.h>

using runtime::Checks;
using runtime::Endpoints;
using testing::HasSubstr;

namespace {

http::Request get(const std::string& path, const std::string& query = "") {
    return {.method = "GET", .path = path, .query = query, .headers = {}, .body = {}, .peer = {}};
}

const Checks kFine{{"ping", [] { return std::nullopt; }}};
const Checks kMixed{{"cache", [] { return "still filling"; }}, {"ping", [] { return std::nullopt; }}};

TEST(Endpoints, AreAliveWhenEveryCheckIsFine) {
    const http::Response response = Endpoints({}, kFine, kMixed)(get("/livez"));
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.body, "ok\n");
}

TEST(Endpoints, AreNotReadyWhileACheckFails) {
    const http::Response response = Endpoints({}, kFine, kMixed)(get("/readyz"));
    EXPECT_EQ(response.status, 503);
    EXPECT_EQ(response.body, "[-]cache failed: still filling\n[+]ping ok\nreadyz check failed\n");
}

TEST(Endpoints, NameEveryCheckWhenVerbose) {
    EXPECT_EQ(Endpoints({}, kFine, {})(get("/livez", "verbose")).body, "[+]ping ok\nlivez check passed\n");
}

TEST(Endpoints, AskTheChecksAnewEachTime) {
    bool filled = false;
    const Endpoints endpoints({}, {}, {{"cache", [&]() -> std::optional<std::string> {
                                            if (filled) return {};
                                            return "still filling";
                                        }}});
    EXPECT_EQ(endpoints(get("/readyz")).status, 503);
    filled = true;
    EXPECT_EQ(endpoints(get("/readyz")).status, 200);
}

TEST(Endpoints, ShowMetricsAsText) {
    prometheus::Registry registry;
    prometheus::BuildCounter().Name("things_total").Help("Things.").Register(registry).Add({}).Increment();
    const http::Response response = Endpoints({&registry}, {}, {})(get("/metrics"));
    EXPECT_EQ(response.content_type, "text/plain; version=0.0.4; charset=utf-8");
    EXPECT_THAT(response.body, HasSubstr("things_total 1"));
}

TEST(Endpoints, KnowNoOtherPath) {
    for (const char* path : {"/", "/metrics/", "/livezz", "*", ""})
        EXPECT_EQ(Endpoints({}, {}, {})(get(path)).status, 404) << path;
}

TEST(Endpoints, AreReadOnly) {
    http::Request request = get("/metrics");
    request.method = "POST";
    const http::Response response = Endpoints({}, {}, {})(request);
    EXPECT_EQ(response.status, 405);
    EXPECT_EQ(http::find(response.headers, "Allow"), "GET, HEAD");
}

}  // namespace
