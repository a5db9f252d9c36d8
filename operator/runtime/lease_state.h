// When to take, renew or leave a leader election Lease. Pure: what was read and the time come in, what to do comes out.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "common/base/clock.h"
#include "kube/json.h"

namespace runtime {

// client-go's defaults. A leader that could not renew for `renew_deadline` stops leading, which leaves `duration` less that much
// until somebody else may begin.
struct LeaseTimes {
    base::Duration duration{15'000};
    base::Duration renew_deadline{10'000};
    base::Duration retry{2'000};
};

// Whether another holder is alive is judged by our own steady clock since we last saw its record change, never by comparing
// clocks of two machines.
class LeaseState {
public:
    enum class Step {
        Acquire,  // Nobody holds it, or its holder is silent for longer than its lease.
        Renew,    // It is ours.
        Wait,     // Until due().
    };

    LeaseState(std::string identity, LeaseTimes times, const base::Clock& clock);

    // What the API server has; nothing: there is no such object.
    void observe(const std::optional<kube::Json>& lease);

    Step step() const;
    // The moment when the present holder's lease ends unless its record changes.
    base::SteadyTime due() const;

    const std::string& holder() const { return holder_; }  // Empty: nobody.
    bool is_ours() const { return holder_ == identity_; }

    // The object to write, from what was observed: everything of it that is not ours to change stays, its resourceVersion too, so
    // that the write fails if somebody was quicker.
    kube::Json acquired() const;
    kube::Json renewed() const;
    kube::Json next() const { return step() == Step::Renew ? renewed() : acquired(); }
    kube::Json released() const;  // Without a holder and for one second, so that the next one need not wait.

private:
    kube::Json with_spec(const kube::Json& changes) const;

    std::string identity_;
    LeaseTimes times_;
    const base::Clock& clock_;
    bool exists_ = false;
    kube::Json lease_;
    std::string holder_;
    base::Duration held_for_{};    // The holder's own word on how long a renewal lasts.
    base::SteadyTime changed_at_;  // When the record was last seen to change.
};

// HOSTNAME_RANDOM: tells two processes apart on one host, and one process from its predecessor.
std::string lease_identity();

}  // namespace runtime
