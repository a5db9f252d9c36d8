#include <gmock/gmock.h>

#include <string>

#include "common/data/messages.h"

namespace data {
namespace {

constexpr auto kId = "0b5c1c0e-9d3a-4f57-8a3e-2f1d6b7c8d9e";
constexpr auto kTrace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

std::string nested(std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
}

TEST(EventFrom, TakesWhatIsWhole) {
    const auto event = event_from(kId, "order.confirmed", kTrace, R"({"total":5})");
    ASSERT_TRUE(event.has_value());
    EXPECT_EQ(event->id, kId);
    EXPECT_EQ(event->type, "order.confirmed");
    EXPECT_EQ(event->traceparent, kTrace);
    EXPECT_EQ(event->payload.at("total"), 5);
}

TEST(EventFrom, RefusesAnIdThatIsNoUuid) {
    for (const char* id : {"", "1", "0b5c1c0e-9d3a-4f57-8a3e-2f1d6b7c8d9", "0b5c1c0e-9d3a-4f57-8a3e-2f1d6b7c8d9eX",
                           "0b5c1c0e09d3a-4f57-8a3e-2f1d6b7c8d9e", "gb5c1c0e-9d3a-4f57-8a3e-2f1d6b7c8d9e"}) {
        EXPECT_FALSE(event_from(id, "order.confirmed", "", "{}")) << id;
    }
}

TEST(EventFrom, RefusesATypeThatIsNoRoutingKeyOfOurs) {
    for (const std::string& type : {std::string(), std::string("Order"), std::string("a b"), std::string("order.#"),
                                    std::string("a\0b", 3), std::string(256, 'a')}) {
        EXPECT_FALSE(event_from(kId, type, "", "{}")) << type;
    }
    EXPECT_TRUE(event_from(kId, std::string(255, 'a'), "", "{}"));
}

TEST(EventFrom, RefusesABodyThatIsNoJson) {
    for (const char* body : {"", "{", "{}x", "\xff", "\"\xff\"", "nul"}) EXPECT_FALSE(event_from(kId, "a", "", body)) << body;
}

TEST(EventFrom, RefusesABodyOfNonsensicalSizeOrDepth) {
    EXPECT_TRUE(event_from(kId, "a", "", nested(30)));
    EXPECT_FALSE(event_from(kId, "a", "", nested(40)));
    EXPECT_FALSE(event_from(kId, "a", "", nested(500'000)));
    EXPECT_FALSE(event_from(kId, "a", "", "\"" + std::string(1024UL * 1024, 'x') + "\""));
}

TEST(EventFrom, DropsATraceContextThatIsNone) {
    const auto event = event_from(kId, "a", "00-nonsense", "{}");
    ASSERT_TRUE(event.has_value());
    EXPECT_EQ(event->traceparent, "");
}

}  // namespace
}  // namespace data
