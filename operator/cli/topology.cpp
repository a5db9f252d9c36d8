// The picture of a platform: its parts in columns, from those who ask to those who are asked.
#include <algorithm>
#include <array>
#include <map>

#include "api/components.h"
#include "cli/report.h"
#include "common/base/html.h"
#include "resources/flows.h"

namespace cli {

namespace {

// In pixels of the drawing.
constexpr int kBoxWidth = 160;
constexpr int kBoxHeight = 46;
constexpr int kColumn = 270;  // From one column's left edge to the next one's.
constexpr int kRow = 72;
constexpr int kMargin = 20;
constexpr int kBend = 60;  // How far a curve leaves its box before it turns.

// In characters: above the first a name is set more narrowly, so that it stays in its box; above the second it is cut.
constexpr std::size_t kWideName = 15;
constexpr std::size_t kLongName = 26;

constexpr const char* kOutside = "outside";  // The CSS class.

enum Column : std::size_t { Askers, Entry, Services, Stores, kColumns };

struct Box {
    std::string name;
    std::string below;  // A second, smaller line.
    std::string css;
    Column column = Services;
    int x = 0;
    int y = 0;
};

struct Picture {
    std::vector<Box> boxes;
    std::vector<std::pair<std::size_t, std::size_t>> arrows;

