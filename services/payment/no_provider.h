// In place of a provider where none is configured: the service runs, and declines every payment.
#pragma once

#include "payment/provider.h"

namespace payment {

class NoProvider final : public Provider {
public:
    // What an earlier configuration's provider has authorised stays as it is until there is one again.
    Outcome ask(const ProviderRequest& request, const base::Deadline&, const base::TraceContext&) override {
        if (request.operation != Operation::Authorize) return {};
        return {Outcome::Kind::Declined, "", "No payment provider is configured."};
    }
    Found look_up(const std::string&, const base::Deadline&, const base::TraceContext&) override { return {}; }
};

}  // namespace payment
