#include "reconcile/observation.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "api/names.h"
#include "quality/verdict.h"
#include "resources/access.h"
#include "resources/environment.h"
#include "resources/logging.h"

namespace reconcile {

namespace {

void look_at_component(const api::Platform& platform, const Children& children, const kube::Kind& workload_kind,
                       std::string_view component, quality::Observed& observed) {
    const auto find = [&](const kube::Kind& kind) {
        const Child* child = children.find(kind, {platform.key.ns, api::child_name(platform.key.name, component)});
        return child && !child->deleting ? child : nullptr;
    };
    if (const Child* child = find(workload_kind)) observed.workloads.emplace(component, child->workload);
    if (const Child* child = find(kube::kPodDisruptionBudget)) observed.budgets.emplace(component, child->budget);
    if (const Child* child = find(kube::kHorizontalPodAutoscaler)) observed.scalers.emplace(component, child->scaler);
    if (const Child* child = find(kube::kVerticalPodAutoscaler))
        observed.recommendations.emplace(component, child->recommendation);
}

std::vector<quality::Declared> look_at_objects(const api::Platform& platform, const Sources& from, const kube::Objects& wanted,
                                               const kube::Objects& due) {
    std::set<std::pair<std::string_view, kube::Key>> to_be_there;
    for (const kube::Object& object : due) to_be_there.emplace(object.kind.name, object.key());
    const auto state_of = [&](const kube::Object& object) {
        if (!to_be_there.contains({object.kind.name, object.key()})) return quality::Declared::State::NotDue;
        const Child* child = from.children.find(object.kind, object.key());
        if (!child || child->deleting) return quality::Declared::State::Missing;
        return from.applier.is_as_declared(platform, object) ? quality::Declared::State::AsDeclared
                                                             : quality::Declared::State::Differs;
    };
    std::vector<quality::Declared> objects;
    for (const kube::Object& object : wanted) {
        objects.push_back({std::string(object.kind.name), object.key().name, kube::label_of(object.json, api::kComponentLabel),
                           state_of(object)});
    }
    return objects;
}

// What is known of its pods says more than that they are late. Where they can't be made there is none to look at.
void look_at_pods(const api::Platform& platform, const Surroundings& surroundings, base::WallTime now,
                  quality::Observed& observed) {
    for (auto& [component, workload] : observed.workloads) {
        workload.settles = workload.settles && !surroundings.restarts(platform.key, component);
        const std::string& ns = component == api::kFluentBit ? platform.spec.logging.ns : platform.key.ns;
        Trouble trouble = surroundings.trouble_of(platform.key, component, ns, now);
        if (trouble.words.empty() || workload.refused) continue;
        workload.passing = trouble.passing && workload.failure.empty();
        workload.failure = std::move(trouble.words);
    }
}

quality::Roles look_at_roles(const api::Platform& platform, const References& references) {
    quality::Roles roles;
    for (const std::string& name : resources::roles(platform)) {
        const References::State state = references.state(Reference{{"", name}, Reference::Use::Role});
        if (state == References::State::Refused) roles.shown = false;
        if (state == References::State::Absent) roles.missing.push_back(name);
        const Referred* role = references.find(Reference{{"", name}, Reference::Use::Role});
        if (state == References::State::Present && role && !role->has_rules) roles.empty.push_back(name);
    }
    return roles;
}

void look_at_secret(const kube::Key& secret, std::string_view store, const References& references, const kube::Objects& wanted,
                    quality::Observed& observed) {
    const References::State state = references.state(Reference{secret});
    const Referred* found = references.find(Reference{secret});
    const std::string field = "spec.data." + std::string(store) + ".external.secretName";
    if (state == References::State::Absent) {
        observed.missing_references.push_back({std::string(store)});
        observed.unmet.push_back({field, "Secret " + secret.name + " does not exist in namespace " + secret.ns});
    } else if (state == References::State::Present && found) {
        const std::set<std::string> needed = resources::keys_read(wanted, secret.name);
        std::vector<std::string> lacking;
        std::ranges::set_difference(needed, found->keys, std::back_inserter(lacking));
        if (lacking.empty()) return;
        observed.unmet.push_back(
            {field, "Secret " + secret.name + " in namespace " + secret.ns + " lacks the " + quality::named(lacking)});
        observed.missing_references.push_back({std::string(store), std::move(lacking)});
    }
}

}  // namespace

quality::Observed observe(const api::Platform& platform, const Sources& from, const kube::Objects& wanted,
                          const kube::Objects& due, const Refused& refused, base::WallTime now) {
    quality::Observed observed;
    observed.refused = quality::in_words(refused.objects);
    observed.log_agent_refused = quality::in_words(refused.log_agent);
    observed.pods = from.surroundings.pods_of(platform.key);
    if (const std::optional<Enforced> enforced = from.surroundings.pod_security(platform.key.ns)) {
        observed.pod_security = enforced->level;
        observed.pod_security_version = enforced->version;
    }
    observed.others = from.surroundings.acting_on(platform.key, wanted);
    observed.roles = look_at_roles(platform, from.references);
    observed.measured = from.measurements.of(platform);
    observed.objects = look_at_objects(platform, from, wanted, due);
    for (const api::Service& service : api::kServices) {
        look_at_component(platform, from.children, kube::kDeployment, service.key, observed);
    }
    for (const std::string_view name : api::kDataStores) {
        const api::DataStore& store = api::data_store(platform.spec, name);
        if (!store.external) {
            look_at_component(platform, from.children, kube::kStatefulSet, name, observed);
        } else {
            look_at_secret({platform.key.ns, store.external->secret_name}, name, from.references, wanted, observed);
        }
    }
    if (platform.spec.prometheus) look_at_component(platform, from.children, kube::kStatefulSet, api::kPrometheus, observed);
    if (platform.spec.logging.agent == api::LogAgent::DaemonSet) {
        const kube::Key agent{platform.spec.logging.ns, resources::log_agent_name(platform)};
        const Child* child = from.children.find(kube::kDaemonSet, agent);
        if (child && !child->deleting) observed.workloads.emplace(api::kFluentBit, child->workload);
    }
    look_at_pods(platform, from.surroundings, now, observed);
    for (const resources::LeftOut& missing : resources::left_out(platform, from.capabilities)) {
        if (missing.needed) {
            observed.unmet.push_back({missing.field, to_string(missing)});
        } else {
            observed.left_out.push_back({missing.field, missing.consequence, missing.cure});
        }
    }
    return observed;
}

}  // namespace reconcile
