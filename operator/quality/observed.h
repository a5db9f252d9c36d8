// What was observed of a platform: the facts from which it is judged.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "api/validation.h"

namespace quality {

// What is known of a Deployment or StatefulSet; of a DaemonSet, whose pods are one a node.
struct Workload {
    std::string version;                   // Of the label app.kubernetes.io/version.
    std::int64_t generation = 0;           // The spec's,
    std::int64_t observed_generation = 0;  // and the one that the counts below are about.
    std::int64_t desired = 0;
    std::int64_t current = 0;  // Pods of any revision.
    std::int64_t updated = 0;  // Pods of the present revision.
    std::int64_t available = 0;
    bool progresses = false;  // Its controller says that a rollout is not through.
    bool settles = false;     // All of its pods are ready, and some of them not yet for as long as it takes to be available.
    std::string failure;      // Why pods can't be made or don't come up, in Kubernetes' words; empty: nothing known.
    bool passing = false;     // That may be over by itself before long.
    bool refused = false;     // They can't be made, which the controller tries again ever later.

    // A rollout is under way, from its first pod until all of its pods are available, and nothing is known to keep it from that
    // for longer. (Pods that an autoscaler adds are no rollout.)
    bool rolls() const;
    // Only pods of the present revision are there, and some are available.
    bool is_rolled_out() const { return is_of_one_revision() && available > 0; }
    // The same, and all that there are to be are available.
    bool is_whole() const { return is_rolled_out() && available >= desired; }
    // Something keeps its pods from coming up, and will go on to.
    bool is_stuck() const { return !failure.empty() && !passing; }

    friend bool operator==(const Workload&, const Workload&) = default;

private:
    bool is_of_one_revision() const { return observed_generation >= generation && current <= updated; }
};

// What is known of a PodDisruptionBudget.
struct Budget {
    bool judged = false;    // Its status is about its present spec.
    bool allows = false;    // One disruption at least.
    std::string failure{};  // Why it can't be judged, in Kubernetes' words; empty: it can.

    friend bool operator==(const Budget&, const Budget&) = default;
};

// What is known of a HorizontalPodAutoscaler.
struct Scaler {
    bool judged = false;      // Kubernetes has said something of it.
    bool at_maximum = false;  // Load asks for more replicas than its maximum.
    std::string inactive;     // Why it does not scale, Kubernetes' reason in one word; empty: it does.
    bool unmeasured = false;  // That is: the metrics API answers, but not yet of its pods.

    friend bool operator==(const Scaler&, const Scaler&) = default;
};

// What the Vertical Pod Autoscaler says that a pod of a service needs, in thousandths of a core and of a byte.
struct Recommendation {
    struct Bounds {
        std::int64_t least = 0;
        std::int64_t target = 0;
        std::int64_t most = 0;

        bool contain(std::int64_t amount) const { return amount >= least && amount <= most; }

        friend bool operator==(const Bounds&, const Bounds&) = default;
    };
    bool given = false;
    Bounds cpu;
    Bounds memory;

    friend bool operator==(const Recommendation&, const Recommendation&) = default;
};

// A node, by its labels.
struct Node {
    std::string zone;  // Empty: it has no label topology.kubernetes.io/zone.
    bool spot = false;

    friend bool operator==(const Node&, const Node&) = default;
};

// What a container asks for, in thousandths of a core and of a byte.
struct Asked {
    std::int64_t cpu = 0;
    std::int64_t memory = 0;

    friend bool operator==(const Asked&, const Asked&) = default;
};

// A pod of the platform that runs.
struct Pod {
    std::string component;
    std::string version;  // Of the label app.kubernetes.io/version.
    std::string node;
    std::optional<Node> on;    // Nothing: the node may not be observed.
    bool best_effort = false;  // It has neither requests nor limits, so it is the first to be evicted.
    bool bounded = false;      // Every container has requests and limits of CPU and memory.
    Asked asked{};             // By its main container.
    bool scraped = false;      // Its annotations ask Prometheus to read its metrics.
    bool shipped = false;      // An agent beside its service takes its logs.
    bool ready = false;        // As one on a node that is cut off is not.
};

// An object that the platform must have.
struct Declared {
    enum class State { AsDeclared, Differs, Missing, NotDue };  // NotDue: something else has to be there first.

    std::string kind;
    std::string name;
    std::string component;
    State state = State::Missing;
};

// Why a component's pods can't be as declared yet: a Job has to prepare its database first.
struct Preparation {
    std::string component;
    std::string job;
    bool failed = false;
    std::string why;  // Of one that failed, in its own last words; of another, why its pod does not come up; empty: not known.
    bool passing = false;  // As of a Workload.

