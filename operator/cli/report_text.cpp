#include <algorithm>

#include "cli/report.h"
#include "quality/attributes.h"

namespace cli {

namespace {

constexpr std::size_t kWidth = 110;

// One entry of a table: its cells, and the width of each column but the last.
std::string row(const std::vector<std::string>& cells, const std::vector<std::size_t>& widths) {
    std::string text;
    std::size_t indent = 0;
    for (std::size_t index = 0; index + 1 < cells.size(); ++index) {
        const std::string& cell = cells[index];
        text += cell + std::string(cell.size() < widths[index] ? widths[index] - cell.size() : 0, ' ') + " ";
        indent += widths[index] + 1;
    }
    std::size_t column = text.size();
    bool first = true;
    std::size_t at = 0;
    const std::string& words = cells.back();
    while (at < words.size()) {
        const std::size_t end = std::min(words.find(' ', at), words.size());
        const std::string word = words.substr(at, end - at);
        at = end + 1;
        if (!first && column + 1 + word.size() > kWidth) {
            text += "\n" + std::string(indent, ' ');
            column = indent;
        } else if (!first) {
            text += ' ';
            ++column;
        }
        text += word;
        column += word.size();
        first = false;
    }
    text.erase(text.find_last_not_of(' ') + 1);
    return text + "\n";
}

std::string said(const Report::Promise& promise) {
    if (promise.evidence.empty()) return std::string(quality::meaning_of(promise.name));
    const std::string whom = promise.components.empty() ? "" : promise.components + ": ";
    return whom + promise.evidence + "." + (promise.cure.empty() ? "" : " " + promise.cure);
}

}  // namespace

std::string to_text(const Report& report) {
    const api::Platform& platform = report.platform;
    std::string text = kube::to_string(platform.key) + ": version " + platform.spec.version + ", from " + report.source + "\n";
    if (report.observed) {
        text += row({"Ready is " + report.ready + ":", report.ready_message}, {0});
        text += report.kept + " attributes are True.\n";
    }
    text += cost_of(report) + "\n";
    const std::vector<std::size_t> widths{14, 17, 8};
    text += "\n" + row({"ATTRIBUTE", "PROMISE", "STATUS", "EVIDENCE"}, widths);
    for (const Report::Attribute& attribute : report.attributes) {
        const std::string since = attribute.since.empty() ? "" : "since " + attribute.since;
        text += row({attribute.name, "", attribute.status, since}, widths);
        for (const Report::Promise& promise : attribute.promises) {
            text += row({"", promise.name, promise.status, said(promise)}, widths);
        }
    }
    if (!report.components.empty()) {
        const std::vector<std::size_t> columns{14, 12, 7, 10};
        text += "\n" + row({"COMPONENT", "KIND", "READY", "VERSION", "MESSAGE"}, columns);
        for (const Report::Component& each : report.components) {
            text += row({each.name, each.kind, std::to_string(each.ready) + "/" + std::to_string(each.desired), each.version,
                         each.message},
                        columns);
        }
    }
    if (!report.history.empty()) text += "\nHISTORY\n";
    for (const Report::Happening& each : report.history) text += row({each.time, each.text}, {20});
    return text;
}

}  // namespace cli
