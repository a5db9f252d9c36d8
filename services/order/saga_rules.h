// The checkout as a state machine: what comes after which outcome, and when. Pure.
//
//   Price -> Reserve -> Authorize -> Confirm -> Capture -> Confirmed
//                |          |          |          |
//                v          v          v          v
//             Release <-- Void <----------------------      Void <-> Refund -> Release -> Cancelled
//
// The step that is written down is the intent: it is asked for until its outcome is known, as often as that takes, which every
// service that is asked allows. Confirm is the pivot. Up to it a step that stays unclear is given up and everything is taken
// back; after it (the goods are sold, the money is set aside) only a refusal leads back.
//
// How long it takes: once whatever it needs is there again, an order ends within kLongestRest.
#pragma once

#include <string_view>

#include "common/base/backoff.h"
#include "common/base/clock.h"
#include "order/order.h"

namespace order {

enum class Step { Price, Reserve, Authorize, Confirm, Capture, Void, Refund, Release, Confirmed, Cancelled, NeedsAttention };
inline constexpr Step kSteps[] = {Step::Price,  Step::Reserve, Step::Authorize, Step::Confirm,   Step::Capture,       Step::Void,
                                  Step::Refund, Step::Release, Step::Confirmed, Step::Cancelled, Step::NeedsAttention};

std::string_view to_string(Step step);  // "needs_attention"
Step step_from(std::string_view name);  // Throws std::invalid_argument.

enum class Outcome {
    Done,
    Refused,  // Certainly: it is not done, and won't be by asking again. Of Void: there is something to refund; of Refund: there
              // is not.
    Unknown,  // No answer, or one that leaves open whether it is done or will be.
};
inline constexpr Outcome kOutcomes[] = {Outcome::Done, Outcome::Refused, Outcome::Unknown};
std::string_view to_string(Outcome outcome);  // "done"

struct Result {
    Outcome outcome = Outcome::Unknown;
    Reason reason = Reason::None;  // Of a refusal on the way forward.
};

struct Progress {
    Step step = Step::Price;
    int tries = 0;     // Of this step, that ended unclear.
    int refusals = 0;  // While taking back.
    Reason reason = Reason::None;

    friend bool operator==(const Progress&, const Progress&) = default;
};

struct Decision {
    Progress next;
    base::Duration wait{0};  // Before it goes on.
};

// The way forward up to the pivot is given up after this time since the checkout, or so many tries of one step. What is reserved
// stays so for kReservationTtl, so it never expires on the way: the window, a step that began within it, and a margin.
inline constexpr base::Duration kForwardWindow{25'000};
inline constexpr int kForwardTries = 10;
inline constexpr base::Duration kReservationTtl{120'000};

// One try of a step, all told. Payment passes the time on to its provider; the others take milliseconds.
inline constexpr base::Duration kStepTime{6'000};

// Whoever works on a saga holds a lease, renewed with every step; longer than a step and its writing down take. A process that
// dies leaves it to others after that.
inline constexpr base::Duration kLease{10'000};

// Between tries of a step: 100 ms, doubled up to 3 s, and between half of it and all.
inline constexpr base::BackoffPolicy kRetry{base::Duration{100}, base::Duration{3'000}, base::Jitter::Equal};

// Refusals while taking back contradict what the services promise. So many of them, over some seconds, and a person must look.
inline constexpr int kMostRefusals = 6;

// Lease, a try that fails as a circuit breaker is still open (5 s) and the wait after it, and the steps that are left: at most 7
// of them, each of which may take its whole time only once more.
inline constexpr base::Duration kLongestRest = kLease + base::Duration{5'000} + kRetry.max + 2 * kStepTime;
static_assert(kLongestRest <= base::Duration{60'000});
static_assert(kReservationTtl > kForwardWindow + kLease + kStepTime);

bool is_end(Step step);
// Before the pivot: nothing has been done that the customer would mind to see taken back.
bool can_go_back(Step step);

// Nothing to be asked for any more: the time for going forward is over. To be looked at before each try.
bool is_overdue(const Progress& progress, base::Duration age);
Decision give_up(const Progress& progress, Reason reason);  // Of a step that can_go_back().

// `step` must not be an end. `age` is the time since the checkout.
Decision decide(const Progress& progress, const Result& result, base::Duration age, const base::Random& random);

// What an order is while its saga is there, or after it ended so.
State state_at(Step step);

}  // namespace order
