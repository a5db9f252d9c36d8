// The C++ twins of the CRD's CEL rules.
#pragma once

#include <string>

#include "kube/json.h"

namespace api {

// Whether the value keeps the rule. A value of another type than the schema's keeps every rule: its type is the problem then.
using Rule = bool (*)(const kube::Json& self);

// The twin of the rule with that message; null if there is none.
Rule rule_of(const std::string& message);

}  // namespace api
