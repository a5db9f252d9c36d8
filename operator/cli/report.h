// What a report says of one platform: as a file promises it, or as a cluster holds it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/platform.h"
#include "kube/json.h"

namespace cli {

struct Report {
    struct Promise {
        std::string name;
        std::string components;  // "redis, rabbitmq"; empty: the platform as a whole.
        std::string status;      // "True", "False", "Unknown"; of a file "Promised" where only a cluster can show it.
        std::string evidence;
        std::string cure;
    };
    struct Attribute {
        std::string name;
        std::string status;  // As a promise's.
        std::string since;   // RFC 3339; empty where nothing is observed.
        std::vector<Promise> promises;
    };
    struct Component {
        std::string name;
        std::string kind;
        std::string version;
        std::int64_t ready = 0;
        std::int64_t desired = 0;
        std::string message;
    };
    struct Happening {
        std::string time;  // RFC 3339
        bool warning = false;
        std::string text;
    };

    api::Platform platform;
    std::string source;  // The file's name, or "cluster".
    bool observed = false;
    std::string ready;  // The status of the condition Ready, and its message.
    std::string ready_message;
    std::string kept;  // "6/8"
    std::vector<Attribute> attributes;
    std::vector<Component> components;
    std::vector<Happening> history;  // The last one first.
};

Report report_of_file(const api::Platform& platform, std::string source);

// `document` is an EcommercePlatform that the cluster has accepted, `events` are events.k8s.io Events of its namespace: those
// about other objects are passed over.
Report report_of_cluster(const kube::Json& document, const std::vector<kube::Json>& events);

// For a terminal: lines of at most 110 columns, as far as words allow.
std::string to_text(const Report& report);

// A page that needs nothing but itself.
std::string to_html(const Report& report);

// "A month costs from 212.40 to 645.10 USD, by the prices of the spec."
std::string cost_of(const Report& report);

// The platform's parts and the flows between them, as an SVG element of that page.
std::string topology(const Report& report);

// The CSS class of a status.
std::string_view class_of(std::string_view status);

}  // namespace cli
