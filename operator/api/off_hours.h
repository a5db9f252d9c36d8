// PURE: the hours of a week in which fewer replicas do.
#pragma once

#include <chrono>
#include <optional>

#include "api/platform.h"

namespace api {

// All times are UTC.
bool are_off(const OffHours& hours, std::chrono::sys_seconds now);
// The first moment after `now` at which that changes; nothing: it never does.
std::optional<std::chrono::sys_seconds> next_change(const OffHours& hours, std::chrono::sys_seconds now);
// How much of a week is off, from 0 to 1.
double share_of_a_week(const OffHours& hours);

// Replicas of a service in those hours. With an autoscaler load may still ask for more.
Replicas fewer(Replicas replicas, bool autoscaling, const OffHours& hours);

// The spec as it is in off hours, and outside them.
Spec at_rest(Spec spec);
Spec awake(Spec spec);

}  // namespace api
