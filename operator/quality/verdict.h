// PURE: what the status says of a platform, judged from what was observed of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "api/platform.h"
#include "api/validation.h"
#include "quality/observed.h"
#include "quality/promise.h"

namespace quality {

struct ComponentStatus {
    std::string name;
    std::string kind;  // "Deployment", "StatefulSet" or "External"
    std::string version;
    std::int64_t ready = 0;
    std::int64_t desired = 0;
    std::string message;  // Empty when there is nothing to say.
};

// What the platform costs by the prices of its spec.
struct MonthlyCost {
    std::string currency;
    std::string at_least;  // With every service at its minimum: "212.40".
    std::string at_most;
};

struct Verdict {
    std::vector<Condition> conditions;  // Ready, Reconciling, Stalled, and one for each attribute
    std::vector<Promise> promises;
    std::string attributes;  // That are True, of all: "7/8"
    std::vector<ComponentStatus> components;
    std::string version;   // That every component runs; empty while they differ.
    std::string services;  // "6/6"
    std::string data;
    std::string endpoint;
    std::optional<MonthlyCost> cost;
    std::optional<Credentials> credentials;
};

// Several statements as one text.
std::string in_words(const std::vector<std::string>& statements);

// The condition of that type in a status; null where there is none.
const kube::Json& condition_of(const kube::Json& status, std::string_view type);

// A platform of which nothing is known yet.
Verdict first_sight(const api::Platform& platform);

// A platform of which nothing is applied because it can't be: `reason` InvalidSpec, NamespaceTaken, KindsNotShown,
// VersionGoesBack, InvalidRootKey or RootKeyMissing.
Verdict rejected(const std::string& reason, const std::vector<api::Problem>& problems);

Verdict assess(const api::Platform& platform, const Observed& observed);

MonthlyCost monthly_cost(const api::Spec& spec);

// Where customers reach the platform, as far as the spec tells.
std::string endpoint(const api::Platform& platform);

// Whether the verdict says something else of an attribute than `previous`, the live status: its condition has another status or
// reason, or other promises are broken. Other words alone are no news, nor is a first look that shows nothing.
bool is_news(const Verdict& verdict, const Condition& attribute, const kube::Json& previous);

// The status to write. Times of conditions that did not change, and version and credentials while nothing is known of them, come
// from `previous` (the live status; null if there is none); `now` is RFC 3339.
kube::Json status_json(const Verdict& verdict, std::int64_t generation, const kube::Json& previous, const std::string& now);

}  // namespace quality
