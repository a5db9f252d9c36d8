// Waiting in tests: for a condition, never for a time.
#pragma once

#include <chrono>
#include <functional>

namespace support {

// True as soon as `holds` is, false after `limit`. Asks every 20 ms.
bool eventually(const std::function<bool()>& holds, std::chrono::milliseconds limit = std::chrono::seconds(60));

}  // namespace support
