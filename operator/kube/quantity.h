// Quantities and durations as Kubernetes writes them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kube {

// The form to which the API server rewrites a quantity ("0.5" to "500m", "1024Mi" to "1Gi"), or nothing if it is none.
std::optional<std::string> canonical_quantity(std::string_view text);

// Thousandths of the quantity's unit, to compare quantities; saturates. Nothing if the text is no quantity.
std::optional<std::int64_t> quantity_millis(std::string_view text);

// Go durations of whole and fractional h, m, s and ms ("1h30m", "250ms") in milliseconds; nothing if the text is none.
std::optional<std::int64_t> duration_millis(std::string_view text);

}  // namespace kube
