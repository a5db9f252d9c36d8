// The table of the saga.
#include "order/saga_rules.h"

#include <algorithm>
#include <array>
#include <stdexcept>

namespace order {

namespace {

constexpr std::array kStepNames{"price",  "reserve", "authorize", "confirm",   "capture",        "void",
                                "refund", "release", "confirmed", "cancelled", "needs_attention"};
constexpr std::array kOutcomeNames{"done", "refused", "unknown"};

Step after(Step step) {
    switch (step) {
        case Step::Price:
            return Step::Reserve;
        case Step::Reserve:
            return Step::Authorize;
        case Step::Authorize:
            return Step::Confirm;
        case Step::Confirm:
            return Step::Capture;
        case Step::Capture:
            return Step::Confirmed;
        case Step::Void:
        case Step::Refund:
            return Step::Release;
        case Step::Release:
            return Step::Cancelled;
        case Step::Confirmed:
        case Step::Cancelled:
        case Step::NeedsAttention:
            break;
    }
    throw std::logic_error("nothing comes after the end of a saga");
}

// Where taking back begins. A step whose outcome is unknown, or that was refused after tries whose outcome is unknown, may take
// effect yet: so it is taken back too, and the mark that this leaves refuses it from then on.
Step back_from(Step step) {
    switch (step) {
        case Step::Price:
            return Step::Cancelled;
        case Step::Reserve:
            return Step::Release;
        case Step::Authorize:
        case Step::Confirm:
        case Step::Capture:
            return Step::Void;
        default:
            throw std::logic_error("no way back from " + std::string(to_string(step)));
    }
}

bool goes_forward(Step step) {
    return can_go_back(step) || step == Step::Capture;
}

Decision refused_while_taking_back(const Progress& progress, const base::Random& random) {
    Progress next = progress;
    next.tries = 0;
    ++next.refusals;
    if (next.refusals >= kMostRefusals) {
        next.step = Step::NeedsAttention;
        return {next, base::Duration{0}};
    }
    if (progress.step == Step::Void) next.step = Step::Refund;
    if (progress.step == Step::Refund) next.step = Step::Void;
    // That a payment was captured, and so is to be refunded, is nothing unusual.
    const bool at_once = progress.step == Step::Void && next.refusals == 1;
    return {next, at_once ? base::Duration{0} : base::backoff_delay(kRetry, next.refusals, random)};
}

}  // namespace

std::string_view to_string(Step step) {
    return kStepNames.at(static_cast<std::size_t>(step));
}

Step step_from(std::string_view name) {
    const auto found = std::find(kStepNames.begin(), kStepNames.end(), name);
    if (found == kStepNames.end()) throw std::invalid_argument("no such step: " + std::string(name));
    return static_cast<Step>(found - kStepNames.begin());
}

std::string_view to_string(Outcome outcome) {
    return kOutcomeNames.at(static_cast<std::size_t>(outcome));
}

bool is_end(Step step) {
    return step == Step::Confirmed || step == Step::Cancelled || step == Step::NeedsAttention;
}

bool can_go_back(Step step) {
    return step == Step::Price || step == Step::Reserve || step == Step::Authorize || step == Step::Confirm;
}

bool is_overdue(const Progress& progress, base::Duration age) {
    return can_go_back(progress.step) && age >= kForwardWindow;
}

Decision give_up(const Progress& progress, Reason reason) {
    return {{back_from(progress.step), 0, 0, reason}, base::Duration{0}};
}

Decision decide(const Progress& progress, const Result& result, base::Duration age, const base::Random& random) {
    switch (result.outcome) {
        case Outcome::Done:
            return {{after(progress.step), 0, progress.refusals, progress.reason}, base::Duration{0}};
        case Outcome::Refused:
            if (goes_forward(progress.step)) return give_up(progress, result.reason);
            return refused_while_taking_back(progress, random);
        case Outcome::Unknown:
            break;
    }
    Progress next = progress;
    ++next.tries;
    const bool enough = next.tries >= kForwardTries || is_overdue(progress, age);
    if (can_go_back(progress.step) && enough) return give_up(progress, Reason::Unavailable);
    return {next, base::backoff_delay(kRetry, next.tries, random)};
}

State state_at(Step step) {
    switch (step) {
        case Step::Confirmed:
            return State::Confirmed;
        case Step::Cancelled:
            return State::Cancelled;
        case Step::NeedsAttention:
            return State::NeedsAttention;
        default:
            return State::Pending;
    }
}

}  // namespace order
