// The journal: whole after a crash, and honest about damage.
#include "simulator/journal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>
#include <vector>

namespace simulator {

namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::ThrowsMessage;

class JournalTest : public testing::Test {
protected:
    JournalTest() {
        std::string folder = testing::TempDir() + "journal.XXXXXX";
        folder_ = mkdtemp(folder.data());
        path_ = folder_ + "/journal";
    }
    ~JournalTest() override { std::filesystem::remove_all(folder_); }

    std::vector<std::string> replayed() {
        std::vector<std::string> records;
        const Journal journal(path_, [&](std::string_view record) { records.emplace_back(record); });
        return records;
    }
    void write(std::initializer_list<std::string> records) {
        Journal journal(path_, [](std::string_view) {});
        for (const std::string& record : records) journal.append(record);
        journal.wait_for(journal.position());
    }
    std::string content() const {
        std::ifstream in(path_, std::ios::binary);
        return {std::istreambuf_iterator<char>(in), {}};
    }
    void set_content(const std::string& text) const { std::ofstream(path_, std::ios::binary) << text; }

    std::string folder_;
    std::string path_;
};

TEST_F(JournalTest, ANewOneIsEmpty) {
    EXPECT_THAT(replayed(), IsEmpty());
}

TEST_F(JournalTest, WhatWasWaitedForIsThereAfterwards) {
    write({"one", "two"});
    write({"three"});
    EXPECT_THAT(replayed(), ElementsAre("one", "two", "three"));
}

TEST_F(JournalTest, ATornLastRecordIsCutOffWhereverItIsTorn) {
    write({"one", "two"});
    const std::string whole = content();
    const std::size_t first = whole.find('\n') + 1;
    for (std::size_t size = first; size < whole.size(); ++size) {
        set_content(whole.substr(0, size));
        EXPECT_THAT(replayed(), ElementsAre("one")) << size;
        EXPECT_EQ(content(), whole.substr(0, first));
    }
    write({"three"});
    EXPECT_THAT(replayed(), ElementsAre("one", "three"));
}

TEST_F(JournalTest, DamageWithinIsNotSurvived) {
    write({"one", "two", "three"});
    std::string damaged = content();
    damaged[damaged.find("two")] = 'x';
    set_content(damaged);
    EXPECT_THAT([this] { replayed(); }, ThrowsMessage<std::runtime_error>(HasSubstr("line 2 is damaged")));
}

TEST_F(JournalTest, ASecondProcessIsKeptOut) {
    const Journal journal(path_, [](std::string_view) {});
    EXPECT_THAT([this] { replayed(); }, ThrowsMessage<std::runtime_error>(HasSubstr("lock journal")));
}

TEST_F(JournalTest, ManyWriteAtOnce) {
    {
        Journal journal(path_, [](std::string_view) {});
        std::vector<std::thread> threads;
        for (int i = 0; i < 8; ++i) {
            threads.emplace_back([&journal] {
                for (int j = 0; j < 50; ++j) journal.wait_for(journal.append("a record"));
            });
        }
        for (std::thread& thread : threads) thread.join();
    }
    EXPECT_EQ(replayed().size(), 400U);
}

}  // namespace

}  // namespace simulator
