// The arithmetic of waiting.
#include "common/base/backoff.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <random>
#include <system_error>

namespace base {
namespace {

Duration scaled(Duration delay, double by) {
    return Duration{static_cast<Duration::rep>(static_cast<double>(delay.count()) * by)};
}

}  // namespace

Random seeded_random(std::uint64_t seed) {
    // Shared by copies of the function, so that two copies do not repeat each other.
    return [engine = std::make_shared<std::minstd_rand>(static_cast<std::minstd_rand::result_type>(seed ^ (seed >> 32)))] {
        // Scaled by hand: what std::uniform_real_distribution makes of an engine is not said by the standard.
        return static_cast<double>((*engine)() - std::minstd_rand::min()) /
               (static_cast<double>(std::minstd_rand::max() - std::minstd_rand::min()) + 1.0);
    };
}

Random system_random() {
    // Not std::random_device: that asks the processor what it can at each construction, which a virtual machine makes slow.
    std::uint64_t seed = 0;
    if (getentropy(&seed, sizeof seed) != 0) throw std::system_error(errno, std::generic_category(), "getentropy");
    return seeded_random(seed);
}

Duration backoff_delay(const BackoffPolicy& policy, int failures, const Random& random) {
    if (failures <= 0) return {};
    Duration delay = std::min(policy.base, policy.max);
    // Stops at the bound, so nothing overflows however many failures there were.
    for (int i = 1; i < failures && delay < policy.max && delay.count() > 0; ++i) {
        delay = delay > policy.max / 2 ? policy.max : delay * 2;
    }
    if (policy.jitter == Jitter::Full) return scaled(delay, random());
    if (policy.jitter == Jitter::Equal) return delay / 2 + scaled(delay - delay / 2, random());
    return delay;
}

Duration jittered(Duration period, double factor, const Random& random) {
    return period + scaled(period, factor * random());
}

Duration Backoff::next() {
    ++failures_;
    return backoff_delay(policy_, failures_, random_);
}

}  // namespace base
