// Faults that are injected on purpose into a share of the requests to the API port, to see how callers take them.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <random>
#include <string>

#include "common/base/clock.h"
#include "common/http/message.h"
#include "common/http/server.h"

namespace service {

// Shares are between 0 and 1 and drawn independently from one seeded sequence.
struct FaultPlan {
    base::Duration delay{0};
    double delay_share = 1;  // Of the requests that wait for `delay` before they are handled.
    double error_share = 0;  // Of those answered with 500 instead of being handled.
    double lost_share = 0;   // Of those handled whose connection is closed instead of answered.
    std::uint64_t seed = 1;
};

// {"delay_ms":…, "delay_share":…, "error_share":…, "lost_share":…, "seed":…}; what is missing is the default. Throws
// http::Problem.
FaultPlan fault_plan_from(const http::Request& request);
nlohmann::json to_json(const FaultPlan& plan);

// Safe from several threads.
class Faults {
public:
    struct Draw {
        base::Duration delay{0};
        bool error = false;
        bool lost = false;
    };

    void set(const FaultPlan& plan);
    FaultPlan plan() const;
    Draw draw();

private:
    mutable std::mutex mutex_;
    FaultPlan plan_{base::Duration{0}, 0, 0, 0, 1};
    std::mt19937_64 random_{1};
};

// Handles requests by `next`, with faults.
http::AsyncHandler with_faults(std::shared_ptr<Faults> faults, http::AsyncHandler next);

}  // namespace service