    std::size_t box(const std::string& name, Column column, const std::string& below, const std::string& css) {
        // A namespace may be called like one of the parts.
        const auto found = std::ranges::find_if(
            boxes, [&](const Box& each) { return each.name == name && (each.css == kOutside) == (css == kOutside); });
        if (found != boxes.end()) return static_cast<std::size_t>(found - boxes.begin());
        boxes.push_back({name, below, css, column});
        return boxes.size() - 1;
    }
};

std::string name_of(const api::Address& address) {
    if (!address.cidr.empty()) return address.cidr;
    return address.ns.empty() ? "anywhere" : address.ns;
}

std::string kind_of(const api::Address& address) {
    return address.ns.empty() ? "outside" : "namespace";
}

void add_parts(Picture& picture, const Report& report) {
    const auto add = [&](std::string_view name, Column column, bool external) {
        const auto seen = std::ranges::find(report.components, name, &Report::Component::name);
        if (external || seen == report.components.end()) {
            picture.box(std::string(name), column, external ? "external" : "", "said");
            return;
        }
        picture.box(std::string(name), column, std::to_string(seen->ready) + " of " + std::to_string(seen->desired),
                    seen->ready >= seen->desired ? "good" : "bad");
    };
    for (const api::Service& service : api::kServices) {
        add(service.key, service.key == api::kGateway.key ? Entry : Services, false);
    }
    for (const std::string_view store : api::kDataStores) {
        add(store, Stores, api::data_store(report.platform.spec, store).external.has_value());
    }
}

// What every platform does the same way, or what watches it, would only hide the rest: names, metrics, traces, logs, Jobs.
bool is_shown(const resources::Flow& flow, const api::Platform& platform, const Picture& picture) {
    const auto is_drawn = [&](const resources::End& end) {
        return end.component.empty() || std::ranges::find(picture.boxes, end.component, &Box::name) != picture.boxes.end();
    };
    if (!is_drawn(flow.from) || !is_drawn(flow.to) || flow.from.component == flow.to.component) return false;
    if (flow.ports.front().number == api::kAdminPort || flow.to.address.ns == "kube-system") return false;
    const auto leads_to = [&](const std::string& url) {
        return !url.empty() && name_of(flow.to.address) == name_of(resources::address_of_url(url, platform.key.ns));
    };
    return !flow.to.component.empty() || !(leads_to(platform.spec.tracing.endpoint) || leads_to(platform.spec.logging.endpoint));
}

// The store that the platform has at that address, if any.
std::string external_store(const api::Platform& platform, const api::Address& address) {
    for (const std::string_view store : api::kDataStores) {
        const std::optional<api::ExternalStore>& external = api::data_store(platform.spec, store).external;
        if (external && name_of(external->address) == name_of(address) && external->address.port == address.port)
            return std::string(store);
    }
    return "";
}

void add_arrows(Picture& picture, const Report& report) {
    for (const resources::Flow& flow : resources::flows(report.platform)) {
        if (!is_shown(flow, report.platform, picture)) continue;
        const auto end = [&](const resources::End& of, Column column) {
            if (!of.component.empty()) return picture.box(of.component, column, "", "");
            api::Address address = of.address;
            address.port = flow.ports.front().number;
            const std::string store = external_store(report.platform, address);
            if (!store.empty()) return picture.box(store, column, "", "");
            return picture.box(name_of(address), column, kind_of(address), kOutside);
        };
        picture.arrows.emplace_back(end(flow.from, Askers), end(flow.to, Stores));
    }
}

// Returns the height of the whole.
int lay_out(Picture& picture) {
    std::array<int, kColumns> rows{};
    for (const Box& box : picture.boxes) ++rows[box.column];
    const int height = std::ranges::max(rows) * kRow;
    std::array<int, kColumns> next{};
    for (Box& box : picture.boxes) {
        box.x = kMargin + static_cast<int>(box.column) * kColumn;
        const int above = (height - rows[box.column] * kRow) / 2;
        box.y = kMargin + above + next[box.column]++ * kRow;
    }
    return height + 2 * kMargin;
}

std::string point(int x, int y) {
    return std::to_string(x) + "," + std::to_string(y);
}

std::string arrow(const Box& from, const Box& to) {
    const int from_y = from.y + kBoxHeight / 2;
    const int to_y = to.y + kBoxHeight / 2;
    const bool aside = from.column == to.column;  // Within a column it goes around on the left.
    const int start = aside ? from.x : from.x + kBoxWidth;
    const int bend = aside ? -kBend : kBend;
    return "<path marker-end=\"url(#tip)\" d=\"M" + point(start, from_y) + " C" + point(start + bend, from_y) + " " +
           point(to.x - kBend, to_y) + " " + point(to.x - 2, to_y) + "\"/>\n";
}

std::string drawn(const Box& box) {
    const int middle = box.x + kBoxWidth / 2;
    const int line = box.y + (box.below.empty() ? 28 : 21);
    std::string svg = "<g class=\"" + box.css + "\"><rect x=\"" + std::to_string(box.x) + "\" y=\"" + std::to_string(box.y) +
                      "\" width=\"" + std::to_string(kBoxWidth) + "\" height=\"" + std::to_string(kBoxHeight) + "\" rx=\"6\"/>";
    const std::string narrow = " textLength=\"" + std::to_string(kBoxWidth - 16) + "\" lengthAdjust=\"spacingAndGlyphs\"";
    const std::string name = box.name.size() > kLongName ? box.name.substr(0, kLongName - 1) + "…" : box.name;
    svg += "<text x=\"" + std::to_string(middle) + "\" y=\"" + std::to_string(line) + "\"" +
           (name.size() > kWideName ? narrow : "") + ">" + base::html_escaped(name) + "<title>" + base::html_escaped(box.name) +
           "</title></text>";
    if (!box.below.empty()) {
        svg += "<text class=\"sub\" x=\"" + std::to_string(middle) + "\" y=\"" + std::to_string(box.y + 37) + "\">" +
               base::html_escaped(box.below) + "</text>";
    }
    return svg + "</g>\n";
}

}  // namespace

std::string topology(const Report& report) {
    Picture picture;
    add_parts(picture, report);
    add_arrows(picture, report);
    const int height = lay_out(picture);
    const int width = 2 * kMargin + static_cast<int>(kColumns - 1) * kColumn + kBoxWidth;
    std::string svg = "<svg id=\"topology\" viewBox=\"0 0 " + std::to_string(width) + " " + std::to_string(height) +
                      "\" role=\"img\" aria-label=\"Parts of the platform and the flows between them\">\n"
                      "<defs><marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" "
                      "orient=\"auto\"><path d=\"M0,0 L8,4 L0,8 z\"/></marker></defs>\n";
    for (const auto& [from, to] : picture.arrows) svg += arrow(picture.boxes[from], picture.boxes[to]);
    for (const Box& box : picture.boxes) svg += drawn(box);
    return svg + "</svg>\n";
}

}  // namespace cli
