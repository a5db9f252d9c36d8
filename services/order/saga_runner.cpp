// Asks, decides, writes down; again.
#include "order/saga_runner.h"

#include <chrono>

namespace order {

namespace {

// The outcome of a step is written down in what the lease has left after it.
constexpr base::Duration kWritingTime = kLease - kStepTime;
constexpr base::Duration kTakingTime{2'000};

}  // namespace

Answered Peers::ask(const Saga& saga, const base::Deadline& deadline, const base::TraceContext& trace) {
    const Step step = saga.progress.step;
    const Peer peer = peer_of(step);
    rest::Client& client = peer == Peer::Catalog ? catalog_ : peer == Peer::Inventory ? inventory_ : payment_;
    try {
        const rest::Answer answer = client.call(request_for(step, saga.order, saga.payment_token), deadline, trace);
        return meaning_of(step, saga.order, answer);
    } catch (const rest::Unreachable&) {
        return {};
    }
}

SagaRunner::SagaRunner(SagaStore& store, Peers& peers, Metrics& metrics, std::shared_ptr<Endings> endings,
                       std::shared_ptr<base::Tracer> tracer, base::Log log, std::function<void()> committed)
    : store_(store),
      peers_(peers),
      metrics_(metrics),
      endings_(std::move(endings)),
      tracer_(std::move(tracer)),
      log_(std::move(log)),
      committed_(std::move(committed)) {}

bool SagaRunner::run(Saga& saga, const base::Deadline& until) {
    const auto taken = std::chrono::steady_clock::now();
    const base::Random random = base::system_random();
    while (true) {
        if (until.passed()) {
            store_.hand_back(saga, base::Deadline::in(kWritingTime));
            return false;
        }
        const Step step = saga.progress.step;
        const auto age = [&] {
            return saga.age + std::chrono::duration_cast<base::Duration>(std::chrono::steady_clock::now() - taken);
        };
        base::Span span;
        if (tracer_) {
            span = tracer_->start("saga " + std::string(to_string(step)), base::SpanKind::Internal,
                                  base::trace_context_from(saga.traceparent));
        }
        Answered answered;
        Decision decision;
        if (is_overdue(saga.progress, age())) {
            decision = give_up(saga.progress, Reason::Unavailable);
        } else {
            answered = peers_.ask(saga, base::Deadline::in(kStepTime), span.context());
            decision = decide(saga.progress, answered.result, age(), random);
        }
        metrics_.stepped(step, answered.result.outcome);
        if (answered.result.outcome != Outcome::Done) span.fail(to_string(answered.result.outcome));
        if (!store_.write(saga, answered, decision, base::Deadline::in(kWritingTime))) return false;
        if (is_end(saga.progress.step)) {
            ended(saga);
            return true;
        }
        if (decision.wait > base::Duration{0}) return false;
    }
}

void SagaRunner::run_due(const base::Deadline& until) {
    while (!until.passed()) {
        std::optional<Saga> saga = store_.take(base::Deadline::in(kTakingTime));
        if (!saga) return;
        run(*saga, until);
    }
}

void SagaRunner::ended(const Saga& saga) {
    const Progress& progress = saga.progress;
    metrics_.ended(state_at(progress.step), progress.reason);
    committed_();
    endings_->tell(saga.order.id);
    if (progress.step == Step::NeedsAttention) {
        log_.error("an order can't be taken back, a person must look at it",
                   {{"order_id", saga.order.id}, {"reason", to_string(progress.reason)}});
    }
}

}  // namespace order
