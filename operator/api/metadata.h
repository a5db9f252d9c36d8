// Checks a platform's metadata, which the API server checks without a schema.
#pragma once

#include <vector>

#include "api/validation.h"
#include "kube/json.h"

namespace api {

std::vector<Problem> check_metadata(const kube::Json& metadata);

}  // namespace api
