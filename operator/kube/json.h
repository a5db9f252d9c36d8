// The JSON value that every Kubernetes object is here: keys sorted, so that output is stable.
#pragma once

#include <nlohmann/json_fwd.hpp>

namespace kube {

using Json = nlohmann::json;

}  // namespace kube
