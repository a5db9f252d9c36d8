// What a log line looks like.
#include "common/base/log.h"

#include <gtest/gtest.h>

#include <sstream>

using base::Level;
using base::Log;
using nlohmann::json;

namespace {

class LogTest : public testing::Test {
protected:
    json line() const { return json::parse(out.str()); }

    std::ostringstream out;
    Log log{out};
};

TEST_F(LogTest, WritesOneJsonObjectALine) {
    log.info("applied", {{"kind", "Deployment"}, {"tries", 2}});
    EXPECT_EQ(out.str().back(), '\n');
    EXPECT_EQ(line()["level"], "info");
    EXPECT_EQ(line()["message"], "applied");
    EXPECT_EQ(line()["kind"], "Deployment");
    EXPECT_EQ(line()["tries"], 2);
}

TEST_F(LogTest, BeginsWithTimeLevelAndMessage) {
    log.warn("slow", {{"a", 1}});
    EXPECT_EQ(out.str().find("{\"time\":\"20"), 0U);
    EXPECT_NE(out.str().find("Z\",\"level\":\"warn\",\"message\":\"slow\",\"a\":1}"), std::string::npos);
}

TEST_F(LogTest, TimeHasMilliseconds) {
    log.info("x");
    EXPECT_EQ(line()["time"].get<std::string>().size(), std::string("2026-01-02T03:04:05.678Z").size());
}

TEST_F(LogTest, LeavesOutWhatIsBelowItsLevel) {
    log.debug("noise");
    EXPECT_EQ(out.str(), "");
    EXPECT_FALSE(log.enabled(Level::Debug));
}

TEST_F(LogTest, CopiesShareTheLevel) {
    const Log copy = log.with({{"controller", "platform"}});
    log.set_level(Level::Debug);
    copy.debug("detail");
    EXPECT_EQ(line()["controller"], "platform");
}

TEST_F(LogTest, IsTextForPeopleWhereThatIsAskedFor) {
    const Log copy = log.with({{"service", "user"}});
    log.set_format(base::LogFormat::Text);
    copy.warn("two\nlines \"here\"", {{"tries", 2}, {"detail", "a b\n=c"}, {"password", "geheim"}});
    const std::string text = out.str();
    EXPECT_EQ(text.substr(text.find('Z') + 1),
              " warn two\\nlines \\\"here\\\" service=\"user\" tries=2 detail=\"a b\\n=c\" password=\"[redacted]\"\n");
}

TEST_F(LogTest, ALinesOwnFieldWinsOverThatOfTheCopy) {
    log.with({{"name", "old"}}).info("x", {{"name", "new"}});
    EXPECT_EQ(line()["name"], "new");
    EXPECT_EQ(out.str().find("old"), std::string::npos);
}

TEST_F(LogTest, NoFieldReplacesTheMessage) {
    log.info("true", {{"message", "false"}});
    EXPECT_EQ(line()["message"], "true");
    EXPECT_EQ(out.str().find("false"), std::string::npos);
}

TEST_F(LogTest, ReplacesInvalidUtf8) {
    log.info("bad \xff byte", {{"note", "\xc3"}});
    EXPECT_EQ(line()["message"], "bad \xef\xbf\xbd byte");
}

TEST_F(LogTest, KeepsLineBreaksInsideTheLine) {
    log.info("two\nlines");
    EXPECT_EQ(out.str().find('\n'), out.str().size() - 1);
}

TEST(LogFormat, IsKnownByItsName) {
    EXPECT_EQ(base::log_format_from("Json"), base::LogFormat::Json);
    EXPECT_EQ(base::log_format_from("Text"), base::LogFormat::Text);
    EXPECT_FALSE(base::log_format_from("json"));
}

TEST(LogLevel, IsKnownByItsName) {
    EXPECT_EQ(base::level_from("debug"), Level::Debug);
    EXPECT_EQ(base::level_from("error"), Level::Error);
    EXPECT_EQ(base::level_from("ERROR"), std::nullopt);
}

}  // namespace
