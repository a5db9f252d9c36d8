#include "runtime/store.h"

#include <gtest/gtest.h>

#include <vector>

namespace runtime {
namespace {

kube::Json object(const std::string& name, int version, int value) {
    return {{"metadata", {{"namespace", "shop"}, {"name", name}, {"resourceVersion", std::to_string(version)}}},
            {"value", value}};
}

class StoreTest : public testing::Test {
protected:
    std::vector<std::string> changes;
    Store<std::int64_t> store{[](const kube::Json& json) { return kube::int_at(json, {"value"}); },
                              [this](const kube::Key& key, const std::int64_t* before, const std::int64_t* now) {
                                  const auto text = [](const std::int64_t* value) {
                                      return value ? std::to_string(*value) : "-";
                                  };
                                  changes.push_back(key.name + " " + text(before) + " " + text(now));
                              }};

    std::int64_t value(const std::string& name) {
        const std::int64_t* found = store.find({"shop", name});
        return found ? *found : -1;
    }
};

TEST_F(StoreTest, TellsOfWhatIsNewChangedAndGone) {
    store.put(object("a", 1, 10));
    store.put(object("a", 2, 20));
    store.erase(object("a", 3, 20));
    EXPECT_EQ(changes, (std::vector<std::string>{"a - 10", "a 10 20", "a 20 -"}));
}

TEST_F(StoreTest, KeepsSilentWhenTheRecordIsTheSame) {
    store.put(object("a", 1, 10));
    store.put(object("a", 2, 10));
    EXPECT_EQ(changes.size(), 1U);
}

TEST_F(StoreTest, IgnoresAnEventOlderThanTheAnswerToAWrite) {
    store.put(object("a", 1, 10));
    store.learn(object("a", 5, 50));
    store.put(object("a", 3, 30));
    EXPECT_EQ(value("a"), 50);
}

TEST_F(StoreTest, DoesNotBringBackWhatTheWatchSawGo) {
    store.put(object("a", 1, 10));
    store.erase(object("a", 7, 10));
    store.learn(object("a", 6, 60));
    EXPECT_EQ(value("a"), -1);
}

TEST_F(StoreTest, LearnsAnObjectThatTheWatchHasNotShownYet) {
    store.learn(object("a", 4, 40));
    EXPECT_EQ(value("a"), 40);
    store.put(object("a", 4, 40));
    EXPECT_EQ(changes.size(), 1U);
}

TEST_F(StoreTest, KeepsARecreatedObjectWhenTheOldOnesEndArrivesLate) {
    store.put(object("a", 1, 10));
    store.learn(object("a", 9, 90));
    store.erase(object("a", 8, 10));
    EXPECT_EQ(value("a"), 90);
}

TEST_F(StoreTest, DropsWhatARefillDoesNotMention) {
    store.put(object("a", 1, 10));
    store.put(object("b", 2, 20));
    store.refill_begin();
    store.put(object("b", 2, 20));
    EXPECT_EQ(value("a"), 10);
    store.refill_end();
    EXPECT_EQ(value("a"), -1);
    EXPECT_EQ(value("b"), 20);
}

}  // namespace
}  // namespace runtime
