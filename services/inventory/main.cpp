// The inventory service: its parts put together.
#include <stdexcept>

#include "common/http/input.h"
#include "common/service/embedded.h"
#include "common/service/process.h"
#include "inventory/inventory_metrics.h"
#include "inventory/inventory_routes.h"
#include "inventory/inventory_store.h"

namespace {

constexpr base::Duration kSweepEvery{500};
constexpr base::Duration kSweepTime{5'000};  // For one round.
constexpr std::size_t kSweepBatch = 100;

data::Messages::Options subscriptions() {
    data::Messages::Options options;
    options.may_go_unheard = {"stock.changed"};
    // The saga has released it already, unless its answer was lost. To do it again is harmless.
    options.subscriptions.push_back({"order.cancelled", [](data::Database::Work& work, const data::Event& event) {
                                         const std::string order = event.payload.value("order_id", "");
                                         if (!http::is_uuid(order)) {
                                             throw std::runtime_error("order.cancelled without an order_id");
                                         }
                                         inventory::Store::release(work, order, event.traceparent);
                                     }});
    return options;
}

class InventoryService final : public service::Service {
public:
    explicit InventoryService(service::Frame& frame)
        : database_(frame.database(inventory::Store::statements())),
          messages_(frame.messages(subscriptions())),
          metrics_(frame.registry),
          store_(database_),
          routes_(store_, metrics_, [this] { messages_.ring(); }) {}

    void add_routes(http::Router& router) override { routes_.add_to(router); }

    std::vector<service::Periodic> periodic() override {
        return {{"expire reservations", kSweepEvery, [this] { sweep(); }}};
    }

private:
    void sweep() {
        const base::Deadline deadline = base::Deadline::in(kSweepTime);
        std::size_t count = 0;
        do {
            count = store_.expire(kSweepBatch, deadline);
            metrics_.expired.Increment(static_cast<double>(count));
            if (count > 0) messages_.ring();
        } while (count == kSweepBatch && !deadline.passed());
    }

    data::Database& database_;
    data::Messages& messages_;
    inventory::Metrics metrics_;
    inventory::Store store_;
    inventory::Routes routes_;
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
    description.name = "inventory";
    description.version = SERVICE_VERSION;
    description.openapi = embedded::openapi();
    description.migrations = all_migrations();
    description.make = [](service::Frame& frame) { return std::make_unique<InventoryService>(frame); };
    return service::run(argc, argv, description);
}
