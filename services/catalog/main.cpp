// The catalog service: its parts put together.
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "catalog/catalog_routes.h"
#include "catalog/catalog_store.h"
#include "catalog/history_recorder.h"
#include "catalog/order_events.h"
#include "catalog/product_cache.h"
#include "common/service/embedded.h"
#include "common/service/process.h"

namespace {

class CatalogService final : public service::Service {
public:
    explicit CatalogService(service::Frame& frame)
        : database_(frame.database(catalog::Store::statements())),
          store_(database_),
          cache_(
              frame.redis(), [this](const std::string& id, const base::Deadline& deadline) { return load(id, deadline); },
              frame.registry),
          sales_(frame.registry),
          messages_(frame.messages(events())),
          users_(frame.client("user")),
          history_(users_, frame.registry),
          routes_({store_, cache_, history_, users_, frame.workers, frame.settings, [this] { messages_.ring(); }},
                  frame.registry) {}

    void add_routes(http::Router& router) override { routes_.add_to(router); }
    bool outlives_database() const override { return true; }  // What is cached is shown.
    void stop() override { history_.stop(); }

private:
    std::optional<catalog::Cached> load(const std::string& id, const base::Deadline& deadline) {
        const std::optional<catalog::Product> product = store_.find(id, deadline);
        if (!product) return {};
        return catalog::Cached{catalog::to_json(*product).dump(), product->category, product->version};
    }

    data::Messages::Options events() {
        data::Messages::Options options;
        options.subscriptions.push_back({"order.confirmed", [this](data::Database::Work& work, const data::Event& event) {
                                             const std::vector<catalog::Sold> sold = catalog::sold_in(event.payload);
                                             catalog::Store::count_sold(work, sold);
                                             sales_.count(sold);
                                         }});
        options.broadcasts.push_back({"product.changed", [this](const data::Event& event) {
                                          const auto change = catalog::change_in(event.payload);
                                          if (change) cache_.changed(change->first, change->second);
                                      }});
        options.may_go_unheard = {"product.changed"};  // Processes that are not there have nothing in memory.
        return options;
    }

    data::Database& database_;
    catalog::Store store_;
    catalog::ProductCache cache_;
    catalog::Sales sales_;
    data::Messages& messages_;
    rest::Client& users_;
    catalog::HistoryRecorder history_;
    catalog::Routes routes_;
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
    description.name = "catalog";
    description.version = SERVICE_VERSION;
    description.openapi = embedded::openapi();
    description.migrations = all_migrations();
    description.make = [](service::Frame& frame) { return std::make_unique<CatalogService>(frame); };
    return service::run(argc, argv, description);
}
