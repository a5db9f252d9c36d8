// Durations as Go writes them and people type them: "30s", "500ms", "1m30s", "1.5h".
#pragma once

#include <optional>
#include <string_view>

#include "common/base/clock.h"

namespace service {

// Decimal numbers, each with a unit (h, m, s, ms, us, µs, ns), in any order as in Go; "0" too. Nothing where the text is no such
// thing, negative, or longer than 100 years. Less than a millisecond is cut off.
std::optional<base::Duration> duration_from(std::string_view text);

}  // namespace service
