#include "quality/observed.h"

#include <algorithm>

#include "quality/parts.h"

namespace quality {

bool Workload::rolls() const {
    return !is_stuck() && (progresses || settles || !is_of_one_revision());
}

std::string Preparation::in_words() const {
    if (!failed) return "waits for Job " + job + (why.empty() ? "" : ", whose pod does not come up: " + why);
    return "Job " + job + " failed" + (why.empty() ? "" : ": " + why);
}

std::string named(const std::vector<std::string>& keys) {
    return (keys.size() == 1 ? "key " : "keys ") + listed(keys);
}

const MissingReference* Observed::reference_missing(std::string_view component) const {
    const auto found = std::ranges::find(missing_references, component, &MissingReference::component);
    return found == missing_references.end() ? nullptr : &*found;
}

const Preparation* Observed::preparation_of(std::string_view component) const {
    const auto found = std::find_if(preparations.begin(), preparations.end(),
                                    [&](const Preparation& each) { return each.component == component; });
    return found == preparations.end() ? nullptr : &*found;
}

const Workload* Observed::workload_of(std::string_view component) const {
    const auto found = workloads.find(component);
    return found == workloads.end() ? nullptr : &found->second;
}

}  // namespace quality
