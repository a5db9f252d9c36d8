// What a plain (unquoted) YAML scalar stands for.
#pragma once

#include <string>
#include <string_view>

#include "kube/json.h"

namespace api {

// Null, boolean, number or string, as sigs.k8s.io/yaml (kubectl) decides: by YAML 1.1, so that On and Off are booleans. Numbers
// that JSON cannot hold (.inf, .nan) stay strings.
kube::Json plain_scalar(const std::string& text);

}  // namespace api
