// What a provider's answers mean. Pure: any answer, however wrong, has a meaning.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>

#include "payment/provider.h"

namespace payment {

// Of an operation. Whatever is not clear is Unknown.
Outcome outcome_of(Operation operation, int status, const nlohmann::json& body);

// Of a list of the authorisations of one payment; nothing where there is none that can be read.
std::optional<ProviderRecord> record_of(const nlohmann::json& list);

}  // namespace payment
