// The rules of leader election, as client-go has them.
#include "runtime/lease_state.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <random>
#include <utility>

#include "kube/object.h"

namespace runtime {

using kube::Json;

LeaseState::LeaseState(std::string identity, LeaseTimes times, const base::Clock& clock)
    : identity_(std::move(identity)), times_(times), clock_(clock), lease_(Json::object()) {}

void LeaseState::observe(const std::optional<Json>& lease) {
    const Json found = lease.value_or(Json::object());
    // The spec alone says that the holder lives: somebody's label on the object must not.
    const bool changed = lease.has_value() != exists_ || kube::at(found, {"spec"}) != kube::at(lease_, {"spec"});
    if (changed) changed_at_ = clock_.now();
    exists_ = lease.has_value();
    lease_ = found;
    holder_ = kube::string_at(found, {"spec", "holderIdentity"});
    // Bounded, as arithmetic with whatever stands there would overflow: an hour is longer than anybody's lease.
    constexpr std::int64_t kLongest = 3600;
    held_for_ =
        std::chrono::seconds{std::clamp<std::int64_t>(kube::int_at(found, {"spec", "leaseDurationSeconds"}), 0, kLongest)};
}

LeaseState::Step LeaseState::step() const {
    if (exists_ && is_ours()) return Step::Renew;
    if (!exists_ || holder_.empty() || clock_.now() >= due()) return Step::Acquire;
    return Step::Wait;
}

base::SteadyTime LeaseState::due() const {
    return changed_at_ + held_for_;
}

Json LeaseState::with_spec(const Json& changes) const {
    Json lease = lease_;
    lease["spec"].update(changes);
    return lease;
}

Json LeaseState::acquired() const {
    const std::string now = base::rfc3339_micro(clock_.wall());
    const std::int64_t transitions = kube::int_at(lease_, {"spec", "leaseTransitions"});
    return with_spec({{"holderIdentity", identity_},
                      {"leaseDurationSeconds", std::chrono::ceil<std::chrono::seconds>(times_.duration).count()},
                      {"acquireTime", now},
                      {"renewTime", now},
                      {"leaseTransitions", exists_ ? transitions + 1 : 0}});
}

Json LeaseState::renewed() const {
    return with_spec({{"leaseDurationSeconds", std::chrono::ceil<std::chrono::seconds>(times_.duration).count()},
                      {"renewTime", base::rfc3339_micro(clock_.wall())}});
}

Json LeaseState::released() const {
    const std::string now = base::rfc3339_micro(clock_.wall());
    return with_spec({{"holderIdentity", ""}, {"leaseDurationSeconds", 1}, {"acquireTime", now}, {"renewTime", now}});
}

std::string lease_identity() {
    std::array<char, 256> host{};
    if (gethostname(host.data(), host.size() - 1) != 0 || host[0] == '\0') host = {"unknown"};
    std::string identity = std::string(host.data()) + "_";
    std::random_device random;
    for (int i = 0; i < 16; ++i) identity += "0123456789abcdef"[random() % 16];
    return identity;
}

}  // namespace runtime
