#include "quality/parts.h"

#include <algorithm>
#include <set>

namespace quality {

std::vector<Part> parts(const api::Platform& platform) {
    std::vector<Part> all;
    for (const api::Service& service : api::kServices) {
        const auto settings = platform.spec.services.find(service.key);
        const std::int64_t least = settings == platform.spec.services.end() ? 1 : settings->second.least();
        all.push_back({std::string(service.key), false, least});
    }
    for (const std::string_view name : api::kDataStores) {
        const api::DataStore& store = api::data_store(platform.spec, name);
        if (!store.external) all.push_back({std::string(name), true, store.managed.nodes});
    }
    return all;
}

std::string listed(const std::vector<std::string>& names, std::string_view separator) {
    std::string text;
    for (const std::string& name : names) {
        if (!text.empty()) text += separator;
        text += name;
    }
    return text;
}

std::string in_short(const std::vector<std::string>& names) {
    constexpr std::size_t kMost = 3;
    if (names.size() <= kMost) return listed(names);
    return listed({names.begin(), names.begin() + kMost}) + " and " + std::to_string(names.size() - kMost) + " more";
}

std::string maxima(const api::Spec& spec, const std::function<bool(std::string_view service)>& concerns) {
    const auto field_of = [](const api::ServiceSettings& settings) {
        return std::string(settings.autoscaling ? ".replicas.max" : ".replicas");
    };
    std::set<std::string> shared;
    std::vector<std::string> fields;
    for (const auto& [name, settings] : spec.services) {
        if (!concerns(name)) continue;
        if (settings.own_most) fields.push_back("spec.services." + name + field_of(settings));
        if (!settings.own_most) shared.insert("spec.quality.scalability" + field_of(settings));
    }
    fields.insert(fields.begin(), shared.begin(), shared.end());
    return listed(fields, " or ");
}

bool is_service(std::string_view component) {
    return std::any_of(api::kServices.begin(), api::kServices.end(), [&](const auto& each) { return each.key == component; });
}

Finding not_shown(const std::string& component, const std::string& what) {
    return unknown(component, "the API server does not show the operator " + what,
                   "Let the operator get, list and watch " + what + ", as its ClusterRole in config/rbac does.");
}

Finding of_every_pod(const Case& of, const std::function<bool(std::string_view component)>& concerns,
                     const std::function<bool(const Pod&)>& holds, const std::string& when_kept, const std::string& when_hurt,
                     const std::string& cure) {
    if (!of.seen.pods) return not_shown("", "pods");
    std::set<std::string> missing;
    for (const Part& part : parts(of.platform)) {
        if (concerns(part.name)) missing.insert(part.name);
    }
    std::set<std::string> wrong;
    for (const Pod& pod : *of.seen.pods) {
        if (!concerns(pod.component)) continue;
        missing.erase(pod.component);
        if (!holds(pod)) wrong.insert(pod.component);
    }
    if (!wrong.empty()) return hurt("", when_hurt + listed({wrong.begin(), wrong.end()}), cure);
    if (!missing.empty()) {
        return unknown("", "no pods run yet of " + listed({missing.begin(), missing.end()}), "Wait until they do.");
    }
    return kept("", when_kept);
}

std::optional<Finding> of_missing_api(const Case& of, std::string_view field) {
    const auto missing = std::ranges::find(of.seen.left_out, field, &LeftOut::field);
    if (missing == of.seen.left_out.end()) return std::nullopt;
    return hurt("", missing->consequence, missing->cure);
}

std::optional<std::vector<std::string>> others_on(const Case& of, std::string_view kind, std::string_view component) {
    const auto others = of.seen.others.find(kind);
    if (others == of.seen.others.end()) return std::nullopt;
    std::vector<std::string> names;
    for (const Other& other : others->second) {
        if (std::ranges::find(other.components, component) != other.components.end()) names.push_back(other.name);
    }
    return names;
}

std::string cure_of_objects(const Case& of) {
    if (of.platform.spec.suspend) return "Set spec.suspend to false.";
    if (!of.seen.refused.empty()) return "Let the operator write it, which the API server refused: " + of.seen.refused + ".";
    return "The operator brings it back by itself; where something undoes that again and again, end that.";
}

Finding of_every_object(const Case& of, const std::function<bool(const Declared&)>& concerns, const std::string& when_kept) {
    bool any = false;
    bool waits = false;
    std::string problems;
    for (const Declared& object : of.seen.objects) {
        if (!concerns(object)) continue;
        any = true;
        waits = waits || object.state == Declared::State::NotDue;
        const bool missing = object.state == Declared::State::Missing;
        if (!missing && object.state != Declared::State::Differs) continue;
        problems += (problems.empty() ? "" : ", ") + object.kind + " " + object.name;
        problems += missing ? " does not exist" : " is not as declared";
    }
    if (!problems.empty()) return hurt("", problems, cure_of_objects(of));
    if (!any || waits)
        return unknown("", "not everything is applied yet", "Wait until everything is applied, or see the condition Stalled.");
    return kept("", when_kept);
}

}  // namespace quality
