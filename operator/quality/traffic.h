// PURE: what customers asked of a gateway and how it answered, from what its pods count.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "api/platform.h"
#include "quality/observed.h"

namespace quality {

// What latencyP99 may be, in seconds.
constexpr std::array kLatencies{0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0};

// Requests since a process began.
struct Requests {
    double all = 0;
    double failed = 0;                                  // Status 500 and above.
    double timed = 0;                                   // Of which the duration is known,
    std::array<double, kLatencies.size()> within = {};  // and was within each of kLatencies.
    double spans = 0;                                   // Of traces, that were taken where they are sent,
    double lost = 0;                                    // and that were not.

    Requests& operator+=(const Requests& other);
    Requests& operator-=(const Requests& other);
};

// Sums up http_requests_total, http_request_duration_seconds and otel_sdk_exporter_span_exported_total in Prometheus' text
// format. Throws std::invalid_argument that quotes the line which can't be read.
Requests requests_from(std::string_view metrics);

// Of the last minutes, over all pods.
class Traffic {
public:
    using Time = std::chrono::steady_clock::time_point;

    // As long as the shortest window of the alerts on the objectives (resources/objectives.cpp).
    static constexpr std::chrono::minutes kWindow{5};

    // What a pod counts now. What it counted before it was first seen is of another time.
    void add(const std::string& pod, const Requests& counted, Time now);

    // A pod that is gone counts no more; one of the same name begins anew.
    template <class IsThere>
    void keep_pods(IsThere is_there) {
        std::erase_if(pods_, [&](const auto& each) { return !is_there(each.first); });
    }

    // Whether every pod's last spans were taken; nothing: none was seen to send any.
    std::optional<bool> spans_taken() const;

    // Nothing before a pod was seen twice.
    std::optional<Requests> of_window(Time now);

private:
    struct Slice {
        Time time;
        Requests requests;
    };

    struct Pod {
        Requests counted;
        std::optional<bool> spans_taken;
    };

    std::map<std::string, Pod> pods_;
    std::deque<Slice> slices_;
    bool begun_ = false;
};

Measured measured_from(const std::optional<Requests>& requests, const api::Objectives& objectives);
// The same from the shares that failed and that were slow: NaN where there were no requests.
Measured measured_from(double failed, double slow, const api::Objectives& objectives);

}  // namespace quality
