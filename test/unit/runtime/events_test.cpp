// What becomes an Event, and what is counted on one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "runtime/event_book.h"

using namespace std::chrono_literals;
using kube::Json;
using runtime::EventBook;
using runtime::EventType;
using runtime::EventWrite;
using runtime::Happening;
using testing::EndsWith;
using testing::MatchesRegex;

namespace {

class EventsTest : public testing::Test {
protected:
    Happening stalled(const std::string& note = "spec.version: missing") const {
        return {{"ecommerceplatform.io/v1alpha1", "EcommercePlatform", {"shop", "shop"}, "uid-1"},
                EventType::Warning,
                "Stalled",
                "Reconcile",
                note};
    }

    // Everything that is due now.
    std::vector<EventWrite> sent() {
        std::vector<EventWrite> writes;
        while (auto write = book.take()) writes.push_back(std::move(*write));
        return writes;
    }

    base::ManualClock clock;
    EventBook book{"host_1", 42, clock};
};

TEST_F(EventsTest, SayWhatHappenedToWhom) {
    book.add(stalled());
    const Json event = sent().at(0).json;
    EXPECT_EQ(event["apiVersion"], "events.k8s.io/v1");
    EXPECT_EQ(event["metadata"]["namespace"], "shop");
    EXPECT_THAT(event["metadata"]["name"].get<std::string>(), MatchesRegex("shop\\.[0-9a-f]+"));
    EXPECT_EQ(event["eventTime"], "2023-11-14T22:13:20.000000Z");
    EXPECT_EQ(event["reportingController"], "ecommerceplatform.io/ecommerce-operator");
    EXPECT_EQ(event["reportingInstance"], "host_1");
    EXPECT_EQ(event["type"], "Warning");
    EXPECT_EQ(event["reason"], "Stalled");
    EXPECT_EQ(event["action"], "Reconcile");
    EXPECT_EQ(event["note"], "spec.version: missing");
    EXPECT_EQ(event["regarding"], (Json{{"apiVersion", "ecommerceplatform.io/v1alpha1"},
                                        {"kind", "EcommercePlatform"},
                                        {"namespace", "shop"},
                                        {"name", "shop"},
                                        {"uid", "uid-1"}}));
    EXPECT_FALSE(event.contains("series"));
}

TEST_F(EventsTest, OfClusterScopedObjectsAreInDefault) {
    Happening happening = stalled();
    happening.regarding.key.ns = "";
    book.add(happening);
    const EventWrite write = sent().at(0);
    EXPECT_EQ(write.key.ns, "default");
    EXPECT_FALSE(write.json["regarding"].contains("namespace"));
}

TEST_F(EventsTest, NothingIsDueWhenIdle) {
    EXPECT_EQ(book.next_due(), std::nullopt);
    book.add(stalled());
    sent();
    clock.advance(1h);
    EXPECT_EQ(book.next_due(), std::nullopt);
}

TEST_F(EventsTest, AnEqualOneIsCountedOnTheFirst) {
    book.add(stalled());
    const EventWrite first = sent().at(0);
    clock.advance(1min);
    book.add(stalled());
    const EventWrite second = sent().at(0);
    EXPECT_FALSE(second.is_new);
    EXPECT_EQ(second.key, first.key);
    EXPECT_EQ(second.json, (Json{{"series", {{"count", 2}, {"lastObservedTime", "2023-11-14T22:14:20.000000Z"}}}}));
}

TEST_F(EventsTest, OneWithAnotherNoteIsNew) {
    book.add(stalled());
    book.add(stalled("spec.version: unknown"));
    const auto writes = sent();
    ASSERT_EQ(writes.size(), 2U);
    EXPECT_NE(writes[0].key, writes[1].key);
    EXPECT_TRUE(writes[1].is_new);
}

TEST_F(EventsTest, OneAfterTenQuietMinutesIsNew) {
    book.add(stalled());
    const EventWrite first = sent().at(0);
    clock.advance(10min + 1ms);
    book.add(stalled());
    const EventWrite second = sent().at(0);
    EXPECT_TRUE(second.is_new);
    EXPECT_NE(second.key, first.key);
}

TEST_F(EventsTest, ThatRepeatKeepTheirSeriesAlive) {
    book.add(stalled());
    for (int i = 0; i < 10; ++i) {
        sent();
        clock.advance(9min);
        book.add(stalled());
    }
    EXPECT_EQ(sent().at(0).json["series"]["count"], 11);
}

TEST_F(EventsTest, EqualOnesThatWaitBecomeOneWrite) {
    for (int i = 0; i < 5; ++i) book.add(stalled());
    const auto writes = sent();
    ASSERT_EQ(writes.size(), 1U);
    EXPECT_TRUE(writes[0].is_new);
    EXPECT_EQ(writes[0].json["series"]["count"], 5);
}

TEST_F(EventsTest, AHotLoopWritesOneCountEveryTenSeconds) {
    std::size_t writes = 0;
    for (int i = 0; i < 1000; ++i) {
        book.add(stalled());
        writes += sent().size();
        clock.advance(100ms);
    }
    EXPECT_EQ(writes, 10U);
    const auto due = book.next_due();
    ASSERT_TRUE(due.has_value());
    EXPECT_LE(*due, clock.now() + 10s);
    clock.advance(10s);
    EXPECT_EQ(sent().at(0).json["series"]["count"], 1000);
}

TEST_F(EventsTest, AreSentInTheOrderInWhichTheyCame) {
    for (const char* note : {"one", "two", "three"}) book.add(stalled(note));
    std::vector<std::string> notes;
    for (const EventWrite& write : sent()) notes.push_back(write.json["note"]);
    EXPECT_EQ(notes, (std::vector<std::string>{"one", "two", "three"}));
}

TEST_F(EventsTest, AfterAFailedWriteTheNextIsNew) {
    book.add(stalled());
    book.forget(sent().at(0).id);
    book.add(stalled());
    EXPECT_TRUE(sent().at(0).is_new);
}

TEST_F(EventsTest, AreDroppedWhenTooManyWait) {
    EventBook small{"host_1", 42, clock, {.pending = 2}};
    EXPECT_TRUE(small.add(stalled("one")));
    EXPECT_TRUE(small.add(stalled("two")));
    EXPECT_FALSE(small.add(stalled("three")));
    EXPECT_TRUE(small.add(stalled("two")));
    small.take();
    EXPECT_TRUE(small.add(stalled("three")));
}

TEST_F(EventsTest, ForgetWhatWasSilentLongestWhenThereAreMany) {
    EventBook small{"host_1", 42, clock, {.remembered = 2}};
    for (const char* note : {"one", "two", "three"}) {
        small.add(stalled(note));
        small.take();
        clock.advance(10s);
    }
    small.add(stalled("three"));
    EXPECT_FALSE(small.take()->is_new);
    small.add(stalled("one"));
    EXPECT_TRUE(small.take()->is_new);
}

TEST_F(EventsTest, DueCountsAreNotHeldBackAtTheEnd) {
    book.add(stalled());
    sent();
    book.add(stalled());
    EXPECT_FALSE(book.take());
    EXPECT_TRUE(book.take_any());
    EXPECT_FALSE(book.take_any());
}

TEST_F(EventsTest, HaveNamesOfTheirOwnInEveryProcess) {
    EventBook other{"host_1", 43, clock};
    book.add(stalled());
    other.add(stalled());
    EXPECT_NE(book.take()->key, other.take()->key);
}

TEST_F(EventsTest, HaveNamesThatFit) {
    Happening happening = stalled();
    happening.regarding.key.name = std::string(253, 'x');
    book.add(happening);
    EXPECT_EQ(sent().at(0).key.name.size(), 253U);
}

TEST_F(EventsTest, CutLongNotesBetweenCharacters) {
    book.add(stalled(std::string(1022, 'x') + "äöü"));
    const std::string note = sent().at(0).json["note"];
    EXPECT_LE(note.size(), 1024U);
    EXPECT_THAT(note, EndsWith("x…"));
}

TEST_F(EventsTest, SurviveNotesThatAreNoUtf8) {
    book.add(stalled("bad \xff byte"));
    EXPECT_EQ(sent().at(0).json["note"], "bad \xef\xbf\xbd byte");
}

TEST(CutUtf8, NeverSplitsACharacter) {
    const std::string text = "aä€😀";
    for (std::size_t bytes = 0; bytes <= text.size(); ++bytes) {
        const std::string cut = runtime::cut_utf8(text, bytes);
        EXPECT_NO_THROW(Json(cut).dump());
        EXPECT_LE(cut.size(), bytes);
    }
    EXPECT_EQ(runtime::cut_utf8(text, text.size()), text);
    EXPECT_EQ(runtime::cut_utf8(text, 7), "aä…");
}

TEST(Reference, IsReadFromAnObject) {
    const runtime::Reference reference =
        runtime::reference_to({{"apiVersion", "apps/v1"},
                               {"kind", "Deployment"},
                               {"metadata", {{"name", "cart"}, {"namespace", "shop"}, {"uid", "u"}}}});
    EXPECT_EQ(reference.api_version, "apps/v1");
    EXPECT_EQ(reference.kind, "Deployment");
    EXPECT_EQ(reference.key, (kube::Key{"shop", "cart"}));
    EXPECT_EQ(reference.uid, "u");
}

}  // namespace
