// A provider that speaks the simulator's HTTP API.
#pragma once

#include "common/rest/rest_client.h"
#include "payment/provider.h"

namespace payment {

class HttpProvider final : public Provider {
public:
    explicit HttpProvider(rest::Client& client) : client_(client) {}

    Outcome ask(const ProviderRequest& request, const base::Deadline& deadline, const base::TraceContext& trace) override;
    Found look_up(const std::string& payment, const base::Deadline& deadline, const base::TraceContext& trace) override;

private:
    rest::Client& client_;
};

}  // namespace payment
