// Looking into requests.
#include "common/http/message.h"

#include <gtest/gtest.h>

namespace {

TEST(Headers, AreFoundInAnyCase) {
    const http::Headers headers{{"Content-type", "a"}, {"X-Request-Id", "b"}};
    EXPECT_EQ(http::find(headers, "x-request-ID"), "b");
    EXPECT_EQ(http::find(headers, "X-Request"), std::nullopt);
}

TEST(Headers, OfOneNameAreOneList) {
    const http::Headers headers{{"X-Forwarded-For", "a, b"}, {"Via", "x"}, {"x-forwarded-for", "c"}};
    EXPECT_EQ(http::list_of(headers, "X-Forwarded-For"), "a, b, c");
    EXPECT_EQ(http::list_of(headers, "Forwarded"), "");
}

TEST(Query, ParametersAreFoundWithAndWithoutValue) {
    http::Request request;
    for (const char* query : {"verbose", "verbose=1", "a=b&verbose", "a&verbose&c"}) {
        request.query = query;
        EXPECT_TRUE(has_query(request, "verbose")) << query;
    }
    for (const char* query : {"", "a=verbose", "verboser", "a&b"}) {
        request.query = query;
        EXPECT_FALSE(has_query(request, "verbose")) << query;
    }
}

}  // namespace
