// Who moves the money: the port to a payment provider.
#pragma once

#include <optional>
#include <string>

#include "common/base/deadline.h"
#include "common/base/trace.h"
#include "payment/payment_rules.h"

namespace payment {

// One operation on one payment. What a provider is asked with the same key takes effect once.
struct ProviderRequest {
    Operation operation = Operation::Authorize;
    std::string key;
    std::string payment;      // Our reference in the provider's books.
    std::string provider_id;  // The authorisation's, for all but Authorize.
    std::int64_t amount = 0;
    std::string currency;
    std::string token;  // For Authorize.
};

// An authorisation in the provider's books.
struct ProviderRecord {
    std::string provider_id;
    std::string status;  // "authorized", "declined", "captured", "voided", "refunded"
    std::int64_t amount = 0;
    std::string currency;
};

class Provider {
public:
    virtual ~Provider() = default;

    // Never throws for what the provider or the network does: that is an outcome.
    virtual Outcome ask(const ProviderRequest& request, const base::Deadline& deadline, const base::TraceContext& trace) = 0;

    // What its books say of a payment; nothing where they do not have it, or can't be asked (then `reached` is false).
    struct Found {
        bool reached = false;
        std::optional<ProviderRecord> record;
    };
    virtual Found look_up(const std::string& payment, const base::Deadline& deadline, const base::TraceContext& trace) = 0;
};

}  // namespace payment
