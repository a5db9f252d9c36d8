#include "reconcile/job_watch.h"

#include <algorithm>

#include "api/components.h"
#include "api/names.h"
#include "resources/component.h"

namespace reconcile {

namespace {

using boost::asio::awaitable;

// The end of a log that goes into a condition, in bytes.
constexpr std::size_t kMostWords = 512;

bool verifies(const kube::Object& job) {
    return kube::label_of(job.json, api::kComponentLabel) == resources::kEndToEnd;
}

// What waits for it: the service whose database it migrates, or PostgreSQL itself.
std::string component_of(const kube::Object& job) {
    const std::string app = kube::label_of(job.json, api::kAppLabel);
    for (const api::Service& service : api::kServices) {
        if (service.image == app) return std::string(service.key);
    }
    return std::string(api::kPostgres);
}

// The message that a container left, the end of its log where it wrote none.
std::string message_of(const kube::Json& pod) {
    const kube::Json& containers = kube::at(pod, {"status", "containerStatuses"});
    if (!containers.is_array() || containers.empty()) return kube::string_at(pod, {"status", "message"});
    std::string text = kube::string_at(containers[0], {"state", "terminated", "message"});
    text.erase(text.find_last_not_of(" \n") + 1);
    return text.size() > kMostWords ? "…" + text.substr(text.find_first_of(" \n", text.size() - kMostWords)) : text;
}

}  // namespace

awaitable<std::vector<quality::Preparation>> JobWatch::preparations(kube::Objects wanted, base::WallTime now) {
    std::vector<quality::Preparation> preparations;
    for (const kube::Object& object : wanted) {
        if (object.kind != kube::kJob || verifies(object)) continue;
        const kube::Key key = object.key();
        const Child* child = children_.find(kube::kJob, key);
        if (child && child->complete) continue;
        quality::Preparation preparation{component_of(object), key.name, child && child->failed, ""};
        const Trouble trouble = co_await why_not_complete(key, now);
        preparation.why = trouble.words;
        preparation.passing = trouble.passing;
        preparations.push_back(std::move(preparation));
    }
    co_return preparations;
}

awaitable<std::optional<quality::Verification>> JobWatch::verification(kube::Objects wanted, base::WallTime now) {
    const auto found =
        std::ranges::find_if(wanted, [](const kube::Object& object) { return object.kind == kube::kJob && verifies(object); });
    if (found == wanted.end()) co_return std::nullopt;
    const kube::Key key = found->key();
    const Child* child = children_.find(kube::kJob, key);
    quality::Verification verification{key.name, child && child->complete, child && child->failed, ""};
    const Trouble trouble = co_await why_not_complete(key, now);
    verification.why = trouble.words;
    co_return verification;
}

awaitable<Trouble> JobWatch::why_not_complete(kube::Key job, base::WallTime now) {
    const Child* child = children_.find(kube::kJob, job);
    if (!child || !child->failed) co_return surroundings_.trouble_of_job(job, now);
    const std::string uid = child->uid;
    const std::string words = co_await last_words(job, uid);
    co_return Trouble{words};
}

awaitable<std::string> JobWatch::last_words(kube::Key job, std::string uid) {
    if (const auto known = last_words_.find(uid); known != last_words_.end()) co_return known->second;
    client::Selection selection;
    selection.ns = job.ns;
    selection.label_selector = "batch.kubernetes.io/controller-uid=" + uid;
    const client::ListPage pods = co_await client_.list(kube::kPod, selection);
    std::string words;
    std::string newest;
    for (const kube::Json& pod : pods.items) {
        const std::string created = kube::string_at(pod, {"metadata", "creationTimestamp"});
        if (created < newest) continue;
        newest = created;
        words = message_of(pod);
    }
    last_words_[uid] = words;
    co_return words;
}

}  // namespace reconcile
