#include <algorithm>

#include "quality/parts.h"
#include "quality/promises.h"

namespace quality {

namespace {

constexpr const char* kCure =
    "This version makes no backups: copy the volumes or dump the data yourself, or use a store that is backed up elsewhere "
    "(external in spec.data).";

}  // namespace

// Nothing here makes a copy of anything: that is said of each store that holds data.
Findings backup(const Case& of) {
    const api::Recovery& wanted = of.platform.spec.recovery;
    Findings findings;
    for (const std::string_view name : api::kDataStores) {
        const std::string store(name);
        if (api::data_store(of.platform.spec, name).external) {
            findings.push_back(
                unknown(store, "whether an external store is backed up is not observed", "See to its backups where it runs."));
        } else {
            findings.push_back(hurt(store,
                                    "nothing is backed up, where the spec asks for a copy at " + wanted.schedule +
                                        " that is kept for " + wanted.retention,
                                    kCure));
        }
    }
    return findings;
}

Findings recovery_objectives(const Case& of) {
    const api::Recovery& wanted = of.platform.spec.recovery;
    if (std::ranges::none_of(parts(of.platform), &Part::is_data)) {
        return {unknown("", "how external stores recover is not observed", "See to it where they run.")};
    }
    return {hurt("",
                 "without a backup, neither that " + wanted.data_loss + " of data at most are lost nor that all is back within " +
                     wanted.time_to_recover + " can be promised",
                 kCure)};
}

}  // namespace quality
