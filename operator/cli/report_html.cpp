#include "cli/report.h"
#include "common/base/html.h"
#include "quality/attributes.h"

namespace cli {

namespace {

constexpr const char* kStyle = R"css(
:root { color-scheme: light dark; --ink: #1c2430; --paper: #fff; --faint: #667; --line: #d5d9e0; --card: #f6f7f9;
  --good: #14733b; --bad: #b3261e; --open: #8a5a00; --said: #31557f; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ee; --paper: #14181f; --faint: #9aa3b2; --line: #313843; --card: #1c222b;
  --good: #5fcf8f; --bad: #ff8a80; --open: #f0c060; --said: #9cc3f0; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 72rem; padding: 1.5rem; font: 16px/1.5 system-ui, sans-serif; color: var(--ink);
  background: var(--paper); overflow-wrap: anywhere; }
h1 { font-size: 1.6rem; margin: 0; } h2 { font-size: 1.15rem; margin: 2rem 0 .6rem; }
p { margin: .3rem 0; } .faint { color: var(--faint); }
.board { display: grid; grid-template-columns: repeat(auto-fill, minmax(15rem, 1fr)); gap: .7rem; padding: 0; list-style: none; }
.board li { background: var(--card); border: 1px solid var(--line); border-left: .4rem solid; border-radius: .4rem;
  padding: .6rem .8rem; }
.board b { display: block; color: var(--ink); } .board span { font-weight: 600; }
.board small { display: block; color: var(--faint); }
.good { color: var(--good); } .bad { color: var(--bad); } .open { color: var(--open); } .said { color: var(--said); }
.wide { overflow-x: auto; } table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .35rem .7rem .35rem 0; border-bottom: 1px solid var(--line); }
th { font-size: .85rem; color: var(--faint); } td.status { font-weight: 600; white-space: nowrap; }
td p { margin: 0; } td.name { overflow-wrap: normal; }
svg { display: block; width: 100%; height: auto; max-width: 64rem; }
svg text { font: 14px system-ui, sans-serif; fill: var(--ink); text-anchor: middle; }
svg .sub { font-size: 11px; fill: var(--faint); }
svg rect { fill: var(--card); stroke: currentColor; stroke-width: 1.5; } svg .outside rect { stroke-dasharray: 4 3; }
svg path { fill: none; stroke: var(--faint); stroke-width: 1.2; opacity: .75; } svg marker path { fill: var(--faint); stroke: none; }
)css";

std::string marked(const std::string& status) {
    return "<td class=\"status " + std::string(class_of(status)) + "\">" + base::html_escaped(status) + "</td>";
}

std::string name(const std::string& text) {
    return "<td class=\"name\">" + base::html_escaped(text) + "</td>";
}

std::string board(const Report& report) {
    std::string html = "<ul class=\"board\">\n";
    for (const Report::Attribute& attribute : report.attributes) {
        const std::string of(class_of(attribute.status));
        html += "<li class=\"" + of + "\"><b>" + base::html_escaped(attribute.name) + "</b><span>" +
                base::html_escaped(attribute.status) + "</span>";
        if (!attribute.since.empty()) html += "<small>since " + base::html_escaped(attribute.since) + "</small>";
        html += "</li>\n";
    }
    return html + "</ul>\n";
}

std::string promises(const Report& report) {
    std::string html =
        "<div class=\"wide\"><table id=\"promises\">\n<tr><th>Attribute<th>Promise<th>Components<th>Status<th>Evidence and "
        "cure</tr>\n";
    for (const Report::Attribute& attribute : report.attributes) {
        for (const Report::Promise& each : attribute.promises) {
            html += "<tr>" + name(attribute.name) + name(each.name) + "<td>" + base::html_escaped(each.components) + "</td>" +
                    marked(each.status);
            html += "<td><p class=\"faint\">" + base::html_escaped(quality::meaning_of(each.name)) + "</p>";
            if (!each.evidence.empty()) html += "<p>" + base::html_escaped(each.evidence) + ".</p>";
            if (!each.cure.empty()) html += "<p>" + base::html_escaped(each.cure) + "</p>";
            html += "</td></tr>\n";
        }
    }
    return html + "</table></div>\n";
}

std::string components(const Report& report) {
    std::string html =
        "<div class=\"wide\"><table id=\"components\">\n<tr><th>Component<th>Kind<th>Ready<th>Version<th>Message</tr>\n";
    for (const Report::Component& each : report.components) {
        html += "<tr>" + name(each.name) + name(each.kind) +
                name(std::to_string(each.ready) + " of " + std::to_string(each.desired)) + name(each.version) + "<td>" +
                base::html_escaped(each.message) + "</td></tr>\n";
    }
    return html + "</table></div>\n";
}

std::string history(const Report& report) {
    std::string html = "<div class=\"wide\"><table id=\"history\">\n<tr><th>Time<th>What happened</tr>\n";
    for (const Report::Happening& each : report.history) {
        html += "<tr>" + name(each.time) + "<td" + (each.warning ? " class=\"bad\"" : "") + ">" + base::html_escaped(each.text) +
                "</td></tr>\n";
    }
    return html + "</table></div>\n";
}

}  // namespace

std::string_view class_of(std::string_view status) {
    if (status == "True") return "good";
    if (status == "False") return "bad";
    return status == "Unknown" ? "open" : "said";
}

std::string to_html(const Report& report) {
    const std::string title = kube::to_string(report.platform.key);
    std::string html = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n";
    html += "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n";
    html += "<title>" + base::html_escaped(title) + "</title>\n<style>" + kStyle + "</style>\n</head>\n<body>\n<h1>" +
            base::html_escaped(title) + "</h1>\n";
    html += "<p class=\"faint\">EcommercePlatform, version " + base::html_escaped(report.platform.spec.version) + ", from " +
            base::html_escaped(report.source) + "</p>\n";
    if (report.observed) {
        html += "<p><b class=\"" + std::string(class_of(report.ready)) + "\">Ready is " + base::html_escaped(report.ready) +
                "</b>: " + base::html_escaped(report.ready_message) + "</p>\n<p>" + base::html_escaped(report.kept) +
                " attributes are True.</p>\n";
    } else {
        html += "<p>What the file promises; a cluster shows whether it holds.</p>\n";
    }
    html += "<p>" + base::html_escaped(cost_of(report)) + "</p>\n";
    html += "<h2>Attributes</h2>\n" + board(report) + "<h2>Topology</h2>\n" + topology(report);
    html += "<h2>Promises</h2>\n" + promises(report);
    if (!report.components.empty()) html += "<h2>Components</h2>\n" + components(report);
    if (!report.history.empty()) html += "<h2>History</h2>\n" + history(report);
    return html + "</body>\n</html>\n";
}

}  // namespace cli
