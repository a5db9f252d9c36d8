// Carries sagas on, step by step, in a request or whenever one is due.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "common/base/log.h"
#include "common/base/trace.h"
#include "order/endings.h"
#include "order/order_metrics.h"
#include "order/saga_store.h"

namespace order {

// The services that a saga asks; blocks. Throws nothing for what can't be reached: that is an outcome.
class Peers {
public:
    Peers(rest::Client& catalog, rest::Client& inventory, rest::Client& payment)
        : catalog_(catalog), inventory_(inventory), payment_(payment) {}

    Answered ask(const Saga& saga, const base::Deadline& deadline, const base::TraceContext& trace);
    rest::Client& catalog() { return catalog_; }

private:
    rest::Client& catalog_;
    rest::Client& inventory_;
    rest::Client& payment_;
};

// Safe from several threads.
class SagaRunner {
public:
    // `committed` is called after what may have put events into the outbox.
    SagaRunner(SagaStore& store, Peers& peers, Metrics& metrics, std::shared_ptr<Endings> endings,
               std::shared_ptr<base::Tracer> tracer, base::Log log, std::function<void()> committed);

    // Until it ends (true), has to wait, is somebody else's, or that time is over. The caller must have it. Throws what the
    // database throws; then it is for whoever comes when the lease has ended.
    bool run(Saga& saga, const base::Deadline& until);

    // Takes what is due and runs it, one after the other, until there is none or that time is over.
    void run_due(const base::Deadline& until);

private:
    void ended(const Saga& saga);

    SagaStore& store_;
    Peers& peers_;
    Metrics& metrics_;
    const std::shared_ptr<Endings> endings_;
    const std::shared_ptr<base::Tracer> tracer_;
    const base::Log log_;
    const std::function<void()> committed_;
};

}  // namespace order
