// Label selectors, as NetworkPolicies and PodDisruptionBudgets name pods by them.
#pragma once

#include "kube/json.h"

namespace kube {

// Whether `selector` (matchLabels, matchExpressions) selects what has these labels. An empty one selects everything.
bool selects(const Json& selector, const Json& labels);

}  // namespace kube
