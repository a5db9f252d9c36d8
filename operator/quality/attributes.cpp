#include "quality/attributes.h"

#include <algorithm>
#include <array>

#include "api/attributes.h"
#include "quality/promises.h"

namespace quality {

namespace {

enum class Decided { ByWhatIsSeen, BySpec };

struct Row {
    std::string_view attribute;
    std::string_view name;
    Findings (*prove)(const Case&);
    std::string_view meaning;
    Decided decided = Decided::ByWhatIsSeen;
};

// A promise belongs here once there is an intention in the spec that asks for it.
constexpr std::array kTable{
    Row{api::kPerformant, "Connections", connections, "All pools together never open more connections than PostgreSQL takes.",
        Decided::BySpec},
    Row{api::kPerformant, "QualityOfService", quality_of_service, "No pod is the first to be evicted from a full node."},
    Row{api::kPerformant, "Objectives", objectives, "Answers are as quick and as seldom an error as the objectives say."},
    Row{api::kScalable, "Autoscaler", autoscaler, "Each autoscaler scales, and nothing else scales its service."},
    Row{api::kScalable, "Headroom", headroom, "Load does not ask for more than the maximum of replicas."},
    Row{api::kScalable, "OneScaler", one_scaler, "Nothing else scales a service, or changes what it is scaled by.",
        Decided::BySpec},
    Row{api::kReliable, "ZoneSpread", zone_spread,
        "The loss of any zone leaves a replica of a service, a majority of a data store, rollouts excepted."},
    Row{api::kReliable, "NodeSpread", node_spread,
        "The loss of any node leaves a replica of a service, a majority of a data store, rollouts excepted."},
    Row{api::kReliable, "DisruptionBudget", disruption_budget,
        "A node can be drained, but during a rollout, and that never takes the last replica."},
    Row{api::kReliable, "Availability", availability, "As many replicas are declared, as far apart, as the objective needs.",
        Decided::BySpec},
    Row{api::kReliable, "Redundancy", redundancy,
        "As many replicas are available as there must be at least, or as a rollout leaves."},
    Row{api::kSecure, "NetworkIsolation", network_isolation,
        "The network policies, also those of others, allow what the platform needs, nothing else."},
    Row{api::kSecure, "PodSecurity", pod_security, "The namespace takes no pod below the wanted level of Pod Security."},
    Row{api::kSecure, "Secrets", secrets, "Every credential is there, generated or referred to."},
    Row{api::kSecure, "CredentialAge", credential_age, "No generated credential is accepted for longer than its maximum age."},
    Row{api::kSecure, "Certificate", certificate, "The certificate is for the host and in its time, and its key belongs to it."},
    Row{api::kSecure, "Access", access, "The groups of the spec may do what their roles say."},
    Row{api::kSecure, "Images", images, "The platform's own images are of the registries and digests that it asks for.",
        Decided::BySpec},
    Row{api::kSecure, "Admission", admission, "The API server looks at every pod of the namespace before it takes it."},
    Row{api::kMaintainable, "AsDeclared", as_declared, "No object has drifted from its declaration."},
    Row{api::kMaintainable, "OneVersion", one_version, "Every service runs the version of the spec."},
    Row{api::kMaintainable, "Verified", verified, "After each rollout, everything on a customer's way works."},
    Row{api::kCostEfficient, "Limits", limits, "Every container says what it needs and takes no more."},
    Row{api::kCostEfficient, "Budget", budget, "All services at their maximum fit into the budget, and so does what is there.",
        Decided::BySpec},
    Row{api::kCostEfficient, "RightSizing", right_sizing, "Services ask for what they need, by what was seen of them."},
    Row{api::kCostEfficient, "SpotPlacement", spot_placement, "What may run on spot nodes does."},
    Row{api::kCostEfficient, "OffHours", off_hours, "In off hours nothing but load asks for more replicas than will do."},
    Row{api::kRecoverable, "Backup", backup, "There is a copy of the data, as old as the schedule says at most.",
        Decided::BySpec},
    Row{api::kRecoverable, "RecoveryObjectives", recovery_objectives,
        "After a loss the shop is back as quickly, and with as little lost, as the objectives say.", Decided::BySpec},
    Row{api::kObservable, "Metrics", metrics, "Prometheus finds the pods, and where it can be asked says that it reads them."},
    Row{api::kObservable, "Logs", logs, "Logs are of the wanted format and level."},
    Row{api::kObservable, "Dashboards", dashboards, "Grafana finds the dashboards."},
    Row{api::kObservable, "Tracing", tracing, "The services send their traces to the endpoint, which takes them."},
    Row{api::kObservable, "LogShipping", log_shipping, "Logs are taken to where they outlive their pods."},
};

// Findings that a message tells in full; the status lists the others.
constexpr std::size_t kMostTold = 3;

// "payment: all replicas run in zone a. Have nodes …" What holds of several components with one cure is told once of them all.
std::string told(const std::vector<const Promise*>& promises) {
    std::vector<Finding> findings;
    for (const Promise* promise : promises) {
        const auto same = std::find_if(findings.begin(), findings.end(), [&](const Finding& each) {
            return each.evidence == promise->found.evidence && each.cure == promise->found.cure;
        });
        if (same == findings.end()) {
            findings.push_back(promise->found);
        } else {
            same->component += ", " + promise->found.component;
        }
    }
    std::string text;
    for (std::size_t index = 0; index < std::min(findings.size(), kMostTold); ++index) {
        const Finding& found = findings[index];
        if (!text.empty()) text += " ";
        if (!found.component.empty()) text += found.component + ": ";
        text += found.evidence + ". " + found.cure;
    }
    if (findings.size() > kMostTold) {
        text += " And " + std::to_string(findings.size() - kMostTold) + " more, which status.promises lists.";
    }
    return text;
}

std::string names_of(const std::vector<const Promise*>& promises) {
    std::string names;
    std::string_view last;
    for (const Promise* each : promises) {
        if (each->name == last) continue;
        names += (names.empty() ? "" : ", ") + std::string(each->name);
        last = each->name;
    }
    return names;
}

Condition attribute(std::string_view type, const std::vector<Promise>& promises) {
    const auto that_are = [&](Held held) {
        std::vector<const Promise*> found;
        for (const Promise& each : promises) {
            if (each.attribute == type && each.found.held == held) found.push_back(&each);
        }
        return found;
    };
    for (const Held held : {Held::False, Held::Unknown}) {
        const std::vector<const Promise*> such = that_are(held);
        if (such.empty()) continue;
        return {std::string(type), std::string(to_string(held)), std::string(such.front()->name), told(such)};
    }
    const std::vector<const Promise*> such = that_are(Held::True);
    if (such.empty()) return {std::string(type), "Unknown", "NothingPromised", "The spec promises nothing here."};
    return {std::string(type), "True", "PromisesKept", "Kept: " + names_of(such) + "."};
}

}  // namespace

std::string_view to_string(Held held) {
    switch (held) {
        case Held::True:
            return "True";
        case Held::False:
            return "False";
        case Held::Unknown:
            break;
    }
    return "Unknown";
}

Finding kept(std::string component, std::string evidence) {
    return {std::move(component), Held::True, std::move(evidence), ""};
}
Finding hurt(std::string component, std::string evidence, std::string cure) {
    return {std::move(component), Held::False, std::move(evidence), std::move(cure)};
}
Finding unknown(std::string component, std::string evidence, std::string cure) {
    return {std::move(component), Held::Unknown, std::move(evidence), std::move(cure)};
}

std::vector<Promise> promises(const Case& of) {
    std::vector<Promise> all;
    for (const Row& row : kTable) {
        for (Finding& found : row.prove(of)) all.push_back({row.attribute, row.name, std::move(found)});
    }
    return all;
}

std::vector<Promise> declared(const api::Platform& platform) {
    const Observed nothing;
    std::vector<Promise> all;
    for (const Row& row : kTable) {
        for (Finding& found : row.prove({platform, nothing})) {
            if (row.decided == Decided::ByWhatIsSeen || found.held == Held::Unknown)
                found = unknown(std::move(found.component), "", "");
            all.push_back({row.attribute, row.name, std::move(found)});
        }
    }
    return all;
}

std::string_view meaning_of(std::string_view promise) {
    const auto* const row = std::ranges::find(kTable, promise, &Row::name);
    return row == kTable.end() ? std::string_view{} : row->meaning;
}

std::vector<Condition> attributes(const std::vector<Promise>& promises) {
    std::vector<Condition> conditions;
    conditions.reserve(api::kAttributes.size());
    for (const std::string_view type : api::kAttributes) conditions.push_back(attribute(type, promises));
    return conditions;
}

std::vector<Condition> unknown_attributes(const std::string& reason, const std::string& message) {
    std::vector<Condition> conditions;
    conditions.reserve(api::kAttributes.size());
    for (const std::string_view type : api::kAttributes) conditions.push_back({std::string(type), "Unknown", reason, message});
    return conditions;
}

std::string kept_of_all(const std::vector<Condition>& attributes) {
    const auto kept = std::count_if(attributes.begin(), attributes.end(), [](const auto& each) { return each.status == "True"; });
    return std::to_string(kept) + "/" + std::to_string(attributes.size());
}

}  // namespace quality
