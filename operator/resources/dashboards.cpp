#include "resources/dashboards.h"

#include <nlohmann/json.hpp>

#include "api/components.h"
#include "api/names.h"
#include "resources/component.h"
#include "resources/objects.h"

namespace resources {
namespace {

using kube::Json;

// What the chart of Grafana has its sidecar look for.
constexpr const char* kSidecarLabel = "grafana_dashboard";

constexpr int kSchema = 39;  // Of dashboards, as Grafana 10.3 writes them; later ones migrate it.
constexpr int kWidth = 24;   // Columns of Grafana's grid.
constexpr int kPerRow = 3;
constexpr int kHeight = 8;

struct Query {
    std::string expr;  // {all} and {gateway} stand for the labels of the platform and of its gateway.
    std::string legend;
};

struct Panel {
    std::string title;
    std::string description;
    std::string unit;  // As Grafana names it.
    std::vector<Query> queries;
};

// Requests at the gateway as customers see them; then what each service does; then what it does it with.
const std::vector<Panel>& of_services() {
    static const std::vector<Panel> panels{
        {"Requests",
         "That customers ask of the gateway.",
         "reqps",
         {{"sum by (status) (rate(http_requests_total{{gateway}}[$__rate_interval]))", "{{status}}"}}},
        {"Failed",
         "Share of the gateway's answers with a status of 500 and above, which errorRatePercent bounds.",
         "percentunit",
         {{"(sum(rate(http_requests_total{{gateway},status=~\"5..\"}[$__rate_interval])) or vector(0)) / "
           "sum(rate(http_requests_total{{gateway}}[$__rate_interval]))",
           "failed"}}},
        {"Latency",
         "Until the gateway's answer; latencyP99 bounds that of 99 in a hundred.",
         "s",
         {{"histogram_quantile(0.5, sum by (le) (rate(http_request_duration_seconds_bucket{{gateway}}[$__rate_interval])))",
           "half"},
          {"histogram_quantile(0.99, sum by (le) (rate(http_request_duration_seconds_bucket{{gateway}}[$__rate_interval])))",
           "99 %"}}},
        {"Requests of each service",
         "",
         "reqps",
         {{"sum by (service) (rate(http_requests_total{{all}}[$__rate_interval]))", "{{service}}"}}},
        {"Failed of each service",
         "Share of the answers with a status of 500 and above.",
         "percentunit",
         {{"sum by (service) (rate(http_requests_total{{all},status=~\"5..\"}[$__rate_interval])) / "
           "sum by (service) (rate(http_requests_total{{all}}[$__rate_interval]))",
           "{{service}}"}}},
        {"Latency of each service",
         "Within which 99 of 100 answers are there.",
         "s",
         {{"histogram_quantile(0.99, sum by (service, le) "
           "(rate(http_request_duration_seconds_bucket{{all}}[$__rate_interval])))",
           "{{service}}"}}},
        {"CPU",
         "Cores in use.",
         "none",
         {{"sum by (service) (rate(process_cpu_seconds_total{{all}}[$__rate_interval]))", "{{service}}"}}},
        {"Memory",
         "Resident, of the largest pod.",
         "bytes",
         {{"max by (service) (process_resident_memory_bytes{{all}})", "{{service}}"}}},
        {"Pods", "Whose metrics can be read.", "none", {{"sum by (service) (up{{all}})", "{{service}}"}}},
        {"Connections to PostgreSQL",
         "In use, of all pods of a service.",
         "none",
         {{"sum by (service) (db_connections{{all},state=\"busy\"})", "{{service}}"}}},
        {"Wait for a connection",
         "99 of 100 have one within that time.",
         "s",
         {{"histogram_quantile(0.99, sum by (service, le) (rate(db_wait_seconds_bucket{{all}}[$__rate_interval])))",
           "{{service}}"}}},
        {"Open circuit breakers",
         "Calls to that service fail at once.",
         "none",
         {{"max by (service, client) (circuit_breaker_open{{all}})", "{{service}} to {{client}}"}}},
        {"Calls between services",
         "That were tried again.",
         "reqps",
         {{"sum by (service, client) (rate(http_client_retries_total{{all}}[$__rate_interval]))", "{{service}} to {{client}}"}}},
        {"Oldest event",
         "How long the oldest event waits to be published.",
         "s",
         {{"max by (service) (outbox_oldest_seconds{{all}})", "{{service}}"}}},
        {"Events",
         "Taken from the queues.",
         "ops",
         {{"sum by (event, outcome) (rate(messages_consumed_total{{all}}[$__rate_interval]))", "{{event}} {{outcome}}"}}},
    };
    return panels;
}

const std::vector<Panel>& of_business() {
    static const std::vector<Panel> panels{
        {"Checkouts", "Orders that were begun, in an hour.", "none", {{"sum(increase(checkouts_total{{all}}[1h]))", "begun"}}},
        {"Orders",
         "That ended, in an hour.",
         "none",
         {{"sum by (state, reason) (increase(orders_total{{all}}[1h]))", "{{state}} {{reason}}"}}},
        {"Unfinished checkouts", "", "none", {{"max(sagas_unfinished{{all}})", "unfinished"}}},
        {"Oldest checkout",
         "How long ago the oldest unfinished one was begun.",
         "s",
         {{"max(saga_oldest_seconds{{all}})", "oldest"}}},
        {"Payments",
         "By their state, in an hour.",
         "none",
         {{"sum by (state) (increase(payments_total{{all}}[1h]))", "{{state}}"}}},
        {"Answers of the payment provider",
         "",
         "reqps",
         {{"sum by (operation, outcome) (rate(payment_provider_outcomes_total{{all}}[$__rate_interval]))",
           "{{operation}} {{outcome}}"}}},
        {"Reservations of stock",
         "In an hour.",
         "none",
         {{"sum by (outcome) (increase(inventory_reservations_total{{all}}[1h]))", "{{outcome}}"}}},
        {"Carts",
         "Times that something was put into one.",
         "ops",
         {{"sum(rate(cart_changes_total{{all}}[$__rate_interval]))", "changes"}}},
        {"Searches",
         "In the catalog, by whether they found anything.",
         "ops",
         {{"sum by (found) (rate(catalog_searches_total{{all}}[$__rate_interval]))", "found: {{found}}"}}},
        {"Logins", "", "ops", {{"sum by (outcome) (rate(user_logins_total{{all}}[$__rate_interval]))", "{{outcome}}"}}},
        {"Registrations",
         "In an hour.",
         "none",
         {{"sum by (outcome) (increase(user_registrations_total{{all}}[1h]))", "{{outcome}}"}}},
        {"Products from the cache",
         "Where products that were asked for came from.",
         "ops",
         {{"sum by (from) (rate(catalog_product_reads_total{{all}}[$__rate_interval]))", "{{from}}"}}},
    };
    return panels;
}

void replace(std::string& text, std::string_view mark, const std::string& by) {
    for (std::size_t at = text.find(mark); at != std::string::npos; at = text.find(mark, at + by.size())) {
        text.replace(at, mark.size(), by);
    }
}

Json panel_json(const api::Platform& platform, const Panel& panel, int index) {
    const std::string all = "namespace=\"" + platform.key.ns + "\",service=~\"" + platform.key.name + "-.+\"";
    const std::string gateway =
        "namespace=\"" + platform.key.ns + "\",service=\"" + api::child_name(platform.key.name, api::kGateway.key) + "\"";
    const Json source{{"type", "prometheus"}, {"uid", "${datasource}"}};
    Json targets = Json::array();
    for (const Query& query : panel.queries) {
        std::string expr = query.expr;
        replace(expr, "{all}", all);
        replace(expr, "{gateway}", gateway);
        targets.push_back({{"datasource", source},
                           {"refId", std::string(1, static_cast<char>('A' + targets.size()))},
                           {"expr", expr},
                           {"legendFormat", query.legend}});
    }
    constexpr int width = kWidth / kPerRow;
    return {{"id", index + 1},
            {"type", "timeseries"},
            {"title", panel.title},
            {"description", panel.description},
            {"datasource", source},
            {"gridPos", {{"x", index % kPerRow * width}, {"y", index / kPerRow * kHeight}, {"w", width}, {"h", kHeight}}},
            {"fieldConfig", {{"defaults", {{"unit", panel.unit}, {"min", 0}}}, {"overrides", Json::array()}}},
            {"targets", std::move(targets)}};
}

std::string dashboard(const api::Platform& platform, const std::string& subject, const std::vector<Panel>& panels) {
    Json list = Json::array();
    for (const Panel& panel : panels) list.push_back(panel_json(platform, panel, static_cast<int>(list.size())));
    const std::string title = kube::to_string(platform.key) + ": " + subject;
    const Json chosen{{"name", "datasource"}, {"type", "datasource"}, {"query", "prometheus"}, {"label", "Prometheus"}};
    // Grafana takes at most 40 characters, which the names may exceed.
    return Json{{"uid", "ecp-" + digest_text(title)},
                {"title", title},
                {"tags", {"ecommerceplatform"}},
                {"schemaVersion", kSchema},
                {"editable", false},
                {"time", {{"from", "now-6h"}, {"to", "now"}}},
                {"refresh", "30s"},
                {"templating", {{"list", Json::array({chosen})}}},
                {"panels", std::move(list)}}
               .dump(1) +
           "\n";
}

}  // namespace

kube::Objects dashboards(const api::Platform& platform) {
    if (!platform.spec.dashboards) return {};
    kube::Object object = config_map(
        component(platform, "dashboards"),
        {{platform.key.ns + "-" + platform.key.name + "-services.json", dashboard(platform, "services", of_services())},
         {platform.key.ns + "-" + platform.key.name + "-business.json", dashboard(platform, "business", of_business())}});
    object["metadata"]["labels"][kSidecarLabel] = "1";
    return {std::move(object)};
}

}  // namespace resources
