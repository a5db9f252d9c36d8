// The way of a payment through database, provider and database.
#include "payment/processor.h"

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

#include "common/data/messages.h"
#include "common/http/problem.h"

namespace payment {

namespace {

using std::chrono::milliseconds;

// How long other processes leave a payment to the one that asks the provider. One that is killed meanwhile holds it up no longer;
// one that is only slow does no harm, since both ask with the same key.
constexpr base::Duration kBusy{5'000};
constexpr base::Duration kAsking{4'500};   // Within that time, so that they hardly ever overlap.
constexpr base::Duration kWriting{200};    // Of the caller's deadline, kept back to write down the outcome.
constexpr base::Duration kOutcome{5'000};  // An outcome is written down even where the caller has gone.
constexpr base::Duration kLook{50};        // How often to look whether another process is done.
constexpr int kAsks = 3;                   // In one go; each may be several tries of the client.
constexpr int kBatch = 50;                 // Due payments at a time.

// Between asks in one go, and between attempts to settle. The latter stay short enough that a minute after a failure has ended
// nothing is left.
constexpr base::BackoffPolicy kAskPause{milliseconds{50}, milliseconds{500}, base::Jitter::Equal};
constexpr base::BackoffPolicy kSettlePause{milliseconds{500}, milliseconds{10'000}, base::Jitter::Equal};

ProviderRequest request_for(const Payment& payment, Operation operation) {
    return {operation,    provider_key(payment.id, operation), payment.id, payment.provider_id, payment.amount, payment.currency,
            payment.token};
}

Payment newly(const Order& order) {
    Payment payment;
    payment.id = order.id;
    payment.situation = {State::Pending, Operation::Authorize};
    payment.user = order.user;
    payment.amount = order.amount;
    payment.currency = order.currency;
    payment.token = order.token;
    return payment;
}

data::Event event_of(const Payment& payment, std::string_view type, const base::TraceContext& trace) {
    return {event_id(payment.id, type),
            std::string(type),
            {{"order_id", payment.id}, {"amount", payment.amount}, {"currency", payment.currency}},
            base::traceparent(trace)};
}

}  // namespace

Processor::Processor(data::Database& database, Provider& provider, Metrics& metrics, std::function<void()> ring)
    : database_(database), store_(database), provider_(provider), metrics_(metrics), ring_(std::move(ring)) {}

Payment Processor::authorize(const Order& order, const std::string& key, const Context& context) {
    return pursue(order.id, {Command::Authorize, &order, &key}, context);
}

Payment Processor::run(const std::string& id, Command command, const Context& context) {
    return pursue(id, {command}, context);
}

Payment Processor::pursue(const std::string& id, const Wanted& wanted, const Context& context) {
    const auto turn = turns_.take(id, context.in_background ? base::Deadline::in(base::Duration{0}) : context.deadline);
    if (!turn) throw http::unavailable("The payment is being worked on.");
    while (true) {
        Next now = next(id, wanted, context);
        if (now.busy) {
            if (context.in_background || context.deadline.left() <= kLook)
                throw http::unavailable("The payment is being worked on.");
            std::this_thread::sleep_for(kLook);
            continue;
        }
        switch (now.step.kind) {
            case Step::Kind::Done:
            case Step::Kind::Bury:
                return std::move(now.payment);
            case Step::Kind::Missing:
                throw http::not_found("There is no such payment.");
            case Step::Kind::Refuse:
                throw http::conflict("It can't be done: " + std::string(now.step.why) + ".");
            case Step::Kind::Start:
            case Step::Kind::Finish:
                break;
        }
        const bool again = now.step.kind == Step::Kind::Finish;
        const Outcome outcome = ask(now.payment, now.step.operation, again, context);
        settle(now.payment, now.step.operation, outcome, context);
        if (outcome.kind == Outcome::Kind::Unknown) throw http::unavailable("The payment provider gave no clear answer yet.");
        if (outcome.kind == Outcome::Kind::Refused && !again) throw http::conflict("The payment provider refuses it.");
    }
}

// Decides, and writes down the intent in the same transaction.
Processor::Next Processor::next(const std::string& id, const Wanted& wanted, const Context& context) {
    Next next = database_.transact(context.deadline, [&](Store::Work& work) -> Next {
        std::optional<Payment> payment = Store::lock(work, id);
        if (!payment) {
            Next begun = first(work, id, wanted);
            if (!begun.busy) return begun;
            payment = Store::lock(work, id);  // It came meanwhile.
            if (!payment) return begun;
        }
        if (wanted.order != nullptr && !payment->key.empty()) {
            if (payment->key != *wanted.key) throw http::conflict("The order has a payment that was asked for with another key.");
            if (payment->digest != digest_of(*wanted.key, *wanted.order)) {
                throw http::Problem(422, "The idempotency key was used for another request.");
            }
        }
        const Step step = next_step(payment->situation, wanted.command);
        const bool asks = step.kind == Step::Kind::Start || step.kind == Step::Kind::Finish;
        if (asks && payment->busy) return {step, std::move(*payment), true};
        if (asks) Store::intend(work, id, step.operation, kBusy);
        if (wanted.command == Command::Cancel && step.kind == Step::Kind::Done) Store::cancel_done(work, id);
        if (step.kind == Step::Kind::Start) payment->situation.pending = step.operation;
        return {step, std::move(*payment)};
    });
    if (next.step.kind == Step::Kind::Bury) metrics_.reached(State::Voided);
    return next;
}

// Of a payment that is not there. Busy: it is there after all.
Processor::Next Processor::first(Store::Work& work, const std::string& id, const Wanted& wanted) {
    const Step step = next_step({}, wanted.command);
    Payment payment;
    payment.id = id;
    payment.situation.state = State::Voided;
    switch (step.kind) {
        case Step::Kind::Start:
            try {
                return {step, newly(*wanted.order), !Store::insert(work, *wanted.order, *wanted.key, kBusy)};
            } catch (const pqxx::unique_violation&) {
                throw http::Problem(422, "The idempotency key was used for another order.");
            }
        case Step::Kind::Bury:
            return {step, std::move(payment), !Store::bury(work, id)};
        case Step::Kind::Done:
        case Step::Kind::Finish:
        case Step::Kind::Refuse:
        case Step::Kind::Missing:
            break;
    }
    return {step, std::move(payment)};
}

Outcome Processor::ask(const Payment& payment, Operation operation, bool again, const Context& context) {
    if (again && context.in_background) {
        if (const std::optional<Outcome> known = by_books(payment, operation, context)) return *known;
    }
    return repeat(request_for(payment, operation), context);
}

Outcome Processor::repeat(const ProviderRequest& request, const Context& context) {
    const base::Duration left = std::max(base::Duration{0}, std::min(context.deadline.left(), kAsking) - kWriting);
    const base::Deadline deadline = base::Deadline::in(left);
    Outcome outcome;
    for (int asks = 0; asks < kAsks && !deadline.passed(); ++asks) {
        if (asks > 0) std::this_thread::sleep_for(std::min(deadline.left(), pause(kAskPause, asks)));
        outcome = provider_.ask(request, deadline, context.trace);
        metrics_.heard(request.operation, outcome.kind);
        if (outcome.kind != Outcome::Kind::Unknown) break;
    }
    return outcome;
}

std::optional<Outcome> Processor::by_books(const Payment& payment, Operation operation, const Context& context) {
    const Provider::Found found = provider_.look_up(payment.id, context.deadline.at_most(kAsking), context.trace);
    if (!found.reached) {
        metrics_.reconciled("unreachable");
        return Outcome{};
    }
    if (!found.record) {
        metrics_.reconciled("missing");
        return std::nullopt;
    }
    const bool other = !payment.provider_id.empty() && found.record->provider_id != payment.provider_id;
    if (found.record->amount != payment.amount || found.record->currency != payment.currency || other) {
        metrics_.reconciled("mismatch");
        context.log.error("the provider's books differ from ours", {{"payment_id", payment.id}});
        return Outcome{};
    }
    metrics_.reconciled("found");
    return outcome_by_books(operation, found.record->status, found.record->provider_id);
}

void Processor::settle(const Payment& payment, Operation operation, const Outcome& outcome, const Context& context) {
    State state = State::None;  // Reached by this.
    database_.transact(base::Deadline::in(kOutcome), [&](Store::Work& work) {
        state = State::None;
        const std::optional<Payment> current = Store::lock(work, payment.id);
        if (!current || current->situation.pending != operation) return;  // Another process was as quick.
        if (outcome.kind == Outcome::Kind::Unknown) {
            Store::release(work, payment.id, pause(kSettlePause, current->tries + 1));
            return;
        }
        const base::Duration again = outcome.kind == Outcome::Kind::Refused ? kSettlePause.max : base::Duration{0};
        state = Store::settle(work, *current, operation, outcome, again);
        if (outcome.kind != Outcome::Kind::Done) return;
        const std::string_view event = effect_of(operation, current->amount).event;
        if (!event.empty()) data::put(work, event_of(*current, event, context.trace));
    });
    if (outcome.kind == Outcome::Kind::Unknown || outcome.kind == Outcome::Kind::Refused) {
        context.log.warn("the provider did not do it", {{"payment_id", payment.id},
                                                        {"operation", to_string(operation)},
                                                        {"refused", outcome.kind == Outcome::Kind::Refused}});
        return;
    }
    if (state == State::None) return;
    metrics_.reached(state);
    ring_();
}

void Processor::work_off(const Context& context) {
    for (const Unresolved& each : store_.due(kBatch, context.deadline)) {
        if (context.deadline.passed()) return;
        try {
            run(each.id, each.cancelled ? Command::Cancel : Command::Settle, context);
        } catch (const std::exception& problem) {
            context.log.debug("not settled yet", {{"payment_id", each.id}, {"why", problem.what()}});
        }
    }
}

base::Duration Processor::pause(const base::BackoffPolicy& policy, int failures) {
    const std::lock_guard lock(random_mutex_);
    return base::backoff_delay(policy, failures, random_);
}

}  // namespace payment
