// Brings payments to where they are wanted: intent, provider, outcome; and finds out later what could not be found out at once.
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include "common/base/backoff.h"
#include "common/base/deadline.h"
#include "common/base/log.h"
#include "common/base/trace.h"
#include "payment/payment_metrics.h"
#include "payment/payment_store.h"
#include "payment/provider.h"
#include "payment/turns.h"

namespace payment {

// On whose behalf.
struct Context {
    base::Deadline deadline;
    base::TraceContext trace;
    base::Log log;
    bool in_background = false;  // Leaves alone what others work on, and asks for the provider's books before it repeats.
};

// Safe from several threads.
class Processor {
public:
    // `ring`: there is something in the outbox.
    Processor(data::Database& database, Provider& provider, Metrics& metrics, std::function<void()> ring);

    // Both throw http::Problem: 404; 409 where it can't be done any more; 422 for a key that stands for something else; 503 where
    // the outcome is unknown, and the same call again goes on from there. A payment that was declined is a value.
    Payment authorize(const Order& order, const std::string& key, const Context& context);
    Payment run(const std::string& id, Command command, const Context& context);

    // Settles and cancels what is due; one that fails is logged and leaves the others alone.
    void work_off(const Context& context);

private:
    // What is to be done next, as written down.
    struct Next {
        Step step;
        Payment payment;
        bool busy = false;  // By another process.
    };
    struct Wanted {
        Command command;
        const Order* order = nullptr;  // Of Authorize.
        const std::string* key = nullptr;
    };

    Payment pursue(const std::string& id, const Wanted& wanted, const Context& context);
    Next next(const std::string& id, const Wanted& wanted, const Context& context);
    Next first(Store::Work& work, const std::string& id, const Wanted& wanted);
    Outcome ask(const Payment& payment, Operation operation, bool again, const Context& context);
    Outcome repeat(const ProviderRequest& request, const Context& context);
    std::optional<Outcome> by_books(const Payment& payment, Operation operation, const Context& context);
    void settle(const Payment& payment, Operation operation, const Outcome& outcome, const Context& context);
    base::Duration pause(const base::BackoffPolicy& policy, int failures);

    data::Database& database_;
    Store store_;
    Provider& provider_;
    Metrics& metrics_;
    std::function<void()> ring_;
    Turns turns_;
    std::mutex random_mutex_;
    base::Random random_ = base::system_random();
};

}  // namespace payment
