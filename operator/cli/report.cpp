#include "cli/report.h"

#include <algorithm>
#include <ostream>
#include <stdexcept>
#include <utility>

#include "api/attributes.h"
#include "cli/commands.h"
#include "cli/input.h"
#include "client/client.h"
#include "quality/attributes.h"
#include "quality/verdict.h"

namespace cli {

namespace {

using boost::asio::awaitable;
using kube::string_at;

constexpr std::string_view kPromised = "Promised";
constexpr std::size_t kMostHistory = 50;  // An event lives for an hour, so that more than a screen or two is a storm.

Report::Attribute& attribute_of(Report& report, const std::string& name) {
    const auto found = std::ranges::find(report.attributes, name, &Report::Attribute::name);
    if (found != report.attributes.end()) return *found;
    report.attributes.push_back({name, "Unknown", "", {}});
    return report.attributes.back();
}

// What holds of several components in the same way is told once of them all.
void add(std::vector<Report::Promise>& promises, Report::Promise promise) {
    const auto same = std::ranges::find_if(promises, [&](const Report::Promise& each) {
        return each.name == promise.name && each.status == promise.status && each.evidence == promise.evidence &&
               each.cure == promise.cure;
    });
    if (same == promises.end()) return promises.push_back(std::move(promise));
    same->components += ", " + promise.components;
}

// A file promises what it does not break by itself.
std::string status_by_spec(const Report::Attribute& attribute) {
    const auto is = [](std::string_view status) {
        return [status](const Report::Promise& each) { return each.status == status; };
    };
    if (attribute.promises.empty()) return "Unknown";
    if (std::ranges::any_of(attribute.promises, is("False"))) return "False";
    return std::ranges::all_of(attribute.promises, is("True")) ? "True" : std::string(kPromised);
}

void add_history(Report& report, const std::vector<kube::Json>& events) {
    for (const kube::Json& event : events) {
        if (string_at(event, {"regarding", "kind"}) != kube::kPlatform.name) continue;
        if (string_at(event, {"regarding", "name"}) != report.platform.key.name) continue;
        std::string time = string_at(event, {"series", "lastObservedTime"});
        if (time.empty()) time = string_at(event, {"eventTime"});
        if (time.empty()) time = string_at(event, {"metadata", "creationTimestamp"});
        const std::size_t fraction = time.find('.');
        if (fraction != std::string::npos) time = time.substr(0, fraction) + "Z";
        report.history.push_back({std::move(time), string_at(event, {"type"}) == "Warning", string_at(event, {"note"})});
    }
    std::ranges::stable_sort(report.history, std::greater{}, &Report::Happening::time);
    if (report.history.size() > kMostHistory) report.history.resize(kMostHistory);
}

int write(const Report& report, bool html, std::ostream& out) {
    out << (html ? to_html(report) : to_text(report));
    return kOk;
}

}  // namespace

Report report_of_file(const api::Platform& platform, std::string source) {
    Report report;
    report.platform = platform;
    report.source = std::move(source);
    for (const std::string_view name : api::kAttributes) attribute_of(report, std::string(name));
    for (const quality::Promise& promise : quality::declared(platform)) {
        const quality::Finding& found = promise.found;
        const std::string_view status = found.evidence.empty() ? kPromised : to_string(found.held);
        add(attribute_of(report, std::string(promise.attribute)).promises,
            {std::string(promise.name), found.component, std::string(status), found.evidence, found.cure});
    }
    for (Report::Attribute& attribute : report.attributes) attribute.status = status_by_spec(attribute);
    return report;
}

Report report_of_cluster(const kube::Json& document, const std::vector<kube::Json>& events) {
    const kube::Json& status = kube::at(document, {"status"});
    const kube::Json& ready = quality::condition_of(status, "Ready");
    Report report;
    report.platform = api::platform_from(document);
    report.source = "cluster";
    report.observed = true;
    report.ready = ready.is_null() ? "Unknown" : string_at(ready, {"status"});
    report.ready_message = ready.is_null() ? "The operator has not seen it yet." : string_at(ready, {"message"});
    report.kept = string_at(status, {"attributes"});
    for (const std::string_view name : api::kAttributes) {
        const kube::Json& condition = quality::condition_of(status, name);
        Report::Attribute& attribute = attribute_of(report, std::string(name));
        if (condition.is_null()) continue;
        attribute.status = string_at(condition, {"status"});
        attribute.since = string_at(condition, {"lastTransitionTime"});
    }
    for (const kube::Json& each : kube::at(status, {"promises"})) {
        add(attribute_of(report, string_at(each, {"attribute"})).promises,
            {string_at(each, {"name"}), string_at(each, {"component"}), string_at(each, {"status"}),
             string_at(each, {"evidence"}), string_at(each, {"cure"})});
    }
    for (const kube::Json& each : kube::at(status, {"components"})) {
        report.components.push_back({string_at(each, {"name"}), string_at(each, {"kind"}), string_at(each, {"version"}),
                                     kube::int_at(each, {"ready"}), kube::int_at(each, {"desired"}),
                                     string_at(each, {"message"})});
    }
    add_history(report, events);
    return report;
}

std::string cost_of(const Report& report) {
    const quality::MonthlyCost cost = quality::monthly_cost(report.platform.spec);
    const std::string range = cost.at_least == cost.at_most ? cost.at_most : "from " + cost.at_least + " to " + cost.at_most;
    return "A month costs " + range + " " + cost.currency + ", by the prices of the spec.";
}

int report(const std::string& file, bool html, std::ostream& out, std::ostream& err) {
    const std::optional<kube::Json> document = read_valid(file, "default", err);
    if (!document) return kWrong;
    return write(report_of_file(api::platform_from(*document), source_name(file)), html, out);
}

awaitable<int> report(std::string name, std::string ns, bool html, client::Client& client, std::ostream& out, std::ostream& err) {
    client::Selection selection;
    selection.ns = ns;
    std::optional<kube::Json> document;
    if (name.empty()) {
        const client::ListPage page = co_await client.list(kube::kPlatform, selection);  // A namespace has one, at most.
        if (!page.items.empty()) document = page.items.front();
    } else {
        const kube::Key key{ns, name};
        document = co_await client.get(kube::kPlatform, key);
    }
    if (!document) {
        err << "ecommerce-operator: the namespace " << ns << " has no EcommercePlatform" << (name.empty() ? "" : " " + name)
            << "\n";
        co_return kWrong;
    }
    std::vector<kube::Json> events;
    try {
        selection.field_selector = "regarding.kind=" + std::string(kube::kPlatform.name);
        events = (co_await client.list(kube::kEvent, selection)).items;
    } catch (const client::ApiError& error) {
        err << "ecommerce-operator: without history: " << error.what() << "\n";
    }
    co_return write(report_of_cluster(*document, events), html, out);
}

}  // namespace cli
