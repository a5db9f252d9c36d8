// W3C Trace Context: the header `traceparent`, https://www.w3.org/TR/trace-context/#traceparent-header
#include <algorithm>

#include "common/base/trace.h"

namespace base {

namespace {

constexpr std::size_t kTraceparent = 55;  // "00-" 32 "-" 16 "-" 2

bool is_lower_hex(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool is_id(std::string_view text) {
    return is_lower_hex(text) && text.find_first_not_of('0') != text.npos;
}

}  // namespace

TraceContext trace_context_from(std::string_view traceparent) {
    if (traceparent.size() < kTraceparent) return {};
    const std::string_view version = traceparent.substr(0, 2);
    const std::string_view trace = traceparent.substr(3, 32);
    const std::string_view span = traceparent.substr(36, 16);
    const std::string_view flags = traceparent.substr(53, 2);
    if (traceparent[2] != '-' || traceparent[35] != '-' || traceparent[52] != '-') return {};
    if (!is_lower_hex(version) || version == "ff" || !is_id(trace) || !is_id(span) || !is_lower_hex(flags)) return {};
    // Later versions may only add to the end.
    if (traceparent.size() > kTraceparent && (version == "00" || traceparent[kTraceparent] != '-')) return {};
    const char last = flags[1];
    const bool sampled = ((last <= '9' ? last - '0' : last - 'a' + 10) & 1) != 0;
    return {std::string(trace), std::string(span), sampled};
}

std::string traceparent(const TraceContext& context) {
    if (!context.valid()) return {};
    return "00-" + context.trace_id + "-" + context.span_id + (context.sampled ? "-01" : "-00");
}

}  // namespace base
