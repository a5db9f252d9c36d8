// What never stands in a log line.
#include "common/base/redaction.h"

#include <gtest/gtest.h>

#include <sstream>

#include "common/base/log.h"

using base::redacted;
using nlohmann::json;

namespace {

TEST(Redaction, KnowsSecretsByTheirNames) {
    for (const char* name : {"password", "new_password", "Authorization", "Set-Cookie", "refresh_token", "token", "client_secret",
                             "api-key", "private_key", "card_number", "cvv"}) {
        EXPECT_TRUE(base::names_a_secret(name)) << name;
    }
    for (const char* name : {"path", "token_type", "keys", "order_id", "kind", "name"}) {
        EXPECT_FALSE(base::names_a_secret(name)) << name;
    }
}

TEST(Redaction, LeavesTheRestOfAUrl) {
    EXPECT_EQ(redacted("connect to postgresql://orders:s3cr@t@db:5432/orders?x=1: refused"),
              "connect to postgresql://orders:[redacted]@db:5432/orders?x=1: refused");
    EXPECT_EQ(redacted("redis://:pw@a and amqp://u:p@b/"), "redis://:[redacted]@a and amqp://u:[redacted]@b/");
    for (const char* text : {"http://[::1]:8080/a@b", "https://id.example.com", "a://b", "://", "x@y:z"}) {
        EXPECT_EQ(redacted(text), text);
    }
}

TEST(Redaction, HidesTokens) {
    const std::string jwt = "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJhIn0.c2ln";
    EXPECT_EQ(redacted("got " + jwt + ", which is odd"), "got [redacted], which is odd");
    EXPECT_EQ(redacted("authorization: bearer abcdefghijklmnopqrstuvwxyz="), "authorization: bearer [redacted]");
    for (const char* text : {"Bearer error=\"invalid_token\"", "eyJ", "the bearer of it"}) EXPECT_EQ(redacted(text), text);
}

TEST(Redaction, HidesCardNumbers) {
    EXPECT_EQ(redacted("paid by 4111111111111111."), "paid by [redacted].");
    EXPECT_EQ(redacted("5555-5555-5555-4444 / 4111 1111 1111 1111"), "[redacted] / [redacted]");
    for (const char* text : {"4111111111111112", "1764085391234567", "x4111111111111111", "41111111111111110000", "4111",
                             "0190e1a2-0000-7000-8000-00000000000a", "2026-01-02 03:04:05"}) {
        EXPECT_EQ(redacted(text), text);
    }
}

TEST(Redaction, ReachesWhatIsWithin) {
    const json value{{"user", "a"}, {"token", "t"}, {"list", {{{"password", "p"}, {"tries", 3}}, "redis://u:p@h"}}};
    const json expected{
        {"user", "a"}, {"token", "[redacted]"}, {"list", {{{"password", "[redacted]"}, {"tries", 3}}, "redis://u:[redacted]@h"}}};
    EXPECT_EQ(redacted("body", value), expected);
    EXPECT_EQ(redacted("passwords", json::array({"a", 2})), json::array({"[redacted]", 2}));
    EXPECT_EQ(redacted("tokens", 3), 3);
}

TEST(Redaction, IsEveryLogLines) {
    std::ostringstream out;
    base::Log(out).with({{"cookie", "c1"}}).warn("lost redis://u:p1@h", {{"error", "amqp://u:p2@h"}, {"password", "p3"}});
    for (const char* secret : {"c1", "p1", "p2", "p3"}) EXPECT_EQ(out.str().find(secret), std::string::npos) << out.str();
}

}  // namespace
