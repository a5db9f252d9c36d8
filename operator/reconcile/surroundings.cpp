#include "reconcile/surroundings.h"

#include <algorithm>
#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <initializer_list>
#include <set>
#include <tuple>

#include "api/components.h"
#include "api/names.h"
#include "kube/quantity.h"
#include "quality/parts.h"
#include "quality/verdict.h"
#include "reconcile/turn.h"
#include "resources/component.h"
#include "resources/services.h"

namespace reconcile {

namespace {

client::Selection pods_in(const std::string& ns) {
    client::Selection selection;
    selection.ns = ns;
    selection.label_selector = api::kPlatformLabel;
    return selection;
}

// Labels are all that is read of nodes and namespaces.
client::Selection labels_of_all() {
    client::Selection selection;
    selection.part = client::Part::Metadata;
    return selection;
}

client::Selection labels_of_namespace(const std::string& name) {
    client::Selection selection = labels_of_all();
    if (!name.empty()) selection.field_selector = "metadata.name=" + name;
    return selection;
}

bool is_bounded(const kube::Json& container) {
    for (const char* bound : {"requests", "limits"}) {
        for (const char* resource : {"cpu", "memory"}) {
            if (kube::at(container, {"resources", bound, resource}).is_null()) return false;
        }
    }
    return true;
}

// A pod of ours has one, beside those that start before it.
quality::Asked asked_by(const kube::Json& containers) {
    const auto amount = [&](const char* resource) {
        const std::string written = containers.is_array() && !containers.empty()
                                        ? kube::string_at(containers[0], {"resources", "requests", resource})
                                        : "";
        return kube::quantity_millis(written).value_or(0);
    };
    return {amount("cpu"), amount("memory")};
}

int metrics_port_of(const kube::Json& containers) {
    for (const kube::Json& container : containers) {
        for (const kube::Json& port : kube::at(container, {"ports"})) {
            if (kube::string_at(port, {"name"}) == "admin") return static_cast<int>(kube::int_at(port, {"containerPort"}));
        }
    }
    return 0;
}

// A log agent is beside the pod's container, and was not seen to fail.
bool is_shipped(const kube::Json& pod) {
    const auto is_agent = [](const kube::Json& each) { return kube::string_at(each, {"name"}) == api::kFluentBit; };
    const kube::Json& sidecars = kube::at(pod, {"spec", "initContainers"});
    const kube::Json& states = kube::at(pod, {"status", "initContainerStatuses"});
    const bool fails = std::any_of(states.begin(), states.end(), [&](const kube::Json& each) {
        return is_agent(each) && !kube::at(each, {"state", "waiting"}).is_null();
    });
    return !fails && std::any_of(sidecars.begin(), sidecars.end(), is_agent);
}

// "0/3 nodes are available: 1 Insufficient cpu, 2 node(s) were unschedulable. preemption: …": the reasons without the numbers of
// nodes, with each of which the words would be others. What follows is of pods that could give way.
std::string reasons_of_nodes(std::string words) {
    constexpr std::string_view kBefore = " nodes are available: ";
    words.resize(std::min(words.find(". "), words.size()));
    words.erase(words.find_last_not_of('.') + 1);
    const std::size_t begin = words.find(kBefore);
    if (begin == words.npos) return words;
    std::set<std::string> reasons;
    for (std::size_t at = begin + kBefore.size(); at < words.size();) {
        const std::size_t end = std::min(words.find(", ", at), words.size());
        const std::size_t first = words.find_first_not_of("0123456789 ", at);
        if (first < end) reasons.insert(words.substr(first, end - first));
        at = end + 2;
    }
    return "no node is available: " + quality::listed({reasons.begin(), reasons.end()});
}

bool has_no_node(const kube::Json& status) {
    return kube::string_at(quality::condition_of(status, "PodScheduled"), {"reason"}) == "Unschedulable";
}

std::optional<base::WallTime> time_at(const kube::Json& object, std::initializer_list<std::string_view> path) {
    const base::WallTime time = base::wall_time_from(kube::string_at(object, path));
    return time == base::WallTime{} ? std::nullopt : std::optional(time);
}

std::optional<base::WallTime> not_ready_since(const kube::Json& pod) {
    const kube::Json& ready = quality::condition_of(kube::at(pod, {"status"}), "Ready");
    const std::string status = kube::string_at(ready, {"status"});
    if (status == "True") return std::nullopt;
    if (!status.empty()) return time_at(ready, {"lastTransitionTime"});
    const kube::Json& scheduled = quality::condition_of(kube::at(pod, {"status"}), "PodScheduled");
    if (const auto time = time_at(scheduled, {"lastTransitionTime"})) return time;
    return time_at(pod, {"metadata", "creationTimestamp"});
}

// While an image is tried again and again, two reasons and their messages take turns: they are told in the same words, or the
// status would be written each time.
std::string why_not_started(const kube::Json& container) {
    const kube::Json& waiting = kube::at(container, {"state", "waiting"});
    const std::string reason = kube::string_at(waiting, {"reason"});
    if (reason == "ErrImagePull" || reason == "ImagePullBackOff") {
        return "ImagePullBackOff: " + kube::string_at(container, {"image"}) + " can't be pulled";
    }
    constexpr std::array<std::string_view, 5> kTold{"InvalidImageName", "ErrImageNeverPull", "ImageInspectError",
                                                    "CreateContainerConfigError", "CreateContainerError"};
    if (std::ranges::find(kTold, reason) == kTold.end()) return "";
    return reason + ": " + kube::string_at(waiting, {"message"});
}

// The first restart is forgiven.
bool restarts(const kube::Json& container) {
    constexpr int kForgiven = 1;
    return kube::int_at(container, {"restartCount"}) > kForgiven;
}

// Also while it runs once more, as long as it was not ready since it began to: one that was is not ready for another reason.
std::string why_not_running(const kube::Json& container, const std::string& not_ready_since) {
    if (kube::at(container, {"ready"}) == true || !restarts(container)) return "";
    const std::string began = kube::string_at(container, {"state", "running", "startedAt"});
    if (!began.empty() && began < not_ready_since) return "";
    const kube::Json& now = kube::at(container, {"state", "terminated"});
    const kube::Json& last = now.is_null() ? kube::at(container, {"lastState", "terminated"}) : now;
    const std::string reason = kube::string_at(last, {"reason"});
    return "CrashLoopBackOff: " + kube::string_at(container, {"name"}) + " ends again and again, last with exit code " +
           std::to_string(kube::int_at(last, {"exitCode"})) + (reason.empty() || reason == "Error" ? "" : " (" + reason + ")");
}

std::string trouble_of_pod(const kube::Json& status) {
    if (has_no_node(status)) {
        const std::string words = kube::string_at(quality::condition_of(status, "PodScheduled"), {"message"});
        return "Unschedulable: " + reasons_of_nodes(words);
    }
    const kube::Json& ready = quality::condition_of(status, "Ready");
    const std::string since = kube::string_at(ready, {"status"}) == "False" ? kube::string_at(ready, {"lastTransitionTime"}) : "";
    constexpr std::string_view kBefore = "initContainerStatuses";
    for (const std::string_view kind : {kBefore, std::string_view("containerStatuses")}) {
        for (const kube::Json& container : kube::at(status, {kind})) {
            if (std::string why = why_not_started(container); !why.empty()) return why;
            // A log agent beside a service may end without it, once it has begun.
            if (kind == kBefore && kube::string_at(container, {"name"}) == api::kFluentBit) continue;
            if (std::string why = why_not_running(container, since); !why.empty()) return why;
        }
    }
    return "";
}

// Labels of every template, which need not be kept of every pod: see resources::labels_of().
constexpr std::array<std::string_view, 7> kOfTemplates{
    resources::kInstanceLabel,   api::kComponentLabel,          api::kAppLabel, api::kPlatformLabel, api::kVersionLabel,
    "app.kubernetes.io/part-of", "app.kubernetes.io/managed-by"};

std::string more_labels(const kube::Json& pod) {
    kube::Json labels = kube::at(pod, {"metadata", "labels"});
    if (!labels.is_object()) return "";
    for (const std::string_view name : kOfTemplates) labels.erase(std::string(name));
    return labels.empty() ? "" : labels.dump();
}

// Not of its log agents, which are in a namespace of their own.
bool runs_in(const kube::Key& platform, const kube::Key& pod, const PodFacts& facts) {
    return facts.runs && facts.platform == platform && pod.ns == platform.ns;
}

bool shown(const runtime::Watcher& watcher) {
    return watcher.synced() && !watcher.refused();
}

// That of a log agent is in another namespace.
kube::Key platform_of(const kube::Json& pod) {
    const bool is_agent = kube::label_of(pod, api::kComponentLabel) == api::kFluentBit;
    return {is_agent ? kube::label_of(pod, api::kNamespaceLabel) : kube::string_at(pod, {"metadata", "namespace"}),
            kube::label_of(pod, api::kPlatformLabel)};
}

}  // namespace

PodFacts pod_facts_from(const kube::Json& pod) {
    PodFacts facts;
    facts.platform = platform_of(pod);
    facts.component = kube::label_of(pod, api::kComponentLabel);
    facts.version = kube::label_of(pod, api::kVersionLabel);
    facts.node = kube::string_at(pod, {"spec", "nodeName"});
    const bool stays = kube::at(pod, {"metadata", "deletionTimestamp"}).is_null();
    const kube::Json& status = kube::at(pod, {"status"});
    const std::string phase = kube::string_at(status, {"phase"});
    facts.runs = stays && phase == "Running";
    facts.ready = kube::string_at(quality::condition_of(status, "Ready"), {"status"}) == "True";
    facts.job = kube::label_of(pod, "batch.kubernetes.io/job-name");
    if (facts.runs || (stays && phase == "Pending")) {
        facts.trouble = trouble_of_pod(status);
        facts.without_node = has_no_node(status);
    }
    if (phase == "Running" || phase == "Pending") facts.not_ready_since = not_ready_since(pod);
    facts.restarts = std::ranges::any_of(kube::at(status, {"containerStatuses"}), restarts);
    facts.best_effort = kube::string_at(pod, {"status", "qosClass"}) == "BestEffort";
    const kube::Json& containers = kube::at(pod, {"spec", "containers"});
    const kube::Json& sidecars = kube::at(pod, {"spec", "initContainers"});
    facts.bounded = containers.is_array() && std::all_of(containers.begin(), containers.end(), is_bounded) &&
                    std::all_of(sidecars.begin(), sidecars.end(), is_bounded);
    facts.asked = asked_by(containers);
    facts.scraped = kube::string_at(pod, {"metadata", "annotations", "prometheus.io/scrape"}) == "true";
    facts.shipped = is_shipped(pod);
    facts.address = kube::string_at(pod, {"status", "podIP"});
    facts.metrics_port = metrics_port_of(containers);
    facts.labels = more_labels(pod);
    return facts;
}

// The controller of a StatefulSet waits for a pod for ever, and a cluster autoscaler may bring a node for one: both have the time
// that a Deployment has. A service's has it itself, and a Job's pod is not to get ready.
Trouble trouble_of(const kube::Key& pod, const PodFacts& facts, base::WallTime now) {
    const bool is_late = facts.not_ready_since && *facts.not_ready_since + resources::kProgressDeadline <= now;
    if (!facts.trouble.empty()) return {facts.trouble, facts.without_node && !is_late};
    if (!is_late || !facts.job.empty() || quality::is_service(facts.component)) return {};
    return {pod.name + " has not been ready for " + std::to_string(resources::kProgressDeadline.count()) + " minutes", false};
}

quality::Node node_from(const kube::Json& node) {
    return {kube::label_of(node, "topology.kubernetes.io/zone"), kube::label_of(node, "node-type") == "spot"};
}

Enforced pod_security_of(const kube::Json& ns) {
    return {kube::label_of(ns, "pod-security.kubernetes.io/enforce"),
            kube::label_of(ns, "pod-security.kubernetes.io/enforce-version")};
}

Surroundings::Surroundings(boost::asio::io_context& io, client::Client& client, const base::Log& log, const std::string& ns,
                           const Changed& changed)
    : io_(io),
      pods_(pod_facts_from,
            [changed](const kube::Key&, const PodFacts* before, const PodFacts* now) {
                if (before && (!now || now->platform != before->platform)) changed(before->platform);
                if (now) changed(now->platform);
            }),
      nodes_(node_from, [changed](const kube::Key&, const auto*, const auto*) { changed({}); }),
      namespaces_(pod_security_of,
                  [changed](const kube::Key& key, const Enforced*, const Enforced* now) {
                      if (now) changed({key.name, ""});
                  }),
      pod_watcher_(io, client, log, kube::kPod, pods_in(ns), pods_),
      node_watcher_(io, client, log, kube::kNode, labels_of_all(), nodes_),
      namespace_watcher_(io, client, log, kube::kNamespace, labels_of_namespace(ns), namespaces_),
      others_(io, client, log, ns, [changed](const std::string& where) {
          changed({where, ""});
      }) {}

bool Surroundings::settled() const {
    const auto known = [](const runtime::Watcher& watcher) { return watcher.synced() || watcher.refused(); };
    return known(pod_watcher_) && known(node_watcher_) && known(namespace_watcher_) && others_.settled();
}

void Surroundings::on_settled(const std::function<void()>& callback) {
    for (runtime::Watcher* watcher : {&pod_watcher_, &node_watcher_, &namespace_watcher_}) watcher->on_settled(callback);
    others_.on_settled(callback);
}

std::optional<std::vector<quality::Pod>> Surroundings::pods_of(const kube::Key& platform) const {
    if (!shown(pod_watcher_)) return std::nullopt;
    std::vector<quality::Pod> found;
    pods_.for_each([&](const kube::Key& key, const PodFacts& facts) {
        if (!runs_in(platform, key, facts)) return;
        const quality::Node* node = nodes_.find({"", facts.node});
        if (!node && shown(node_watcher_)) return;  // It was lost with its node, and has yet to be taken away.
        found.push_back({.component = facts.component,
                         .version = facts.version,
                         .node = facts.node,
                         .on = node && shown(node_watcher_) ? std::optional(*node) : std::nullopt,
                         .best_effort = facts.best_effort,
                         .bounded = facts.bounded,
                         .asked = facts.asked,
                         .scraped = facts.scraped,
                         .shipped = facts.shipped,
                         .ready = facts.ready});
    });
    return found;
}

// Of several one that does not pass, and the one that comes first in the alphabet: the same each time.
Trouble Surroundings::worst_trouble(const Concerns& concerns, base::WallTime now) const {
    Trouble worst;
    if (!shown(pod_watcher_)) return worst;
    pods_.for_each([&](const kube::Key& key, const PodFacts& facts) {
        if (!concerns(key, facts)) return;
        const Trouble trouble = reconcile::trouble_of(key, facts, now);
        if (trouble.words.empty()) return;
        if (worst.words.empty() || std::tie(trouble.passing, trouble.words) < std::tie(worst.passing, worst.words))
            worst = trouble;
    });
    return worst;
}

Trouble Surroundings::trouble_of(const kube::Key& platform, std::string_view component, std::string_view ns,
                                 base::WallTime now) const {
    return worst_trouble(
        [&](const kube::Key& key, const PodFacts& facts) {
            return key.ns == ns && facts.platform == platform && facts.component == component;
        },
        now);
}

Trouble Surroundings::trouble_of_job(const kube::Key& job, base::WallTime now) const {
    return worst_trouble([&](const kube::Key& key, const PodFacts& facts) { return key.ns == job.ns && facts.job == job.name; },
                         now);
}

std::optional<base::WallTime> Surroundings::trouble_turns(const kube::Key& platform, base::WallTime now) const {
    std::optional<base::WallTime> first;
    pods_.for_each([&](const kube::Key&, const PodFacts& facts) {
        if (facts.platform != platform || !facts.not_ready_since) return;
        const base::WallTime turn = *facts.not_ready_since + resources::kProgressDeadline;
        if (turn > now) first = earlier(first, turn);
    });
    return first;
}

bool Surroundings::restarts(const kube::Key& platform, std::string_view component) const {
    bool any = false;
    pods_.for_each([&](const kube::Key&, const PodFacts& facts) {
        any = any || (facts.restarts && facts.platform == platform && facts.component == component);
    });
    return any;
}

std::vector<MetricsOf> Surroundings::metrics_of(const kube::Key& platform, std::string_view component) const {
    std::vector<MetricsOf> found;
    pods_.for_each([&](const kube::Key& key, const PodFacts& facts) {
        if (!runs_in(platform, key, facts) || facts.component != component) return;
        if (!facts.address.empty() && facts.metrics_port != 0) found.push_back({key.name, facts.address, facts.metrics_port});
    });
    return found;
}

quality::Others Surroundings::acting_on(const kube::Key& platform, const kube::Objects& wanted) const {
    std::vector<Labelled> labelled;
    if (!others_.are_in(platform.ns)) return others_.acting_on({wanted, platform.ns, labelled});
    pods_.for_each([&](const kube::Key& key, const PodFacts& facts) {
        if (facts.labels.empty() || !runs_in(platform, key, facts)) return;
        kube::Json labels = kube::Json::parse(facts.labels);
        labels[std::string(api::kVersionLabel)] = facts.version;
        labelled.push_back({facts.component, std::move(labels)});
    });
    return others_.acting_on({wanted, platform.ns, labelled});
}

std::optional<Enforced> Surroundings::pod_security(const std::string& ns) const {
    const Enforced* found = namespaces_.find({"", ns});
    return found && shown(namespace_watcher_) ? std::optional(*found) : std::nullopt;
}

void Surroundings::start() {
    for (runtime::Watcher* watcher : {&pod_watcher_, &node_watcher_, &namespace_watcher_}) {
        boost::asio::co_spawn(io_, watcher->run(), boost::asio::detached);
    }
    others_.start();
}

void Surroundings::stop() {
    for (runtime::Watcher* watcher : {&pod_watcher_, &node_watcher_, &namespace_watcher_}) watcher->stop();
    others_.stop();
}

}  // namespace reconcile
