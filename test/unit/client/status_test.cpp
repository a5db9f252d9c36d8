#include "client/status.h"

#include <gtest/gtest.h>

namespace client {
namespace {

using Texts = std::vector<std::string>;
using std::chrono::seconds;

TEST(ApiErrors, TakeCodeReasonAndMessageFromTheStatus) {
    const std::string body = R"({"kind":"Status","code":422,"reason":"Invalid","message":"spec.replicas: must be at least 0"})";
    const ApiError error = error_from_body("apply Deployment shop/cart", body, 422);
    EXPECT_STREQ(error.what(), "apply Deployment shop/cart: 422 spec.replicas: must be at least 0");
    EXPECT_EQ(error.reason(), "Invalid");
    EXPECT_FALSE(error.retry_after());
}

TEST(ApiErrors, TakeTheTextOfAProxy) {
    EXPECT_STREQ(error_from_body("get Pod a/b", "bad\ngateway\n", 502).what(), "get Pod a/b: 502 bad gateway");
    EXPECT_LT(std::string(error_from_body("get Pod a/b", std::string(100000, 'x'), 502).what()).size(), 400U);
}

TEST(ApiErrors, SayHowLongToWait) {
    EXPECT_EQ(error_from_body("x", "busy", 429, seconds{3}).retry_after(), seconds{3});
    EXPECT_EQ(error_from_body("x", R"({"code":429,"details":{"retryAfterSeconds":7}})", 429).retry_after(), seconds{7});
}

TEST(RetryAfter, IsWholeSeconds) {
    EXPECT_EQ(retry_after_from("120"), seconds{120});
    EXPECT_FALSE(retry_after_from("Wed, 21 Oct 2026 07:28:00 GMT"));
    EXPECT_FALSE(retry_after_from("-1"));
    EXPECT_FALSE(retry_after_from(""));
}

TEST(Warnings, AreTheQuotedTexts) {
    EXPECT_EQ(warnings_from(R"(299 - "unknown field \"x\"")"), Texts{R"(unknown field "x")"});
    EXPECT_EQ(warnings_from(R"(299 - "one, two" "Wed, 21 Oct 2026 07:28:00 GMT", 299 - "three")").front(), "one, two");
    EXPECT_EQ(warnings_from(R"(299 - "a", 299 - "b")"), (Texts{"a", "b"}));
    EXPECT_EQ(warnings_from("299 - \"open"), Texts{"open"});
    EXPECT_TRUE(warnings_from("").empty());
}

}  // namespace
}  // namespace client
