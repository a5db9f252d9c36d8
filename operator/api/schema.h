// Checks a value against a structural schema of a CRD, as the API server does, and hands each rule of the schema to its C++ twin.
#pragma once

#include <string>
#include <vector>

#include "api/validation.h"
#include "kube/json.h"

namespace api {

// The schema of EcommercePlatform, out of the embedded CRD. Without descriptions, which only people read.
const kube::Json& platform_schema();

// Every problem of the value. `path` is the field at which it stands; empty at the root.
std::vector<Problem> check_schema(const kube::Json& schema, const kube::Json& value, const std::string& path);

// A value as a message shows it: as JSON, cut where it is long, always UTF-8.
std::string shown(const kube::Json& value);

// The known name that someone who wrote `name` may have meant, as " (did you mean \"x\"?)", or "".
std::string suggestion(const std::string& name, const std::vector<std::string>& known);

}  // namespace api
