#include "support/eventually.h"

#include <algorithm>
#include <thread>

namespace support {

bool eventually(const std::function<bool()>& holds, std::chrono::milliseconds limit) {
    using Clock = std::chrono::steady_clock;
    using namespace std::chrono_literals;
    const auto start = Clock::now();
    while (true) {
        if (holds()) return true;
        const Clock::duration waited = Clock::now() - start;
        if (waited > limit) return false;
        std::this_thread::sleep_for(std::clamp<Clock::duration>(waited / 10, 20ms, 500ms));
    }
}

}  // namespace support
