// Any bytes as what another service, the payment provider or an event says: each has a meaning, and none that it doesn't state.
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <string_view>

#include "catalog/order_events.h"
#include "catalog/product.h"
#include "catalog/recommending.h"
#include "common/http/input.h"
#include "common/rest/answer.h"
#include "holds.h"
#include "order/saga_commands.h"
#include "payment/provider_answer.h"

namespace {

constexpr int kStatuses[] = {200, 201, 204, 302, 400, 404, 408, 409, 422, 429, 500, 503};

bool is_success(int status) {
    return status == 200 || status == 201;
}

order::Order an_order() {
    order::Order order;
    order.id = "018f0000-0000-7000-8000-000000000001";
    order.lines = {{"A-1", 99, "v", {}, {}}, {"B", 1, "w", {}, {}}};
    return order;
}

void read_by_saga(const rest::Answer& answer) {
    static const order::Order kOrder = an_order();
    for (const order::Step step : order::kSteps) {
        if (order::is_end(step)) continue;
        const order::Answered read = order::meaning_of(step, kOrder, answer);
        if (read.result.outcome == order::Outcome::Done) holds(is_success(answer.status));
        if (answer.status >= 500) holds(read.result.outcome == order::Outcome::Unknown);
        holds(read.total.has_value() == (step == order::Step::Price && read.result.outcome == order::Outcome::Done));
        if (!read.total) continue;
        holds(read.total->amount > 0 && read.total->amount <= order::kMostMoney && read.priced.size() == kOrder.lines.size());
        for (const order::Line& line : read.priced) holds(line.price && line.price->currency == read.total->currency);
    }
}

void read_by_payment(const rest::Answer& answer) {
    for (const payment::Operation operation : payment::kOperations) {
        const payment::Outcome outcome = payment::outcome_of(operation, answer.status, answer.body);
        if (outcome.kind == payment::Outcome::Kind::Done) holds(is_success(answer.status) && !outcome.provider_id.empty());
        if (answer.status >= 500) holds(outcome.kind == payment::Outcome::Kind::Unknown);
    }
    const auto record = payment::record_of(answer.body);
    holds(!record || (!record->provider_id.empty() && !record->status.empty()));
}

void read_by_catalog(const nlohmann::json& body) {
    const catalog::Taste taste = catalog::taste_of(body, body);
    for (const std::string& product : taste.seen) holds(http::is_uuid(product));
    const auto change = catalog::change_in(body);
    holds(!change || http::is_uuid(change->first));
    try {
        for (const auto& [sku, units] : catalog::sold_in(body)) holds(catalog::is_sku(sku) && units > 0);
    } catch (const std::runtime_error&) {
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    rest::Exchange exchange;
    exchange.end = rest::Exchange::End::Answered;
    exchange.status = kStatuses[data[0] % std::size(kStatuses)];
    exchange.body.assign(reinterpret_cast<const char*>(data) + 1, size - 1);
    exchange.headers = {{"content-type", "application/json"}, {"Retry-After", exchange.body.substr(0, exchange.body.find('\n'))}};
    const rest::Answer answer = rest::answer_of(std::move(exchange));
    holds(rest::retry_after(answer) >= base::Duration{0});
    static_cast<void>(answer.body.dump());
    read_by_saga(answer);
    read_by_payment(answer);
    read_by_catalog(answer.body);
    return 0;
}
