#include "quality/parts.h"
#include "quality/promises.h"

namespace quality {

namespace {

bool runs_only(const std::vector<Pod>& pods, const std::string& component, const std::string& version) {
    bool any = false;
    for (const Pod& pod : pods) {
        if (pod.component != component) continue;
        if (pod.version != version) return false;
        any = true;
    }
    return any;
}

// What keeps it back, and may be over before long.
std::string for_now(const Preparation* preparation, const Workload* workload) {
    if (preparation && preparation->passing) return " (" + preparation->in_words() + ")";
    return workload && workload->passing ? " (" + workload->failure + ")" : "";
}

}  // namespace

Findings as_declared(const Case& of) {
    // Of a log agent that may not be, LogShipping tells, and how it may.
    const auto may_be = [&](const Declared& object) {
        return object.component != api::kFluentBit || of.seen.log_agent_refused.empty();
    };
    return {of_every_object(of, may_be, "every object is as declared, owned and labelled")};
}

// By the pods that run. While a rollout goes on its outcome is not known; one that has failed or can't begin is.
Findings one_version(const Case& of) {
    if (!of.seen.pods) return {not_shown("", "pods")};
    const std::string& version = of.platform.spec.version;
    const std::string cure_of_stuck = "Set spec.version to one that starts, or remove what keeps its pods from it.";
    Findings findings;
    std::vector<std::string> moving;
    for (const api::Service& service : api::kServices) {
        const std::string component(service.key);
        const Preparation* preparation = of.seen.preparation_of(component);
        const Workload* workload = of.seen.workload_of(component);
        if (preparation && preparation->failed) {
            findings.push_back(hurt(component, "is not at version " + version + ": Job " + preparation->job + " failed",
                                    "Set spec.version to one that migrates, or delete the Job to have it tried again."));
        } else if (preparation && preparation->is_stuck()) {
            findings.push_back(hurt(component, "is not at version " + version + ": " + preparation->in_words(), cure_of_stuck));
        } else if (!workload || !runs_only(*of.seen.pods, component, version)) {
            if (!workload || !workload->is_stuck()) {
                moving.push_back(component + for_now(preparation, workload));
                continue;
            }
            findings.push_back(hurt(component, "its rollout is stuck: " + workload->failure, cure_of_stuck));
        }
    }
    if (!findings.empty()) return findings;
    if (!moving.empty()) return {unknown("", "version " + version + " rolls out: " + listed(moving), "Wait until it has.")};
    return {kept("", "every service runs " + version)};
}

Findings verified(const Case& of) {
    if (!of.platform.spec.verify_after_rollout) return {};
    if (!of.seen.verification) return {unknown("", "the shop has not been verified", "Wait until it is.")};
    const Verification& verification = *of.seen.verification;
    if (verification.failed) {
        return {hurt("", "Job " + verification.job + " failed" + (verification.why.empty() ? "" : ": " + verification.why),
                     "Mend what it names or set spec.version to the one before; to have it tried again, delete the Job.")};
    }
    if (!verification.done) {
        const std::string why = verification.why.empty() ? "" : ", as the Job's pod does not come up: " + verification.why;
        return {unknown("", "the rollout is not verified yet" + why, "Wait until Job " + verification.job + " is complete.")};
    }
    return {kept("", "after the rollout everything on a customer's way worked")};
}

}  // namespace quality
