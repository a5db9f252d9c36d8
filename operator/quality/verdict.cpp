#include "quality/verdict.h"

#include <algorithm>
#include <set>

#include "api/names.h"
#include "quality/attributes.h"
#include "quality/components.h"
#include "quality/footprint.h"
#include "quality/parts.h"

namespace quality {

namespace {

// The most bytes that the schema allows for a condition's message (metav1.Condition), and for a promise's evidence and cure.
constexpr std::size_t kMaxMessage = 32768;
constexpr std::size_t kMaxWords = 1024;

constexpr const char* kNotLookedAt = "Progressing";

// Cuts, and not within a UTF-8 character.
std::string cut(std::string text, std::size_t most) {
    if (text.size() <= most) return text;
    std::size_t end = most;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
    text.resize(end);
    return text;
}

std::string in_words(const std::vector<api::Problem>& problems) {
    std::vector<std::string> words;
    words.reserve(problems.size());
    for (const api::Problem& problem : problems) words.push_back(to_string(problem));
    return quality::in_words(words);
}

struct Count {
    std::size_t ready = 0;
    std::size_t all = 0;
};

std::string to_string(const Count& count) {
    return std::to_string(count.ready) + "/" + std::to_string(count.all);
}

// Every reason at once; the first gives the condition's.
Condition stalled(const Observed& observed) {
    std::string reason;
    std::vector<std::string> words;
    const auto add = [&](const char* why, std::string text) {
        if (reason.empty()) reason = why;
        words.push_back(std::move(text));
    };
    if (!observed.refused.empty()) add("ApplyRefused", observed.refused);
    if (!observed.unmet.empty()) add("CannotBeMet", in_words(observed.unmet));
    std::vector<std::string> failed;
    for (const Preparation& each : observed.preparations) {
        if (each.failed) failed.push_back(each.component + ": " + each.in_words());
    }
    if (!failed.empty()) {
        add("JobFailed",
            quality::in_words(failed) + ". What ran before goes on. Change the spec, or delete the Job to have it tried again.");
    }
    if (!words.empty()) return {"Stalled", "True", reason, quality::in_words(words)};
    return {"Stalled", "False", "NothingInTheWay", "Nothing keeps the platform from the declared state."};
}

Condition reconciling(const api::Platform& platform, const Observed& observed, const std::vector<std::string>& moving) {
    if (platform.spec.suspend) {
        return {"Reconciling", "False", "Suspended", "spec.suspend is true: nothing is written until it is false."};
    }
    if (!moving.empty()) return {"Reconciling", "True", "RollingOut", "Pods are not yet as declared: " + listed(moving) + "."};
    if (!observed.refused.empty() || !observed.unmet.empty())
        return {"Reconciling", "False", "Stalled", "What can be as declared is; the condition Stalled names the rest."};
    return {"Reconciling", "False", "Settled", "Everything is as declared."};
}

Condition ready(const api::Platform& platform, const Observed& observed, const std::vector<std::string>& waiting) {
    if (!observed.refused.empty()) return {"Ready", "False", "ApplyRefused", observed.refused};
    if (!waiting.empty()) return {"Ready", "False", "ComponentsNotReady", "Not ready: " + quality::in_words(waiting) + "."};
    return {"Ready", "True", platform.spec.suspend ? "Suspended" : "AllComponentsReady",
            std::to_string(api::kServices.size()) + " services and " + std::to_string(api::kDataStores.size()) +
                " data stores are ready."};
}

void add_attributes(Verdict& verdict, const std::vector<Condition>& conditions) {
    verdict.attributes = kept_of_all(conditions);
    verdict.conditions.insert(verdict.conditions.end(), conditions.begin(), conditions.end());
}

std::set<std::string> broken(const kube::Json& status, std::string_view attribute) {
    std::set<std::string> names;
    for (const kube::Json& each : kube::at(status, {"promises"})) {
        if (kube::string_at(each, {"attribute"}) != attribute || kube::string_at(each, {"status"}) != "False") continue;
        names.insert(kube::string_at(each, {"name"}));
    }
    return names;
}

std::set<std::string> broken(const Verdict& verdict, std::string_view attribute) {
    std::set<std::string> names;
    for (const Promise& each : verdict.promises) {
        if (each.attribute == attribute && each.found.held == Held::False) names.emplace(each.name);
    }
    return names;
}

kube::Json promises_json(const std::vector<Promise>& promises) {
    kube::Json list = kube::Json::array();
    for (const Promise& promise : promises) {
        const Finding& found = promise.found;
        kube::Json entry{{"attribute", promise.attribute},
                         {"name", promise.name},
                         {"status", to_string(found.held)},
                         {"evidence", cut(found.evidence, kMaxWords)}};
        if (!found.component.empty()) entry["component"] = found.component;
        if (!found.cure.empty()) entry["cure"] = cut(found.cure, kMaxWords);
        list.push_back(std::move(entry));
    }
    return list;
}

}  // namespace

std::string in_words(const std::vector<std::string>& statements) {
    return listed(statements, "; ");
}

const kube::Json& condition_of(const kube::Json& status, std::string_view type) {
    static const kube::Json none;
    const kube::Json& conditions = kube::at(status, {"conditions"});
    if (!conditions.is_array()) return none;
    const auto found = std::find_if(conditions.begin(), conditions.end(),
                                    [&](const kube::Json& each) { return kube::string_at(each, {"type"}) == type; });
    return found == conditions.end() ? none : *found;
}

Verdict first_sight(const api::Platform& platform) {
    Verdict verdict;
    verdict.conditions = {{"Ready", "Unknown", "Progressing", "The platform has not been looked at yet."},
                          {"Reconciling", "True", "Progressing", "Objects are being applied."},
                          {"Stalled", "False", "NothingInTheWay", "Nothing keeps the platform from the declared state."}};
    add_attributes(verdict, unknown_attributes(kNotLookedAt, "The platform has not been looked at yet."));
    verdict.endpoint = endpoint(platform);
    return verdict;
}

Verdict rejected(const std::string& reason, const std::vector<api::Problem>& problems) {
    const std::string words = in_words(problems);
    Verdict verdict;
    verdict.conditions = {{"Ready", "False", reason, words},
                          {"Reconciling", "False", reason, "Nothing is applied. What already runs keeps running."},
                          {"Stalled", "True", reason, words}};
    add_attributes(verdict,
                   unknown_attributes(reason, "Nothing is applied, so nothing is judged. The condition Stalled says why."));
    return verdict;
}

Verdict assess(const api::Platform& platform, const Observed& observed) {
    Verdict verdict;
    Count services;
    Count data;
    bool one_version = true;
    std::vector<std::string> waiting;
    std::vector<std::string> moving;
    for (const Component& component : components(platform, observed)) {
        Count& count = component.is_data ? data : services;
        ++count.all;
        if (component.ready) ++count.ready;
        const ComponentStatus& status = component.status;
        if (!component.ready) waiting.push_back(status.message.empty() ? status.name : status.name + " (" + status.message + ")");
        if (!component.settled) moving.push_back(status.name);
        if (!component.is_data && (!component.settled || status.version != platform.spec.version)) one_version = false;
        verdict.components.push_back(status);
    }
    verdict.services = to_string(services);
    verdict.data = to_string(data);
    if (one_version) verdict.version = platform.spec.version;
    verdict.endpoint = endpoint(platform);
    verdict.cost = monthly_cost(platform.spec);
    verdict.credentials = observed.credentials;
    verdict.conditions = {ready(platform, observed, waiting), reconciling(platform, observed, moving), stalled(observed)};
    verdict.promises = promises({platform, observed});
    add_attributes(verdict, attributes(verdict.promises));
    return verdict;
}

MonthlyCost monthly_cost(const api::Spec& spec) {
    return {spec.prices.currency, money(monthly_cost(spec, at_least)), money(monthly_cost(spec, at_most))};
}

std::string endpoint(const api::Platform& platform) {
    const api::Ingress& ingress = platform.spec.ingress;
    switch (ingress.kind) {
        case api::Exposure::Ingress:
        case api::Exposure::HttpRoute:
            if (ingress.host.empty()) break;
            return (ingress.tls_secret_name.empty() ? "http://" : "https://") + ingress.host;
        case api::Exposure::NodePort:
            if (ingress.node_port == 0) break;
            return "http://NODE:" + std::to_string(ingress.node_port);
        case api::Exposure::None:
            break;
    }
    return "http://" + api::child_name(platform.key.name, "gateway") + "." + platform.key.ns + ".svc";
}

bool is_news(const Verdict& verdict, const Condition& attribute, const kube::Json& previous) {
    const kube::Json& before = condition_of(previous, attribute.type);
    const std::string status = kube::string_at(before, {"status"});
    const std::string reason = kube::string_at(before, {"reason"});
    if (attribute.status == "Unknown" && (status.empty() || reason == kNotLookedAt)) return false;
    if (attribute.status != status || attribute.reason != reason) return true;
    return broken(verdict, attribute.type) != broken(previous, attribute.type);
}

kube::Json status_json(const Verdict& verdict, std::int64_t generation, const kube::Json& previous, const std::string& now) {
    using kube::Json;
    Json conditions = Json::array();
    for (const Condition& condition : verdict.conditions) {
        const Json& old = condition_of(previous, condition.type);
        const bool turned = kube::string_at(old, {"status"}) != condition.status;
        const std::string since = turned ? now : kube::string_at(old, {"lastTransitionTime"});
        conditions.push_back({{"type", condition.type},
                              {"status", condition.status},
                              {"reason", condition.reason},
                              {"message", cut(condition.message, kMaxMessage)},
                              {"lastTransitionTime", since},
                              {"observedGeneration", generation}});
    }
    Json status{{"observedGeneration", generation}, {"conditions", conditions}};
    if (!verdict.components.empty()) {
        Json list = Json::array();
        for (const ComponentStatus& component : verdict.components) {
            Json entry{
                {"name", component.name}, {"kind", component.kind}, {"ready", component.ready}, {"desired", component.desired}};
            if (!component.version.empty()) entry["version"] = component.version;
            if (!component.message.empty()) entry["message"] = component.message;
            list.push_back(std::move(entry));
        }
        status["components"] = std::move(list);
    }
    if (!verdict.promises.empty()) status["promises"] = promises_json(verdict.promises);
    if (!verdict.attributes.empty()) status["attributes"] = verdict.attributes;
    const std::string version = verdict.version.empty() ? kube::string_at(previous, {"version"}) : verdict.version;
    if (!version.empty()) status["version"] = version;
    if (!verdict.services.empty()) status["services"] = verdict.services;
    if (!verdict.data.empty()) status["data"] = verdict.data;
    if (!verdict.endpoint.empty()) status["endpoint"] = verdict.endpoint;
    if (verdict.cost) {
        status["monthlyCost"] = {
            {"currency", verdict.cost->currency}, {"atLeast", verdict.cost->at_least}, {"atMost", verdict.cost->at_most}};
    }
    if (const auto& credentials = verdict.credentials) {
        status["credentials"] = {
            {"generation", credentials->generation}, {"made", credentials->made}, {"step", credentials->step}};
    } else if (const kube::Json& last = kube::at(previous, {"credentials"}); !last.is_null()) {
        status["credentials"] = last;  // By which it is known that there was a root key.
    }
    return status;
}

}  // namespace quality
