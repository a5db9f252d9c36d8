// The unit of a verdict: a promise that the spec makes, and whether it was seen to be kept.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/platform.h"
#include "quality/observed.h"

namespace quality {

enum class Held { True, False, Unknown };

std::string_view to_string(Held held);  // As conditions have it.

// What a prover found: of one component, or of the platform where `component` is empty. Evidence holds states and thresholds and
// no figures that move, or the status would be written for ever. The cure is the smallest change that would make it True, in
// sentences; empty where it is.
struct Finding {
    std::string component;
    Held held = Held::Unknown;
    std::string evidence;
    std::string cure;
};
using Findings = std::vector<Finding>;

struct Promise {
    std::string_view attribute;
    std::string_view name;
    Finding found;
};

struct Condition {
    std::string type;
    std::string status;  // "True", "False" or "Unknown"
    std::string reason;  // CamelCase
    std::string message;
};

// What a prover judges.
struct Case {
    const api::Platform& platform;
    const Observed& seen;
};

Finding kept(std::string component, std::string evidence);
Finding hurt(std::string component, std::string evidence, std::string cure);
// Not observed, which is never taken for True.
Finding unknown(std::string component, std::string evidence, std::string cure);

}  // namespace quality
