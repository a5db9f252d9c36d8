// What platforms run in: their pods, the nodes that these run on, their namespaces, and what others have in these. Of each only
// the facts that are judged.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "client/client.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "quality/observed.h"
#include "reconcile/others.h"
#include "runtime/store.h"
#include "runtime/watcher.h"

namespace reconcile {

// What is kept of a pod.
struct PodFacts {
    kube::Key platform;
    std::string component;
    std::string version;
    std::string node;
    bool runs = false;  // And does not go.
    bool best_effort = false;
    bool bounded = false;
    quality::Asked asked{};
    bool scraped = false;
    bool shipped = false;
    bool ready = false;
    std::string job{};          // Whose it is; empty: of none.
    std::string trouble{};      // Why it does not come up, in Kubernetes' words; empty: nothing is known to keep it from it.
    bool without_node = false;  // That is the trouble: there is no room for it.
    std::optional<base::WallTime> not_ready_since{};  // Nothing: it is ready, or not known.
    bool restarts = false;                            // A container of it ended more often than is forgiven.
    std::string address;                              // IP; empty: it has none yet.
    int metrics_port = 0;                             // 0: it has none.
    std::string labels{};  // In JSON, those that not every template has: its controller's, and of others. Empty: none.

    friend bool operator==(const PodFacts&, const PodFacts&) = default;
};

PodFacts pod_facts_from(const kube::Json& pod);
quality::Node node_from(const kube::Json& node);

// What of Pod Security a namespace enforces.
struct Enforced {
    std::string level;    // "" for none.
    std::string version;  // "v1.25", or "latest" as where it is empty.

    friend bool operator==(const Enforced&, const Enforced&) = default;
};
Enforced pod_security_of(const kube::Json& ns);

// Why pods do not come up.
struct Trouble {
    std::string words{};   // Empty: nothing is known to keep them from it.
    bool passing = false;  // It may be over by itself before long.
};

// Of one pod. What lasts for minutes, as the want of a node, passes no more.
Trouble trouble_of(const kube::Key& pod, const PodFacts& facts, base::WallTime now);

// Where a pod's metrics are.
struct MetricsOf {
    std::string pod;
    std::string address;
    int port = 0;
};

class Surroundings {
public:
    // Hears of a platform of which a pod changed; with an empty name, of all platforms of a namespace; with an empty key, of all.
    using Changed = std::function<void(const kube::Key&)>;

    // `ns` empty: all namespaces.
    Surroundings(boost::asio::io_context& io, client::Client& client, const base::Log& log, const std::string& ns,
                 const Changed& changed);

    // Each kind has been seen, or the API server does not show it to us: then it is not known.
    bool settled() const;
    // Also called when the API server begins or ceases to show a kind.
    void on_settled(const std::function<void()>& callback);

    // Those of a platform that run; nothing where pods are not shown.
    std::optional<std::vector<quality::Pod>> pods_of(const kube::Key& platform) const;
    // Of the pods of a component in that namespace, or of the one of a Job.
    Trouble trouble_of(const kube::Key& platform, std::string_view component, std::string_view ns, base::WallTime now) const;
    Trouble trouble_of_job(const kube::Key& job, base::WallTime now) const;
    // When one of a platform's is another by the passing of time alone.
    std::optional<base::WallTime> trouble_turns(const kube::Key& platform, base::WallTime now) const;
    // A container of the component's ended again and again, in a pod that is there.
    bool restarts(const kube::Key& platform, std::string_view component) const;
    // Of those that run and have any.
    std::vector<MetricsOf> metrics_of(const kube::Key& platform, std::string_view component) const;
    std::optional<Enforced> pod_security(const std::string& ns) const;
    // What others have in its namespace that acts on it, as Others has it.
    quality::Others acting_on(const kube::Key& platform, const kube::Objects& wanted) const;
    void set_served(const kube::Kind& kind, bool served) { others_.set_served(kind, served); }

    void start();
    void stop();

private:
    using Concerns = std::function<bool(const kube::Key&, const PodFacts&)>;
    Trouble worst_trouble(const Concerns& concerns, base::WallTime now) const;

    boost::asio::io_context& io_;
    runtime::Store<PodFacts> pods_;
    runtime::Store<quality::Node> nodes_;
    runtime::Store<Enforced> namespaces_;
    runtime::Watcher pod_watcher_;
    runtime::Watcher node_watcher_;
    runtime::Watcher namespace_watcher_;
    Others others_;
};

}  // namespace reconcile
