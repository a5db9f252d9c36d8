// When something has to be looked at again, as it is another by the passing of time alone. Nothing: never.
#pragma once

#include <algorithm>
#include <optional>

#include "common/base/clock.h"

namespace reconcile {

inline std::optional<base::WallTime> earlier(const std::optional<base::WallTime>& a, const std::optional<base::WallTime>& b) {
    return a && b ? std::min(a, b) : std::max(a, b);
}

}  // namespace reconcile
