// The payment service: its parts put together.
#include <memory>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "common/http/input.h"
#include "common/service/embedded.h"
#include "common/service/process.h"
#include "payment/http_provider.h"
#include "payment/no_provider.h"
#include "payment/payment_metrics.h"
#include "payment/payment_routes.h"
#include "payment/payment_store.h"
#include "payment/processor.h"

namespace {

constexpr base::Duration kSettleEvery{500};
constexpr base::Duration kSettleTime{30'000};  // For one round.
constexpr base::Duration kLookEvery{60'000};   // The ledger's sums are a scan.
constexpr base::Duration kLookTime{20'000};

rest::Client::Options provider_options() {
    rest::Client::Options options;
    options.tells_deadline = false;
    return options;
}

std::unique_ptr<payment::Provider> provider_of(service::Frame& frame) {
    if (frame.environment.find("PAYMENT_PROVIDER_URL")) {
        return std::make_unique<payment::HttpProvider>(frame.client("payment_provider", provider_options()));
    }
    frame.log.warn("PAYMENT_PROVIDER_URL is not set: every payment is declined");
    return std::make_unique<payment::NoProvider>();
}

class PaymentService final : public service::Service {
public:
    explicit PaymentService(service::Frame& frame)
        : frame_(frame),
          database_(frame.database(payment::Store::statements())),
          messages_(frame.messages(subscriptions())),
          provider_(provider_of(frame)),
          metrics_(frame.registry),
          store_(database_),
          processor_(database_, *provider_, metrics_, [this] { messages_.ring(); }),
          routes_(processor_, store_) {}

    void add_routes(http::Router& router) override { routes_.add_to(router); }

    std::vector<service::Periodic> periodic() override {
        return {{"settle", kSettleEvery, [this] { settle(); }}, {"ledger", kLookEvery, [this] { look_at_ledger(); }}};
    }

private:
    static data::Messages::Options subscriptions() {
        data::Messages::Options options;
        options.may_go_unheard = {"payment.captured", "payment.refunded"};
        options.subscriptions.push_back({"order.cancelled", [](data::Database::Work& work, const data::Event& event) {
                                             const std::string order = event.payload.value("order_id", "");
                                             if (!http::is_uuid(order))
                                                 throw std::runtime_error("order.cancelled without an order_id");
                                             payment::Store::cancel(work, order);  // The rest is settle()'s.
                                         }});
        return options;
    }

    void settle() {
        metrics_.unresolved(store_.count_unresolved(base::Deadline::in(kSettleTime)));
        processor_.work_off({base::Deadline::in(kSettleTime), {}, frame_.log, true});
    }

    void look_at_ledger() { metrics_.ledger(store_.totals(base::Deadline::in(kLookTime))); }

    service::Frame& frame_;
    data::Database& database_;
    data::Messages& messages_;
    std::unique_ptr<payment::Provider> provider_;
    payment::Metrics metrics_;
    payment::Store store_;
    payment::Processor processor_;
    payment::Routes routes_;
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
    description.name = "payment";
    description.version = SERVICE_VERSION;
    description.openapi = embedded::openapi();
    description.migrations = all_migrations();
    description.make = [](service::Frame& frame) { return std::make_unique<PaymentService>(frame); };
    return service::run(argc, argv, description);
}
