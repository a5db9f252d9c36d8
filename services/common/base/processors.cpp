// By the affinity that Linux keeps for each thread.
#include "common/base/processors.h"

#include <sched.h>

namespace base {

void keep_to_share(std::size_t index, std::size_t count) {
    cpu_set_t usable;
    if (sched_getaffinity(0, sizeof usable, &usable) != 0) return;
    if (static_cast<std::size_t>(CPU_COUNT(&usable)) < count) return;
    cpu_set_t share;
    CPU_ZERO(&share);
    std::size_t seen = 0;
    for (int processor = 0; processor < CPU_SETSIZE; ++processor) {
        if (CPU_ISSET(processor, &usable) && seen++ % count == index) CPU_SET(processor, &share);
    }
    sched_setaffinity(0, sizeof share, &share);
}

}  // namespace base
