#include "client/watch_lines.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <vector>

#include "client/errors.h"

namespace client {
namespace {

std::vector<std::string> lines_of(const std::string& text, std::size_t piece) {
    LineSplitter splitter{1000};
    std::vector<std::string> lines;
    for (std::size_t at = 0; at < text.size(); at += piece) {
        splitter.append(std::string_view(text).substr(at, piece));
        while (const auto line = splitter.next()) lines.push_back(*line);
    }
    return lines;
}

TEST(LineSplitter, FindsLinesHoweverTheyAreCut) {
    const std::string text = "{\"a\":1}\n{\"b\":2}\r\n\n{\"c\":3}\nrest";
    for (std::size_t piece = 1; piece <= text.size(); ++piece) {
        EXPECT_EQ(lines_of(text, piece), (std::vector<std::string>{"{\"a\":1}", "{\"b\":2}", "{\"c\":3}"})) << piece;
    }
}

TEST(LineSplitter, KnowsThatALineIsUnfinished) {
    LineSplitter splitter{100};
    splitter.append("one\ntw");
    EXPECT_TRUE(splitter.next());
    EXPECT_FALSE(splitter.next());
    EXPECT_FALSE(splitter.empty());
    splitter.append("o\n");
    EXPECT_EQ(splitter.next(), "two");
    EXPECT_FALSE(splitter.next());
    EXPECT_TRUE(splitter.empty());
}

TEST(LineSplitter, RefusesALineThatIsTooLong) {
    LineSplitter splitter{10};
    splitter.append("0123456789\n");
    EXPECT_EQ(splitter.next(), "0123456789");
    splitter.append("01234567");
    EXPECT_FALSE(splitter.next());
    EXPECT_THROW(splitter.append("89abc"), std::length_error);
    EXPECT_THROW(LineSplitter{10}.append("0123456789a"), std::length_error);
}

TEST(WatchEvents, AreDecoded) {
    const WatchEvent event = decode_event(R"({"type":"MODIFIED","object":{"kind":"Pod"}})", "watch Pod");
    EXPECT_EQ(event.type, WatchEvent::Type::Modified);
    EXPECT_EQ(event.object["kind"], "Pod");
}

TEST(WatchEvents, OfErrorsAreErrors) {
    try {
        decode_event(
            R"({"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired","message":"too old resource version"}})",
            "watch Pod");
        FAIL();
    } catch (const ApiError& error) {
        EXPECT_EQ(error.code(), 410);
        EXPECT_EQ(error.reason(), "Expired");
        EXPECT_STREQ(error.what(), "watch Pod: 410 too old resource version");
    }
}

TEST(WatchEvents, AreRefusedWhereTheyAreNone) {
    for (const char* line : {"", "x", "[]", "{}", R"({"type":"ADDED"})", R"({"type":1,"object":{}})",
                             R"({"type":"ADDED","object":[]})", R"({"type":"OTHER","object":{}})"}) {
        EXPECT_THROW(decode_event(line, "watch Pod"), ConnectionError) << line;
    }
}

}  // namespace
}  // namespace client
