#include "cli/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace cli {
namespace {

using kube::Json;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

Json document(Json spec, Json status = nullptr) {
    Json json{{"apiVersion", "ecommerceplatform.io/v1alpha1"},
              {"kind", "EcommercePlatform"},
              {"metadata", {{"name", "shop"}, {"namespace", "trade"}}},
              {"spec", std::move(spec)}};
    if (!status.is_null()) json["status"] = std::move(status);
    return json;
}

Report of_file(const Json& spec) {
    return report_of_file(api::platform_from(document(spec)), "shop.yaml");
}

const Report::Attribute& attribute(const Report& report, std::string_view name) {
    return *std::ranges::find(report.attributes, name, &Report::Attribute::name);
}

const Report::Promise& promise(const Report& report, std::string_view of, std::string_view name) {
    return *std::ranges::find(attribute(report, of).promises, name, &Report::Promise::name);
}

Json event(const std::string& name, const std::string& time, const std::string& note) {
    return {
        {"regarding", {{"kind", "EcommercePlatform"}, {"name", name}}}, {"eventTime", time}, {"type", "Warning"}, {"note", note}};
}

Json status() {
    return {{"attributes", "0/8"},
            {"conditions", Json::array({{{"type", "Ready"}, {"status", "False"}, {"message", "Not ready: order."}},
                                        {{"type", "Reliable"},
                                         {"status", "False"},
                                         {"reason", "ZoneSpread"},
                                         {"lastTransitionTime", "2026-01-02T03:04:05Z"}}})},
            {"promises", Json::array({{{"attribute", "Reliable"},
                                       {"name", "ZoneSpread"},
                                       {"component", "payment"},
                                       {"status", "False"},
                                       {"evidence", "all replicas run in zone <a>"},
                                       {"cure", "Have nodes in another zone & wait."}}})},
            {"components", Json::array({{{"name", "order"}, {"kind", "Deployment"}, {"ready", 1}, {"desired", 3}}})}};
}

TEST(Report, OfAFileSaysWhatIsPromised) {
    const Report report = of_file(Json::object());
    EXPECT_EQ(report.attributes.size(), 8u);
    EXPECT_EQ(attribute(report, "Scalable").status, "Promised");
    EXPECT_EQ(promise(report, "Reliable", "ZoneSpread").status, "Promised");
    EXPECT_EQ(promise(report, "Recoverable", "Backup").components, "postgres, redis, rabbitmq");
    EXPECT_THAT(to_text(report),
                AllOf(HasSubstr("trade/shop: version 1.0.0, from shop.yaml"),
                      HasSubstr("The loss of any zone leaves a replica of a service"), Not(HasSubstr("\nReady is"))));
}

TEST(Report, OfAFileTellsWhatItBreaksByItself) {
    EXPECT_EQ(promise(of_file(Json::object()), "Performant", "Connections").status, "True");
    const Report report = of_file({{"quality", {{"maintainability", {{"configuration", {{"maxConnections", 16}}}}}}}});
    EXPECT_EQ(promise(report, "Performant", "Connections").status, "False");
    EXPECT_EQ(attribute(report, "Performant").status, "False");
    EXPECT_EQ(attribute(report, "Recoverable").status, "False");  // Nothing is backed up.
    const Report large = of_file({{"quality", {{"cost", {{"budget", {{"cpu", 60}}}}}}}});
    EXPECT_EQ(promise(large, "CostEfficient", "Budget").status, "Promised");
    const Report small = of_file({{"quality", {{"cost", {{"budget", {{"cpu", 2}}}}}}}});
    EXPECT_EQ(promise(small, "CostEfficient", "Budget").status, "False");
}

TEST(Report, OfAFileLeavesOutWhatTheSpecDoesNotPromise) {
    const Report report =
        of_file({{"quality", {{"reliability", {{"spread", "None"}}}, {"observability", {{"metrics", "None"}}}}}});
    const auto names = [&](std::string_view of) {
        std::vector<std::string> found;
        for (const Report::Promise& each : attribute(report, of).promises) found.push_back(each.name);
        return found;
    };
    EXPECT_THAT(names("Reliable"), ElementsAre("DisruptionBudget", "Redundancy"));
    EXPECT_THAT(names("Observable"), ElementsAre("Logs"));
}

TEST(Report, OfAClusterHasEvidenceCureAndHistory) {
    const Report report =
        report_of_cluster(document(Json::object(), status()), {event("shop", "2026-01-02T03:04:05.123456Z", "first"),
                                                               event("other", "2026-01-02T03:04:06Z", "not ours"),
                                                               event("shop", "2026-01-02T03:05:00.000001Z", "second")});
    EXPECT_EQ(attribute(report, "Secure").status, "Unknown");  // The operator has said nothing of it.
    const std::string text = to_text(report);
    EXPECT_THAT(text, AllOf(HasSubstr("Ready is False: Not ready: order."), HasSubstr("0/8 attributes are True."),
                            HasSubstr("Reliable                         False    since 2026-01-02T03:04:05Z\n"),
                            HasSubstr("ZoneSpread        False    payment: all replicas run in zone <a>. Have nodes in another"),
                            HasSubstr("order          Deployment   1/3\n")));
    EXPECT_THAT(text, HasSubstr("2026-01-02T03:05:00Z second\n2026-01-02T03:04:05Z first\n"));
    EXPECT_THAT(text, Not(HasSubstr("not ours")));
}

TEST(Report, BreaksLinesBetweenWordsOnly) {
    Json long_status = status();
    long_status["promises"][0].erase("component");
    long_status["promises"][0]["evidence"] = std::string(300, 'x') + " " + std::string(30, 'y') + " " + std::string(30, 'z');
    const std::string text = to_text(report_of_cluster(document(Json::object(), long_status), {}));
    EXPECT_THAT(text, HasSubstr(std::string(300, 'x') + "\n" + std::string(42, ' ') + std::string(30, 'y')));
}

TEST(Report, OfHtmlTakesNoWordForMarkup) {
    const std::string html = to_html(report_of_cluster(document(Json::object(), status()), {event("shop", "t", "<script>")}));
    EXPECT_THAT(html, AllOf(HasSubstr("all replicas run in zone &lt;a&gt;."), HasSubstr("another zone &amp; wait."),
                            HasSubstr("&lt;script&gt;"), Not(HasSubstr("<script"))));
    EXPECT_THAT(html, Not(HasSubstr("http")));  // It needs nothing from elsewhere.
}

TEST(Topology, ShowsWhoAsksWhom) {
    const std::string svg = topology(
        of_file({{"data", {{"postgres", {{"external", {{"secretName", "db"}, {"cidr", "10.0.0.1/32"}, {"port", 5432}}}}}}}}));
    EXPECT_THAT(svg, AllOf(HasSubstr(">gateway<"), HasSubstr(">rabbitmq<"), HasSubstr(">external<"), Not(HasSubstr("10.0.0.1")),
                           Not(HasSubstr("kube-system"))));
    const Report seen = report_of_cluster(document(Json::object(), status()), {});
    EXPECT_THAT(topology(seen), HasSubstr("<g class=\"bad\""));
    EXPECT_THAT(topology(seen), HasSubstr(">1 of 3</text>"));
    const std::string ns(40, 'w');
    const Report far = of_file({{"ingress", {{"kind", "Ingress"}, {"host", "shop.example.com"}, {"controllerNamespace", ns}}}});
    EXPECT_THAT(topology(far), AllOf(HasSubstr(">" + ns.substr(0, 25) + "…<title>" + ns + "</title>"), HasSubstr(">namespace<")));
}

}  // namespace
}  // namespace cli
