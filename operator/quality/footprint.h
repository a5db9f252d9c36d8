// PURE: what a platform asks for, by its spec, and what that costs.
#pragma once

#include <cstdint>
#include <string>

#include "api/platform.h"

namespace quality {

// What all its pods ask for together, in thousandths of a core and of a byte.
struct Footprint {
    std::int64_t cpu = 0;
    std::int64_t memory = 0;
    std::int64_t storage = 0;  // Of the volumes.

    void add(std::int64_t pods, const api::Compute& each);
};

// With every service at its minimum, and at its maximum.
Footprint at_least(const api::Spec& spec);
Footprint at_most(const api::Spec& spec);
// At most, with the pods and the Jobs that a rollout of all services adds for a while.
Footprint at_most_while_rolling(const api::Spec& spec);

// Of a month of 730 hours, by the prices of the spec, with its share of off hours. Data stores outside cost nothing here.
double monthly_cost(const api::Spec& spec, Footprint (*of)(const api::Spec&));

// With two digits after the point: "645.10".
std::string money(double amount);

}  // namespace quality
