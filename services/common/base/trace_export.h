// Ended spans as an OTLP/JSON request. Internal to base.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/base/trace.h"

namespace base {

struct EndedSpan {
    std::string trace_id;
    std::string span_id;
    std::string parent_id;  // Empty: the first of its trace.
    std::string name;
    SpanKind kind = SpanKind::Internal;
    std::int64_t start_ns = 0;  // Since 1970.
    std::int64_t end_ns = 0;
    std::vector<std::pair<std::string, nlohmann::json>> attributes;
    std::optional<std::string> failure;
};

// The body of an ExportTraceServiceRequest: ids in hex, 64-bit integers as strings, enums as integers.
std::string otlp_request(const std::string& service, const std::vector<std::pair<std::string, std::string>>& attributes,
                         const std::vector<EndedSpan>& spans);

}  // namespace base
