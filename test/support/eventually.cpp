#include "support/eventually.h"

#include <algorithm>
#include <thread>

namespace support {

bool eventually(const std::function<bool()>& holds, std::chrono::milliseconds limit) {
    using Clock = std::chrono::steady_clock;
    const auto end = Clock::now() + limit;
    while (true) {
        const auto asked = Clock::now();
        if (holds()) return true;
        const auto answered = Clock::now();
        if (answered > end) return false;
        std::this_thread::sleep_for(std::max<Clock::duration>(std::chrono::milliseconds(20), 2 * (answered - asked)));
    }
}

}  // namespace support
