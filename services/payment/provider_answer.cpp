// Reads the provider's answers.
#include "payment/provider_answer.h"

#include <string>

#include "common/base/json.h"

namespace payment {

namespace {

using base::text_of;
using nlohmann::json;

std::string status_after(Operation operation) {
    switch (operation) {
        case Operation::Authorize:
            return "authorized";
        case Operation::Capture:
            return "captured";
        case Operation::Void:
            return "voided";
        case Operation::Refund:
            return "refunded";
    }
    return {};
}

}  // namespace

Outcome outcome_of(Operation operation, int status, const json& body) {
    const std::string said = text_of(body, "status");
    const std::string id = text_of(body, "id");
    const bool success = status == 200 || status == 201;
    if (success && said == status_after(operation) && !id.empty()) return {Outcome::Kind::Done, id, {}};
    if (operation == Operation::Authorize) {
        if (success && said == "declined") return {Outcome::Kind::Declined, id, "declined"};
        // Its key has never been answered otherwise, so nothing took effect.
        if (status == 400) return {Outcome::Kind::Declined, {}, "not accepted by the provider"};
        return {};
    }
    if (status == 404 || status == 409) return {Outcome::Kind::Refused, {}, "the provider refuses it"};
    return {};
}

std::optional<ProviderRecord> record_of(const json& list) {
    if (!list.is_object() || !list.contains("items") || !list["items"].is_array() || list["items"].empty()) return std::nullopt;
    const json& item = list["items"].front();
    ProviderRecord record{text_of(item, "id"), text_of(item, "status"), 0, text_of(item, "currency")};
    if (item.is_object() && item.contains("amount") && item["amount"].is_number_integer()) record.amount = item["amount"];
    if (record.provider_id.empty() || record.status.empty()) return std::nullopt;
    return record;
}

}  // namespace payment
