// Reads the one EcommercePlatform of a YAML or JSON text.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "api/validation.h"
#include "kube/json.h"

namespace api {

// The document as JSON, or what is wrong with the text: malformed YAML (with line and column), nothing in it, several documents,
// keys that stand twice, more than 1 MiB, 100 levels or 100,000 values, merge keys (<<), which nobody needs here.
// Plain scalars are what kubectl takes them for: YAML 1.1, so that a bare On or Off is a boolean.
std::variant<kube::Json, std::vector<Problem>> read_document(const std::string& text);

// YAML of a JSON value, as kubectl would take it back: strings that look like other types are quoted.
std::string to_yaml(const kube::Json& json);

}  // namespace api
