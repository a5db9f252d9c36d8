// Waiting in tests: for a condition, never for a time.
#pragma once

#include <chrono>
#include <functional>

namespace support {

// True as soon as `holds` is, false after `limit`. Asks every 20 ms, or for a third of the time where an answer takes
// longer (kubectl), as what it waits for needs the processor.
bool eventually(const std::function<bool()>& holds, std::chrono::milliseconds limit = std::chrono::seconds(60));

}  // namespace support
