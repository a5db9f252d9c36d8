#include "common/base/trace_export.h"

namespace base {

namespace {

using nlohmann::json;

json any_value(const json& value) {
    switch (value.type()) {
        case json::value_t::string:
            return {{"stringValue", value}};
        case json::value_t::boolean:
            return {{"boolValue", value}};
        case json::value_t::number_integer:
        case json::value_t::number_unsigned:
            return {{"intValue", value.dump()}};
        case json::value_t::number_float:
            return {{"doubleValue", value}};
        default:
            return {{"stringValue", value.dump(-1, ' ', false, json::error_handler_t::replace)}};
    }
}

json key_value(const std::string& key, const json& value) {
    return {{"key", key}, {"value", any_value(value)}};
}

json span_json(const EndedSpan& span) {
    json attributes = json::array();
    for (const auto& [key, value] : span.attributes) attributes.push_back(key_value(key, value));
    json result = {
        {"traceId", span.trace_id},
        {"spanId", span.span_id},
        {"name", span.name},
        {"kind", static_cast<int>(span.kind)},
        {"startTimeUnixNano", std::to_string(span.start_ns)},
        {"endTimeUnixNano", std::to_string(span.end_ns)},
        {"attributes", std::move(attributes)},
    };
    if (!span.parent_id.empty()) result["parentSpanId"] = span.parent_id;
    if (span.failure) result["status"] = {{"code", 2}, {"message", *span.failure}};  // STATUS_CODE_ERROR
    return result;
}

}  // namespace

std::string otlp_request(const std::string& service, const std::vector<std::pair<std::string, std::string>>& attributes,
                         const std::vector<EndedSpan>& spans) {
    json resource = json::array({key_value("service.name", service)});
    for (const auto& [key, value] : attributes) {
        if (key != "service.name") resource.push_back(key_value(key, value));
    }
    json list = json::array();
    for (const EndedSpan& span : spans) list.push_back(span_json(span));
    const json scope = {{"scope", {{"name", "ecommerce-platform"}}}, {"spans", std::move(list)}};
    const json of_resource = {{"resource", {{"attributes", std::move(resource)}}}, {"scopeSpans", json::array({scope})}};
    const json request = {{"resourceSpans", json::array({of_resource})}};
    return request.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace base