    bool is_stuck() const { return failed || (!why.empty() && !passing); }
    std::string in_words() const;
};

// What a Prometheus says of its reading the services.
struct Scraping {
    std::string problem{};               // Why it says nothing, in words; empty: it was asked.
    std::vector<std::string> unread{};   // Services of which it reads no pod,
    std::vector<std::string> awaited{};  // and those of which it may just not have begun to.
    bool alerts = false;                 // It has loaded the platform's.
    bool alerts_awaited = false;         // It may just not have done so yet.

    friend bool operator==(const Scraping&, const Scraping&) = default;
};

// How the gateway answered of late. Where it could not be read only the problem counts.
struct Measured {
    std::string problem;                 // Why nothing is known, in words; empty: it was read.
    bool begun = false;                  // It was read twice: before that nothing is known of the time between.
    bool any = false;                    // There were requests.
    bool few_fail = true;                // As few as errorRatePercent allows,
    bool few_are_slow = true;            // and 99 of 100 are within latencyP99.
    std::optional<bool> spans_taken{};   // Of traces, the gateway's last; nothing: none was seen to be sent.
    std::optional<Scraping> scraping{};  // Nothing: no Prometheus is to be asked, or none was yet. Also where there is a problem.

    friend bool operator==(const Measured&, const Measured&) = default;
};

// The Job that verifies the last rollout.
struct Verification {
    std::string job;
    bool done = false;
    bool failed = false;
    std::string why;  // As of a Preparation.
};

// The generated credentials. Times as in RFC 3339.
struct Credentials {
    int generation = 0;    // How often they were changed.
    std::string made{};    // When the newest were.
    std::string step{};    // Settled; while new ones are brought in, Offered (the data stores accept them too), then Used.
    std::string oldest{};  // When the oldest that are accepted were made.
    bool too_old = false;
};

// What the Secret holds that an Ingress serves TLS with.
struct Certificate {
    std::string flaw{};   // In words that follow the Secret's name; empty: it has none.
    std::string until{};  // As in RFC 3339.
};

// An API that the spec asks for and the cluster does not serve, where the platform is complete without it.
struct LeftOut {
    std::string field;        // That asks for it.
    std::string consequence;  // Without the period.
    std::string cure;
};

// An object in the platform's namespace that is not the platform's and acts on some of its components.
struct Other {
    std::string name;
    std::vector<std::string> components;
};
using Others = std::map<std::string, std::vector<Other>, std::less<>>;  // By kind. Missing: it may not be observed.

// What is known of the ClusterRoles that the platform's RoleBindings give.
struct Roles {
    bool shown = true;  // Each of them may be observed.
    std::vector<std::string> missing;
    std::vector<std::string> empty{};  // They are there and have no rules.
};

// A component whose external Secret is not there, or lacks what its clients read.
struct MissingReference {
    std::string component;
    std::vector<std::string> keys{};  // Of the Secret; none: all of it is missing.
};

// "key a", "keys a, b".
std::string named(const std::vector<std::string>& keys);

struct Observed {
    std::map<std::string, Workload, std::less<>> workloads;  // By component. Missing: there is none.
    std::map<std::string, Budget, std::less<>> budgets;
    std::map<std::string, Scaler, std::less<>> scalers;
    std::map<std::string, Recommendation, std::less<>> recommendations;
    std::optional<std::vector<Pod>> pods;     // Nothing: they may not be observed.
    std::optional<Measured> measured;         // Nothing: this operator measures no requests.
    std::optional<std::string> pod_security;  // Level that the namespace enforces, "" for none. Nothing: it may not be observed.
    std::string pod_security_version;         // As of which Kubernetes, "v1.25"; empty or "latest": as of the one that runs.
    Others others;
    Roles roles;
    std::vector<Declared> objects;
    std::vector<api::Problem> unmet;  // What the spec asks for and this cluster does not have.
    std::vector<LeftOut> left_out;
    std::vector<Preparation> preparations;     // That are not complete.
    std::optional<Verification> verification;  // Nothing: the spec wants none.
    std::optional<Credentials> credentials;    // Nothing: no root key is known to be theirs.
    std::optional<Certificate> certificate;    // Nothing: the spec names none.
    std::string refused;                       // The API server's words on an object of ours; empty: all were taken.
    std::string log_agent_refused;             // The same of the log agent's DaemonSet, which is not among them.
    std::vector<MissingReference> missing_references;
    bool wakes = false;  // Off hours ended some minutes ago, and the replicas that went for them come back.

    const MissingReference* reference_missing(std::string_view component) const;  // Null: it is not.
    const Preparation* preparation_of(std::string_view component) const;          // Null where there is none.
    const Workload* workload_of(std::string_view component) const;
};

}  // namespace quality
