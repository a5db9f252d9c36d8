#include "resources/objectives.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "api/components.h"
#include "api/names.h"

namespace resources {

using kube::Json;

namespace {

// An objective allows a budget of bad requests for a month. At `factor` times the pace that spends it in just a month, a long
// window shows that it matters and a short one that it still goes on. Factors and windows are those of Google's "The Site
// Reliability Workbook", chapter 5: 2 % of the budget in an hour, 5 % in six, 10 % in a day or in three days. Since no more than
// all requests fail, the first factor bounds the budget that there may be: a rule of the schema for errorRatePercent.
struct Burn {
    std::string_view severity;
    std::string_view factor;
    std::string_view long_window;
    std::string_view short_window;
    std::string_view hold;
};
constexpr std::array<Burn, 4> kBurns{{{"critical", "14.4", "1h", "5m", "2m"},
                                      {"critical", "6", "6h", "30m", "15m"},
                                      {"warning", "3", "1d", "2h", "1h"},
                                      {"warning", "1", "3d", "6h", "3h"}}};
constexpr std::array<std::string_view, 7> kWindows{"5m", "30m", "1h", "2h", "6h", "1d", "3d"};

struct Objective {
    std::string alert;           // EcommercePlatformErrors
    std::string record;          // ecommerceplatform:failed_requests:ratio_rate
    std::string budget_percent;  // Of a hundred requests so many may be bad.
    std::string bad;             // "failed"
    std::string promise;         // In words.
    std::string runbook;
};

std::string text(std::initializer_list<std::string_view> parts) {
    std::string joined;
    for (const std::string_view part : parts) joined += part;
    return joined;
}

std::string gateway_of(const api::Platform& platform) {
    return text({"namespace=\"", platform.key.ns, "\",service=\"", api::child_name(platform.key.name, api::kGateway.key), "\""});
}

// The upper bound, in seconds, of the bucket that an objective is counted by. Prometheus 3 writes whole numbers as "1.0".
std::string bucket(const std::string& latency) {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 8> kBuckets{{{"50ms", "0.05"},
                                                                                     {"100ms", "0.1"},
                                                                                     {"250ms", "0.25"},
                                                                                     {"500ms", "0.5"},
                                                                                     {"1s", "1(.0)?"},
                                                                                     {"2500ms", "2.5"},
                                                                                     {"5s", "5(.0)?"},
                                                                                     {"10s", "10(.0)?"}}};
    for (const auto& [duration, seconds] : kBuckets) {
        if (duration == latency) return std::string(seconds);
    }
    throw std::invalid_argument("no bucket ends at " + latency);
}

// Without any request there is no ratio, and no alert.
std::string failed(const std::string& gateway, std::string_view window) {
    return text({"(sum(rate(http_requests_total{", gateway, ",status=~\"5..\"}[", window,
                 "])) or vector(0)) / sum(rate(http_requests_total{", gateway, "}[", window, "]))"});
}

std::string slow(const std::string& gateway, const std::string& latency, std::string_view window) {
    return text({"1 - sum(rate(http_request_duration_seconds_bucket{", gateway, ",le=~\"", bucket(latency), "\"}[", window,
                 "])) / sum(rate(http_request_duration_seconds_count{", gateway, "}[", window, "]))"});
}

Json alert(const api::Platform& platform, const Objective& objective, const Burn& burn) {
    const std::string labels = text({"{namespace=\"", platform.key.ns, "\",platform=\"", platform.key.name, "\"}"});
    const std::string above = text({labels, " > ", burn.factor, " * ", objective.budget_percent, " / 100"});
    return {{"alert", objective.alert},
            {"expr", text({objective.record, burn.long_window, above, " and ", objective.record, burn.short_window, above})},
            {"for", burn.hold},
            {"labels", {{"severity", burn.severity}, {"window", burn.long_window}}},
            {"annotations",
             {{"summary", text({"Too many requests to platform ", platform.key.ns, "/", platform.key.name, " ", objective.bad})},
              {"description",
               text({"{{ $value | humanizePercentage }} of the requests of the last ", burn.long_window, " ", objective.bad, ", ",
                     "more than ", burn.factor, " times what ", objective.promise, " allows in the long run."})},
              {"runbook", objective.runbook}}}};
}

// What keeps the metrics' reader from the pods.
std::string way_of_metrics(const api::Platform& platform) {
    if (platform.spec.prometheus) return "2. Why not: Prometheus says so at /targets.\n";
    return "2. May Prometheus reach it: spec.quality.observability.prometheusNamespace must be where it runs.\n"
           "3. Why not: Prometheus says so at /targets; it must select the ServiceMonitor.\n";
}

// Else a gateway of which nothing is known would look as if it kept every promise.
Json alert_on_silence(const api::Platform& platform, const std::string& gateway) {
    return {{"alert", "EcommercePlatformSilent"},
            {"expr", text({"absent(up{", gateway, "} == 1)"})},
            {"for", "10m"},
            {"labels", {{"severity", "critical"}, {"namespace", platform.key.ns}, {"platform", platform.key.name}}},
            {"annotations",
             {{"summary", text({"No metrics of the gateway of platform ", platform.key.ns, "/", platform.key.name})},
              {"description",
               "For 10 minutes no pod of the gateway could be read, so that nobody knows whether it keeps its objectives."},
              {"runbook", text({"1. Does it run: kubectl -n ", platform.key.ns,
                                " get pods -l app.kubernetes.io/component=gateway\n", way_of_metrics(platform)})}}}};
}

std::string runbook(const api::Platform& platform, std::string_view question) {
    return text({"1. Where: ", question, "\n2. Since when, and what changed then: kubectl -n ", platform.key.ns, " describe ecp ",
                 platform.key.name, "\n3. Is a part missing: kubectl -n ", platform.key.ns,
                 " get pods -l ecommerceplatform.io/platform=", platform.key.name,
                 "\n4. Does one service wait for another: circuit_breaker_open{namespace=\"", platform.key.ns,
                 "\"} == 1\n5. After a new version, go back: set spec.version to the one before.\n"});
}

}  // namespace

Json rule_groups(const api::Platform& platform) {
    const api::Objectives& objectives = platform.spec.objectives;
    const std::string gateway = gateway_of(platform);
    const Objective errors{"EcommercePlatformErrors",
                           "ecommerceplatform:failed_requests:ratio_rate",
                           objectives.error_rate_percent,
                           "failed",
                           "errorRatePercent " + objectives.error_rate_percent,
                           runbook(platform, text({"sum by (service, endpoint, status) (rate(http_requests_total{namespace=\"",
                                                   platform.key.ns, "\",status=~\"5..\"}[5m])) > 0"}))};
    const Objective latency{"EcommercePlatformSlow",
                            "ecommerceplatform:slow_requests:ratio_rate",
                            "1",
                            "were slow",
                            "latencyP99 " + objectives.latency_p99,
                            runbook(platform, text({"histogram_quantile(0.99, sum by (service, endpoint, le) "
                                                    "(rate(http_request_duration_seconds_bucket{namespace=\"",
                                                    platform.key.ns, "\"}[5m])))"}))};
    // One group, which evaluates its rules in order: an alert sees the ratios of the same moment.
    Json rules = Json::array();
    const Json labels{{"namespace", platform.key.ns}, {"platform", platform.key.name}};
    for (const std::string_view window : kWindows) {
        rules.push_back({{"record", errors.record + std::string(window)}, {"expr", failed(gateway, window)}, {"labels", labels}});
        rules.push_back({{"record", latency.record + std::string(window)},
                         {"expr", slow(gateway, objectives.latency_p99, window)},
                         {"labels", labels}});
    }
    for (const Objective* objective : {&errors, &latency}) {
        for (const Burn& burn : kBurns) rules.push_back(alert(platform, *objective, burn));
    }
    rules.push_back(alert_on_silence(platform, gateway));
    return Json::array({{{"name", "objectives"}, {"rules", std::move(rules)}}});
}

Ratios ratios(const api::Platform& platform) {
    const std::string gateway = gateway_of(platform);
    return {failed(gateway, kWindows.front()), slow(gateway, platform.spec.objectives.latency_p99, kWindows.front())};
}

Spans spans(const api::Platform& platform) {
    const auto of = [gateway = gateway_of(platform)](std::string_view error) {
        // Of two scrapes, so that it is soon seen when they are taken again.
        return text({"sum(increase(otel_sdk_exporter_span_exported_total{", gateway, ",error_type", error, "}[1m]))"});
    };
    return {of("=\"\""), of("!=\"\"")};
}

std::string services_read(const api::Platform& platform) {
    return text({"count by (service) (up{namespace=\"", platform.key.ns, "\",service=~\"", platform.key.name, "-.+\"} == 1)"});
}

std::vector<std::string> alerts(const api::Platform& platform) {
    std::vector<std::string> names;
    for (const Json& group : rule_groups(platform)) {
        for (const Json& rule : group.at("rules")) {
            if (rule.contains("alert")) names.push_back(rule.at("alert"));
        }
    }
    std::ranges::sort(names);
    return names;
}

}  // namespace resources
