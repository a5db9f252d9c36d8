// Waiting in tests: for a condition, never for a time.
#pragma once

#include <chrono>
#include <functional>

namespace support {

// True as soon as `holds` is, false after `limit`. The pause between two questions grows with the time waited, from 20 to
// 500 ms: what it waits for needs the processor.
bool eventually(const std::function<bool()>& holds, std::chrono::milliseconds limit = std::chrono::seconds(60));

}  // namespace support
