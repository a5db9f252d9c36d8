// Addresses to listen on, as text.
#include "common/http/address.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

using http::Address;
using http::address_from;
using testing::HasSubstr;

namespace {

std::string refusal(std::string_view text) {
    try {
        address_from(text);
    } catch (const std::invalid_argument& refused) {
        return refused.what();
    }
    return "";
}

TEST(ListenAddress, IsReadFromText) {
    EXPECT_EQ(address_from("127.0.0.1:8080"), (Address{"127.0.0.1", 8080}));
    EXPECT_EQ(address_from("[::1]:443"), (Address{"::1", 443}));
    EXPECT_EQ(address_from(":0"), (Address{"", 0}));
}

TEST(ListenAddress, IsWrittenAsItIsRead) {
    for (const char* text : {"0.0.0.0:8080", "[::]:8080", ":9443"}) EXPECT_EQ(to_string(address_from(text)), text);
}

TEST(ListenAddress, IsQuotedWhenRefused) {
    EXPECT_THAT(refusal("nonsense"), HasSubstr("listen address \"nonsense\": has no port"));
}

TEST(ListenAddress, NeedsAPortInRange) {
    for (const char* text : {"127.0.0.1:", ":65536", ":-1", ":80x", ": 80"}) {
        EXPECT_THAT(refusal(text), HasSubstr("is not a number from 0 to 65535")) << text;
    }
    EXPECT_THAT(refusal("[::1]"), HasSubstr("has no port"));
    EXPECT_THAT(refusal(""), HasSubstr("has no port"));
}

TEST(ListenAddress, TakesNoNames) {
    EXPECT_THAT(refusal("localhost:80"), HasSubstr("host \"localhost\" is not an IP address"));
    EXPECT_THAT(refusal("256.1.1.1:80"), HasSubstr("not an IP address"));
    EXPECT_THAT(refusal("[127.0.0.1]:80"), HasSubstr("not an IP address"));
}

TEST(ListenAddress, AsksForBracketsAroundIpv6) {
    EXPECT_THAT(refusal("::1:80"), HasSubstr("needs brackets"));
}

}  // namespace
