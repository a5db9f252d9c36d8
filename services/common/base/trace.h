// Distributed tracing: the W3C trace context that travels with requests and messages, and the spans that are exported by OTLP.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <initializer_list>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace prometheus {
class Registry;
}

namespace base {

struct TraceContext {
    std::string trace_id;  // 32 hex digits, lower case, not all zero; empty: there is none.
    std::string span_id;   // 16
    bool sampled = false;

    bool valid() const { return !trace_id.empty(); }
};

// Of a `traceparent` header (W3C Trace Context, version 00 and what later versions keep of it); an invalid one counts as none.
TraceContext trace_context_from(std::string_view traceparent);
std::string traceparent(const TraceContext& context);  // Empty where the context is.

enum class SpanKind { Internal = 1, Server = 2, Client = 3, Producer = 4, Consumer = 5 };  // OTLP's numbers.

class Tracer;

// One piece of work, from its construction to end() or its destruction. Movable; not for several threads at once.
class Span {
public:
    Span();  // Of no trace: does nothing.
    Span(Span&& other) noexcept;
    Span& operator=(Span&& other) noexcept;
    ~Span();

    const TraceContext& context() const { return context_; }  // To be passed on: children name this span as their parent.
    bool is_recording() const { return data_ != nullptr; }    // False: what it is told is kept nowhere.
    void rename(std::string_view name);
    void set(std::string_view attribute, nlohmann::json value);  // A string, number or boolean; never anything personal.
    void fail(std::string_view reason);
    void end();

private:
    friend class Tracer;
    struct Data;
    TraceContext context_;
    std::shared_ptr<Tracer> tracer_;
    std::unique_ptr<Data> data_;  // Null where the trace is not sampled: such a span costs next to nothing.
};

// Collects ended spans in a bounded queue and hands them on in batches, on a thread of its own. What does not fit, or is refused
// for good, is dropped and counted (otel_spans_dropped_total): tracing never holds up the work.
// otel_sdk_exporter_span_exported_total counts all whose export has ended, those that were not taken with an error_type, as
// OpenTelemetry's conventions have it.
class Tracer : public std::enable_shared_from_this<Tracer> {
public:
    // Delivers one OTLP/JSON ExportTraceServiceRequest; false: it was not taken.
    using Send = std::function<bool(const std::string& body)>;

    struct Options {
        std::string service;                                          // service.name
        std::vector<std::pair<std::string, std::string>> attributes;  // Of the resource.
        double ratio = 1.0;                                           // Of new traces; a parent's decision is kept.
        std::size_t queue = 2048;                                     // As the batch processor of OpenTelemetry,
        std::size_t batch = 512;                                      // which also sends
        std::chrono::milliseconds interval{5000};                     // at least this often.
        Send send;  // Empty: contexts are passed on, new traces are not sampled.
        prometheus::Registry* registry = nullptr;
    };

    static std::shared_ptr<Tracer> create(Options options);
    ~Tracer();  // Waits for a `send` that runs: that has to have a time limit of its own.

    // A child of `parent`, or the first of a new trace where that is not valid.
    Span start(std::string_view name, SpanKind kind, const TraceContext& parent);

    // Sends what is waiting, for at most that long; what ends later is dropped.
    void stop(std::chrono::milliseconds patience);

private:
    friend class Span;
    struct Impl;
    explicit Tracer(Options options);
    std::unique_ptr<Impl> impl_;
};

}  // namespace base
