// What an objective of availability needs.
#pragma once

#include <string_view>

#include "api/platform.h"

namespace api {

// The tiers of Azure's agreement on virtual machines, which are those of AWS and Google where they differ little: one machine is
// promised for 99.5 % of the time (standard disks; AWS the same), two on different hosts for 99.95 %, two in different zones for
// 99.99 %. Nobody promises more.
struct Availability {
    int replicas;  // At least.
    Spread spread;
};

// The most that one machine, and two on different hosts, are promised for, in percent.
inline constexpr std::string_view kMostOfOneMachine = "99.5";
inline constexpr std::string_view kMostOfTwoHosts = "99.95";

// Of an objective as written, "99.9"; "" needs nothing.
Availability needed_for(std::string_view percent);

}  // namespace api
