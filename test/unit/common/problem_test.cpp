// Problems as clients read them.
#include "common/http/problem.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <nlohmann/json.hpp>

using namespace std::chrono_literals;
using nlohmann::json;
using testing::Pair;
using testing::UnorderedElementsAre;

namespace {

TEST(Problem, IsAProblemDocumentOfRfc9457) {
    const http::Response response = http::not_found("No such order.").response("abc");
    EXPECT_EQ(response.status, 404);
    EXPECT_EQ(response.content_type, "application/problem+json");
    EXPECT_EQ(
        json::parse(response.body),
        json::parse(R"({"type":"about:blank","title":"Not Found","status":404,"detail":"No such order.","request_id":"abc"})"));
}

TEST(Problem, NamesEveryWrongField) {
    const http::Response response = http::invalid({{"/email", "is required"}, {"/lines/0/quantity", "is too large"}}).response();
    EXPECT_EQ(response.status, 400);
    EXPECT_EQ(
        json::parse(response.body)["errors"],
        json::parse(R"([{"field":"/email","message":"is required"},{"field":"/lines/0/quantity","message":"is too large"}])"));
}

TEST(Problem, StaysShortHoweverMuchIsWrong) {
    const std::vector<http::FieldError> errors(5'000, {std::string(10'000, 'x'), "is unknown"});
    EXPECT_LT(http::invalid(errors).response().body.size(), 50'000U);
}

TEST(Problem, ReplacesBytesThatAreNotUtf8) {
    const http::Response response = http::invalid({{"/a\xff", "is unknown"}}).response();
    EXPECT_EQ(json::parse(response.body)["errors"][0]["field"], "/a\xEF\xBF\xBD");
}

TEST(Problem, SaysHowToGoOn) {
    EXPECT_THAT(http::unauthorized("Who?").response().headers, UnorderedElementsAre(Pair("WWW-Authenticate", "Bearer")));
    EXPECT_THAT(http::too_many("Later.", 1'500ms).response().headers, UnorderedElementsAre(Pair("Retry-After", "2")));
    EXPECT_THAT(http::unavailable("Later.", 0ms).response().headers, UnorderedElementsAre(Pair("Retry-After", "1")));
    EXPECT_EQ(http::conflict("Taken.").status(), 409);
    EXPECT_EQ(http::timed_out("Late.").status(), 504);
}

}  // namespace
