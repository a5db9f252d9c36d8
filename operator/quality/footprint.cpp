#include "quality/footprint.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>

#include "api/connections.h"
#include "api/off_hours.h"
#include "api/profile.h"
#include "kube/quantity.h"

namespace quality {

namespace {

constexpr double kHoursOfAMonth = 730;  // 365 days of 24 hours in 12 months, by which clouds reckon.
constexpr double kThousandthsOfAGibibyte = 1000.0 * (1U << 30U);

std::int64_t millis(const std::string& quantity) {
    return kube::quantity_millis(quantity).value_or(0);
}

template <typename Pods>
Footprint sum(const api::Spec& spec, Pods pods) {
    Footprint sum;
    for (const auto& [name, settings] : spec.services) {
        sum.add(pods(settings), settings.compute);
        // One on each node would be no part of it: how many nodes there are is not the platform's to say.
        if (spec.logging.agent == api::LogAgent::Sidecar) sum.add(pods(settings), api::log_agent_compute());
    }
    for (const auto& [name, store] : api::managed_stores(spec)) {
        sum.add(store->nodes, store->compute);
        sum.storage += store->nodes * millis(store->storage);
    }
    return sum;
}

// The schema lets nothing but decimal digits and a point through.
double number(const std::string& written) {
    return std::strtod(written.c_str(), nullptr);
}

double cost(const Footprint& footprint, const api::Prices& prices) {
    return kHoursOfAMonth * static_cast<double>(footprint.cpu) / 1000 * number(prices.cpu_hour) +
           kHoursOfAMonth * static_cast<double>(footprint.memory) / kThousandthsOfAGibibyte * number(prices.memory_hour) +
           static_cast<double>(footprint.storage) / kThousandthsOfAGibibyte * number(prices.storage_month);
}

}  // namespace

void Footprint::add(std::int64_t pods, const api::Compute& each) {
    cpu += pods * millis(each.requests.cpu);
    memory += pods * millis(each.requests.memory);
}

Footprint at_least(const api::Spec& spec) {
    return sum(spec, [](const api::ServiceSettings& settings) { return settings.least(); });
}

Footprint at_most(const api::Spec& spec) {
    return sum(spec, [](const api::ServiceSettings& settings) { return settings.most(); });
}

Footprint at_most_while_rolling(const api::Spec& spec) {
    Footprint most =
        sum(spec, [&](const api::ServiceSettings& settings) { return api::most_pods_while_rolling(spec, settings); });
    // Before a rollout each database has a Job, and all of them together one more.
    const auto migrated = std::ranges::count_if(api::kServices, &api::Service::has_database);
    most.add(migrated + (spec.postgres.external ? 0 : 1), api::job_compute());
    return most;
}

double monthly_cost(const api::Spec& spec, Footprint (*of)(const api::Spec&)) {
    if (spec.off_hours.windows.empty()) return cost(of(spec), spec.prices);
    const double off = api::share_of_a_week(spec.off_hours);
    return (1 - off) * cost(of(api::awake(spec)), spec.prices) + off * cost(of(api::at_rest(spec)), spec.prices);
}

std::string money(double amount) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.2f", amount);
    return text.data();
}

}  // namespace quality
