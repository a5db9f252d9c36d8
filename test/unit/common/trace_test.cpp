// Trace contexts on the wire, and which spans reach the collector in what form.
#include "common/base/trace.h"

#include <gmock/gmock.h>
#include <prometheus/registry.h>

#include <future>

#include "common/base/metrics.h"

using namespace std::chrono_literals;
using base::Span;
using base::SpanKind;
using base::trace_context_from;
using base::TraceContext;
using base::Tracer;
using nlohmann::json;
using testing::HasSubstr;
using testing::MatchesRegex;

namespace {

const std::string kTrace = "4bf92f3577b34da6a3ce929d0e0e4736";
const std::string kSpan = "00f067aa0ba902b7";
const std::string kParent = "00-" + kTrace + "-" + kSpan + "-01";

// What a tracer sent, in the order of the requests.
class Collector {
public:
    Tracer::Send send() {
        return [this](const std::string& body) {
            const std::lock_guard lock(mutex_);
            if (refuse_) return false;
            bodies_.push_back(json::parse(body));
            return true;
        };
    }
    void refuse() { refuse_ = true; }
    std::vector<json> bodies() const {
        const std::lock_guard lock(mutex_);
        return bodies_;
    }
    std::vector<json> spans() const {
        std::vector<json> spans;
        for (const json& body : bodies()) {
            for (const json& span : body.at("resourceSpans").at(0).at("scopeSpans").at(0).at("spans")) spans.push_back(span);
        }
        return spans;
    }

private:
    mutable std::mutex mutex_;
    bool refuse_ = false;
    std::vector<json> bodies_;
};

Tracer::Options sending_to(Collector& collector) {
    Tracer::Options options;
    options.service = "order";
    options.send = collector.send();
    return options;
}

TEST(TraceParent, IsReadAndWritten) {
    const TraceContext context = trace_context_from(kParent);
    EXPECT_TRUE(context.valid());
    EXPECT_EQ(context.trace_id, kTrace);
    EXPECT_EQ(context.span_id, kSpan);
    EXPECT_TRUE(context.sampled);
    EXPECT_EQ(traceparent(context), kParent);
    EXPECT_FALSE(trace_context_from("00-" + kTrace + "-" + kSpan + "-02").sampled);
    EXPECT_TRUE(trace_context_from("00-" + kTrace + "-" + kSpan + "-ab").sampled);
    EXPECT_EQ(base::traceparent({}), "");
}

TEST(TraceParent, OfLaterVersionsIsReadUpToWhereItIsKnown) {
    EXPECT_EQ(trace_context_from("cc-" + kTrace + "-" + kSpan + "-01").trace_id, kTrace);
    EXPECT_EQ(trace_context_from("cc-" + kTrace + "-" + kSpan + "-01-more").trace_id, kTrace);
    EXPECT_FALSE(trace_context_from("cc-" + kTrace + "-" + kSpan + "-01more").valid());
}

TEST(TraceParent, CountsAsNoneWhereItIsInvalid) {
    const std::string zeros(32, '0');
    for (const std::string& text :
         {std::string{}, std::string{"nonsense"}, kParent + "-more", kParent + " ", kParent.substr(1),
          "ff-" + kTrace + "-" + kSpan + "-01", "0g-" + kTrace + "-" + kSpan + "-01", "00-" + zeros + "-" + kSpan + "-01",
          "00-" + kTrace + "-" + zeros.substr(16) + "-01", "00-4BF92F3577B34DA6A3CE929D0E0E4736-" + kSpan + "-01",
          "00-" + kTrace + "-" + kSpan + "-0G", "00_" + kTrace + "-" + kSpan + "-01", "00-" + kTrace + "_" + kSpan + "-01",
          "00-" + kTrace + "-" + kSpan + "_01", std::string(55, '-')}) {
        EXPECT_FALSE(trace_context_from(text).valid()) << text;
    }
}

TEST(Span, OfNoTraceDoesNothing) {
    Span span;
    EXPECT_FALSE(span.is_recording());
    span.rename("c");
    span.set("a", 1);
    span.fail("b");
    span.end();
    EXPECT_FALSE(span.context().valid());
}

TEST(Tracer, SendsASpanAsOtlpJson) {
    Collector collector;
    Tracer::Options options = sending_to(collector);
    options.attributes = {{"deployment.environment", "test"}};
    const auto tracer = Tracer::create(std::move(options));
    Span span = tracer->start("unmatched", SpanKind::Server, trace_context_from(kParent));
    EXPECT_TRUE(span.is_recording());
    span.rename("GET /api/v1/cart");
    span.set("text", "a");
    span.set("number", std::int64_t{1} << 60);
    span.set("share", 0.5);
    span.set("yes", true);
    span.set("text", "b");
    span.fail("no database");
    span.end();
    span.end();
    tracer->stop(10s);

    const std::vector<json> bodies = collector.bodies();
    ASSERT_EQ(bodies.size(), 1U);
    EXPECT_EQ(bodies[0]["resourceSpans"][0]["resource"]["attributes"], json::parse(R"([
        {"key":"service.name","value":{"stringValue":"order"}},
        {"key":"deployment.environment","value":{"stringValue":"test"}}])"));
    const std::vector<json> spans = collector.spans();
    ASSERT_EQ(spans.size(), 1U);
    const json& sent = spans[0];
    EXPECT_EQ(sent["traceId"], kTrace);
    EXPECT_EQ(sent["parentSpanId"], kSpan);
    EXPECT_EQ(sent["spanId"], span.context().span_id);
    EXPECT_EQ(sent["name"], "GET /api/v1/cart");
    EXPECT_EQ(sent["kind"], 2);
    EXPECT_EQ(sent["status"], json::parse(R"({"code":2,"message":"no database"})"));
    EXPECT_EQ(sent["attributes"], json::parse(R"([
        {"key":"text","value":{"stringValue":"b"}},
        {"key":"number","value":{"intValue":"1152921504606846976"}},
        {"key":"share","value":{"doubleValue":0.5}},
        {"key":"yes","value":{"boolValue":true}}])"));
    ASSERT_TRUE(sent["startTimeUnixNano"].is_string());
    EXPECT_LE(std::stoll(sent["startTimeUnixNano"].get<std::string>()), std::stoll(sent["endTimeUnixNano"].get<std::string>()));
}

TEST(Tracer, BeginsATraceWhereThereIsNone) {
    Collector collector;
    const auto tracer = Tracer::create(sending_to(collector));
    Span first = tracer->start("a", SpanKind::Internal, {});
    const Span second = tracer->start("b", SpanKind::Client, first.context());
    EXPECT_THAT(first.context().trace_id, MatchesRegex("[0-9a-f]{32}"));
    EXPECT_THAT(first.context().span_id, MatchesRegex("[0-9a-f]{16}"));
    EXPECT_TRUE(first.context().sampled);
    EXPECT_EQ(second.context().trace_id, first.context().trace_id);
    EXPECT_NE(second.context().span_id, first.context().span_id);
    EXPECT_NE(tracer->start("c", SpanKind::Internal, {}).context().trace_id, first.context().trace_id);
    first.end();
    tracer->stop(10s);
    for (const json& span : collector.spans()) EXPECT_FALSE(span.contains("parentSpanId")) << span;
}

TEST(Tracer, KeepsTheParentsDecision) {
    Collector collector;
    const auto tracer = Tracer::create(sending_to(collector));
    const Span span = tracer->start("a", SpanKind::Server, trace_context_from("00-" + kTrace + "-" + kSpan + "-00"));
    EXPECT_FALSE(span.context().sampled);
    Tracer::Options never = sending_to(collector);
    never.ratio = 0;
    const auto silent = Tracer::create(std::move(never));
    EXPECT_FALSE(silent->start("a", SpanKind::Server, {}).context().sampled);
    EXPECT_TRUE(silent->start("b", SpanKind::Server, trace_context_from(kParent)).context().sampled);
    tracer->stop(10s);
    silent->stop(10s);
    ASSERT_EQ(collector.spans().size(), 1U);
    EXPECT_EQ(collector.spans()[0]["name"], "b");
}

TEST(Tracer, SamplesTheShareThatItIsTold) {
    Collector collector;
    Tracer::Options options = sending_to(collector);
    options.ratio = 0.25;
    const auto tracer = Tracer::create(std::move(options));
    int sampled = 0;
    for (int i = 0; i < 4000; ++i) sampled += tracer->start("a", SpanKind::Internal, {}).context().sampled ? 1 : 0;
    EXPECT_NEAR(sampled, 1000, 200);  // Seven standard deviations.
}

TEST(Tracer, PassesContextsOnWithoutACollector) {
    const auto tracer = Tracer::create({.service = "order", .attributes = {}, .send = {}});
    const Span child = tracer->start("a", SpanKind::Server, trace_context_from(kParent));
    EXPECT_EQ(child.context().trace_id, kTrace);
    EXPECT_TRUE(child.context().sampled);
    EXPECT_NE(child.context().span_id, kSpan);
    EXPECT_TRUE(tracer->start("b", SpanKind::Server, {}).context().valid());
    tracer->stop(10s);
}

TEST(Tracer, SendsFullBatchesAtOnce) {
    Collector collector;
    Tracer::Options options = sending_to(collector);
    options.batch = 2;
    options.interval = 1h;
    const auto tracer = Tracer::create(std::move(options));
    for (int i = 0; i < 4; ++i) tracer->start("a", SpanKind::Internal, {});
    for (int i = 0; i < 1000 && collector.spans().size() < 4; ++i) std::this_thread::sleep_for(10ms);
    EXPECT_EQ(collector.spans().size(), 4U);
}

TEST(Tracer, DropsAndCountsWhatDoesNotFit) {
    prometheus::Registry registry;
    std::promise<void> entered;
    std::promise<void> leave;
    int sent = 0;
    Tracer::Options options;
    options.registry = &registry;
    options.batch = 1;
    options.queue = 2;
    options.send = [&, left = leave.get_future().share()](const std::string&) {
        if (sent++ == 0) entered.set_value();
        left.wait();
        return true;
    };
    const auto tracer = Tracer::create(std::move(options));
    tracer->start("sending", SpanKind::Internal, {});
    entered.get_future().wait();
    for (int i = 0; i < 5; ++i) tracer->start("waiting", SpanKind::Internal, {});
    EXPECT_THAT(base::exposition({&registry}), HasSubstr("otel_spans_dropped_total 3"));
    leave.set_value();
    tracer->stop(10s);
    EXPECT_EQ(sent, 3);
    EXPECT_THAT(base::exposition({&registry}), HasSubstr("otel_sdk_exporter_span_exported_total 3"));
    tracer->start("late", SpanKind::Internal, {});
    EXPECT_THAT(base::exposition({&registry}), HasSubstr("otel_spans_dropped_total 4"));
}

TEST(Tracer, DropsAndCountsWhatIsRefused) {
    prometheus::Registry registry;
    Collector collector;
    collector.refuse();
    Tracer::Options options = sending_to(collector);
    options.registry = &registry;
    const auto tracer = Tracer::create(std::move(options));
    tracer->start("a", SpanKind::Internal, {});
    tracer->stop(10s);
    EXPECT_THAT(base::exposition({&registry}), HasSubstr("otel_spans_dropped_total 1"));
    EXPECT_THAT(base::exposition({&registry}), HasSubstr("otel_sdk_exporter_span_exported_total{error_type=\"_OTHER\"} 1"));
}

TEST(Tracer, LivesAsLongAsAnOpenSpan) {
    Collector collector;
    Span open;
    {
        const auto tracer = Tracer::create(sending_to(collector));
        open = tracer->start("a", SpanKind::Internal, {});
    }
    open.end();
    SUCCEED();
}

}  // namespace
