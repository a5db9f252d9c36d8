#include "quality/parts.h"
#include "quality/promises.h"

namespace quality {

// Nothing here makes a copy of anything, and no field of the spec asks for one: that is said of each store that holds data.
Findings backup(const Case& of) {
    Findings findings;
    for (const std::string_view name : api::kDataStores) {
        const std::string store(name);
        if (api::data_store(of.platform.spec, name).external) {
            findings.push_back(
                unknown(store, "whether an external store is backed up is not observed", "See to its backups where it runs."));
        } else {
            findings.push_back(hurt(store, "nothing is backed up",
                                    "This version makes no backups: copy the volumes or dump the data yourself, or use a store "
                                    "that is backed up elsewhere (external in spec.data)."));
        }
    }
    return findings;
}

}  // namespace quality
