// PURE: what the status says of a platform, judged from what was observed of it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "api/platform.h"
#include "api/validation.h"

namespace quality {

// What is known of a Deployment or StatefulSet.
struct Workload {
    std::string version;                   // Of the label app.kubernetes.io/version.
    std::int64_t generation = 0;           // The spec's,
    std::int64_t observed_generation = 0;  // and the one that the counts below are about.
    std::int64_t desired = 0;
    std::int64_t current = 0;  // Pods of any revision.
    std::int64_t updated = 0;  // Pods of the present revision.
    std::int64_t available = 0;
    std::string failure;  // Why pods can't be made or don't come up, in the controller's words; empty: nothing known.

    friend bool operator==(const Workload&, const Workload&) = default;
};

// Why a component's pods can't be as declared yet: a Job has to prepare its database first.
struct Preparation {
    std::string component;
    std::string job;
    bool failed = false;
    std::string why;  // Of one that failed, in its own last words; empty: not known.

    std::string in_words() const;
};

struct Observed {
    std::map<std::string, Workload, std::less<>> workloads;  // By component. Missing: there is none.
    std::vector<api::Problem> unmet;                         // What the spec asks for and this cluster does not have.
    std::vector<Preparation> preparations;                   // That are not complete.
    std::string refused;                          // The API server's words on an object of ours; empty: all were taken.
    std::vector<std::string> missing_references;  // Components whose external Secret is not there.

    bool reference_missing(std::string_view component) const;
    const Preparation* preparation_of(std::string_view component) const;  // Null where there is none.
};

struct Condition {
    std::string type;
    std::string status;  // "True", "False" or "Unknown"
    std::string reason;  // CamelCase
    std::string message;
};

struct ComponentStatus {
    std::string name;
    std::string kind;  // "Deployment", "StatefulSet" or "External"
    std::string version;
    std::int64_t ready = 0;
    std::int64_t desired = 0;
    std::string message;  // Empty when there is nothing to say.
};

struct Verdict {
    std::vector<Condition> conditions;  // Ready, Reconciling, Stalled
    std::vector<ComponentStatus> components;
    std::string version;   // That every component runs; empty while they differ.
    std::string services;  // "6/6"
    std::string data;
    std::string endpoint;
};

// Several statements as one text.
std::string in_words(const std::vector<std::string>& statements);

// The condition of that type in a status; null where there is none.
const kube::Json& condition_of(const kube::Json& status, std::string_view type);

// A platform of which nothing is known yet.
Verdict first_sight(const api::Platform& platform);

// A platform of which nothing was applied because the document can't be: `reason` InvalidSpec or NamespaceTaken.
Verdict rejected(const std::string& reason, const std::vector<api::Problem>& problems);

Verdict assess(const api::Platform& platform, const Observed& observed);

// Where customers reach the platform, as far as the spec tells.
std::string endpoint(const api::Platform& platform);

// The status to write. Times of conditions that did not change, and the version while nothing is known of it, come from
// `previous` (the live status; null if there is none); `now` is RFC 3339.
kube::Json status_json(const Verdict& verdict, std::int64_t generation, const kube::Json& previous, const std::string& now);

}  // namespace quality
