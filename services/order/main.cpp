// The order service: its parts put together.
#include <memory>

#include "common/service/embedded.h"
#include "common/service/process.h"
#include "order/checkout.h"
#include "order/order_routes.h"

namespace {

// Sagas that a request left behind, or a process that died, are resumed by this many threads: enough that a service that is slow
// for seconds holds up none of the others' for long.
constexpr int kResumers = 6;
constexpr base::Duration kResumeEvery{300};
constexpr base::Duration kResumeTime{2'000};  // Then a stop is looked for.
constexpr base::Duration kLookEvery{5'000};

rest::Client::Options quick() {
    rest::Client::Options options;
    options.timeout = base::Duration{2'000};
    options.tries = 2;  // A saga repeats its steps itself.
    return options;
}

// Has as much time as the step: it asks its provider in turn, and breaking off only makes the outcome unknown.
rest::Client::Options patient() {
    rest::Client::Options options;
    options.timeout = order::kStepTime;
    options.tries = 2;
    return options;
}

std::vector<data::Statement> all_statements() {
    std::vector<data::Statement> all;
    for (const auto& part : {order::OrderStore::statements(), order::SagaStore::statements(), order::CartStore::statements()}) {
        all.insert(all.end(), part.begin(), part.end());
    }
    return all;
}

class OrderService final : public service::Service {
public:
    explicit OrderService(service::Frame& frame)
        : database_(frame.database(all_statements())),
          messages_(frame.messages({})),
          catalog_(frame.client("catalog", quick())),
          peers_(catalog_, frame.client("inventory", quick()), frame.client("payment", patient())),
          endings_(std::make_shared<order::Endings>()),
          metrics_(frame.registry),
          carts_(database_),
          orders_(database_),
          sagas_(database_),
          runner_(sagas_, peers_, metrics_, endings_, frame.tracer, frame.log, [this] { messages_.ring(); }),
          checkout_(orders_, runner_, metrics_, frame.workers, endings_),
          routes_(carts_, orders_, catalog_, metrics_) {}

    void add_routes(http::Router& router) override {
        routes_.add_to(router);
        checkout_.add_to(router);
    }

    std::vector<service::Periodic> periodic() override {
        std::vector<service::Periodic> works;
        works.reserve(kResumers + 1);
        for (int i = 0; i < kResumers; ++i) {
            works.push_back({"resume sagas", kResumeEvery, [this] { runner_.run_due(base::Deadline::in(kResumeTime)); }});
        }
        works.push_back({"count sagas", kLookEvery, [this] { look(); }});
        return works;
    }

private:
    void look() {
        const order::SagaStore::Unfinished unfinished = sagas_.unfinished(base::Deadline::in(kLookEvery));
        metrics_.unfinished(static_cast<double>(unfinished.count), unfinished.oldest_seconds);
    }

    data::Database& database_;
    data::Messages& messages_;
    rest::Client& catalog_;
    order::Peers peers_;
    std::shared_ptr<order::Endings> endings_;
    order::Metrics metrics_;
    order::CartStore carts_;
    order::OrderStore orders_;
    order::SagaStore sagas_;
    order::SagaRunner runner_;
    order::Checkout checkout_;
    order::Routes routes_;
};

// What the messages need comes before what refers to it.
std::vector<data::Migration> all_migrations() {
    std::vector<data::Migration> all = {{1, "0001_messages.sql", data::kMessagesSchema}};
    for (data::Migration& migration : embedded::migrations()) all.push_back(std::move(migration));
    return all;
}

}  // namespace

int main(int argc, char** argv) {
    service::Description description;
    description.name = "order";
    description.version = SERVICE_VERSION;
    description.openapi = embedded::openapi();
    description.migrations = all_migrations();
    description.make = [](service::Frame& frame) { return std::make_unique<OrderService>(frame); };
    return service::run(argc, argv, description);
}
