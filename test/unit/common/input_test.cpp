// What is read from a body, and what is said of it where it is wrong.
#include "common/http/input.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using http::FieldError;
using http::Input;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

namespace {

http::Request post(std::string body, std::string type = "application/json") {
    http::Request request;
    request.headers = {{"content-type", std::move(type)}};
    request.body = std::move(body);
    return request;
}

// The status that reading it is answered with; 200: it is in order.
int status_of(const http::Request& request) {
    try {
        const Input input{request};
    } catch (const http::Problem& problem) {
        return problem.status();
    }
    return 200;
}

// What `read` and done() find wrong.
template <typename Read>
std::vector<FieldError> errors_of(const std::string& body, Read read) {
    const http::Request request = post(body);
    Input input{request};
    read(input);
    try {
        input.done();
    } catch (const http::Problem& problem) {
        EXPECT_EQ(problem.status(), 400);
        return problem.errors();
    }
    return {};
}

TEST(Input, ReadsFieldsByTheirRules) {
    const http::Request request = post(R"({"name":"Zoë","email":"A.b@Example.com","id":"0190E1A2-0000-7000-8000-00000000000A",
        "kind":"b","count":3,"big":2.0,"on":true,"free":{"x":[1]},"tags":["x","y"]})");
    Input input{request};
    EXPECT_EQ(input.text("name", {.min = 3, .max = 3}), "Zoë");
    EXPECT_EQ(input.email("email"), "a.b@example.com");
    EXPECT_EQ(input.uuid("id"), "0190e1a2-0000-7000-8000-00000000000a");
    EXPECT_EQ(input.one_of("kind", {"a", "b"}), "b");
    EXPECT_EQ(input.integer("count", 1, 3), 3);
    EXPECT_EQ(input.optional_integer("big", 0, 9), 2);
    EXPECT_EQ(input.optional_boolean("on"), true);
    EXPECT_EQ(input.any("free"), nlohmann::json::parse(R"({"x":[1]})"));
    EXPECT_THAT(input.texts("tags", 1, 2), ElementsAre("x", "y"));
    EXPECT_FALSE(input.has("more"));
    EXPECT_EQ(input.optional_text("more"), std::nullopt);
    EXPECT_EQ(input.optional_integer("more", 0, 1), std::nullopt);
    EXPECT_EQ(input.optional_boolean("more"), std::nullopt);
    EXPECT_NO_THROW(input.done());
}

TEST(Input, NamesAllThatIsWrongAtOnce) {
    const auto errors = errors_of(R"({"name":"","count":100,"kind":7,"a/b~c":null,"on":"yes"})", [](Input& input) {
        input.text("name");
        input.integer("count", 1, 99);
        input.one_of("kind", {"a", "b"});
        input.uuid("id");
        input.optional_boolean("on");
    });
    EXPECT_THAT(errors, ElementsAre(FieldError{"/name", "must have 1 to 255 characters"},
                                    FieldError{"/count", "must be a whole number from 1 to 99"},
                                    FieldError{"/kind", "must be one of a, b"}, FieldError{"/id", "is required"},
                                    FieldError{"/on", "must be true or false"}, FieldError{"/a~1b~0c", "is unknown"}));
}

TEST(Input, TakesNullForAWrongType) {
    EXPECT_THAT(errors_of(R"({"a":null})", [](Input& input) { input.optional_text("a"); }),
                ElementsAre(FieldError{"/a", "must be a string"}));
}

TEST(Input, RefusesControlCharactersInText) {
    const auto read = [](Input& input) { input.text("a"); };
    const auto read_lines = [](Input& input) { input.text("a", {.lines = true}); };
    EXPECT_THAT(errors_of(R"({"a":"x\ny"})", read), ElementsAre(FieldError{"/a", "must not hold control characters"}));
    EXPECT_THAT(errors_of(R"({"a":"x\u007fy"})", read), ElementsAre(FieldError{"/a", "must not hold control characters"}));
    EXPECT_THAT(errors_of(R"({"a":"x\n\ty"})", read_lines), IsEmpty());
    EXPECT_THAT(errors_of(R"({"a":"x\u001by"})", read_lines), ElementsAre(FieldError{"/a", "must not hold control characters"}));
}

TEST(Input, TakesIntegersOnly) {
    for (const char* number : {"1.5", "\"1\"", "true", "18446744073709551615", "9223372036854775808", "1e300", "-1e300", "[]"}) {
        EXPECT_THAT(
            errors_of(std::string(R"({"a":)") + number + "}", [](Input& input) { input.integer("a", INT64_MIN, INT64_MAX); }),
            testing::SizeIs(1))
            << number;
    }
    EXPECT_THAT(errors_of(R"({"a":-9223372036854775808})", [](Input& input) { input.integer("a", INT64_MIN, INT64_MAX); }),
                IsEmpty());
}

TEST(Input, KnowsEmailAddresses) {
    const auto is_email = [](const std::string& text) {
        return errors_of(R"({"a":")" + text + "\"}", [](Input& input) { input.email("a"); }).empty();
    };
    for (const char* good : {"a@b.co", "first.last+tag@sub.example.com", "o'neil@example.org", "a@b-c.de", "1@1.de"}) {
        EXPECT_TRUE(is_email(good)) << good;
    }
    for (const char* bad : {"", "a", "@b.co", "a@", "a@b", "a@b.", "a@.co", "a..b@c.de", ".a@b.co", "a.@b.co", "a b@c.de",
                            "a@b@c.de", "a@-b.de", "a@b_c.de", "ä@b.de", "a@b.co\\n"}) {
        EXPECT_FALSE(is_email(bad)) << bad;
    }
    EXPECT_TRUE(is_email(std::string(64, 'a') + "@example.com"));
    EXPECT_FALSE(is_email(std::string(65, 'a') + "@example.com"));
    EXPECT_FALSE(is_email("a@" + std::string(63, 'b') + "." + std::string(63, 'b') + "." + std::string(63, 'b') + "." +
                          std::string(63, 'b') + ".com"));
}

TEST(Input, ReadsObjectsWithinAndNamesTheirFields) {
    const auto read = [](Input& input) {
        input.object("to", [](Input& to) { to.text("city"); });
        input.optional_object("from", [](Input& from) { from.text("city"); });
        input.each("lines", 1, 2, [](Input& line) { line.integer("quantity", 1, 99); });
    };
    EXPECT_THAT(errors_of(R"({"to":{"city":"x"},"lines":[{"quantity":1},{"quantity":2}]})", read), IsEmpty());
    EXPECT_THAT(errors_of(R"({"to":{"city":1,"x":2},"from":[],"lines":[{"quantity":1},{"quantity":0,"y":1}]})", read),
                UnorderedElementsAre(FieldError{"/to/city", "must be a string"}, FieldError{"/to/x", "is unknown"},
                                     FieldError{"/from", "must be an object"},
                                     FieldError{"/lines/1/quantity", "must be a whole number from 1 to 99"},
                                     FieldError{"/lines/1/y", "is unknown"}));
    EXPECT_THAT(errors_of(R"({"to":{"city":"x"},"lines":[]})", read),
                ElementsAre(FieldError{"/lines", "must be a list of 1 to 2 elements"}));
    EXPECT_THAT(errors_of(R"({"to":{"city":"x"},"lines":[7]})", read), ElementsAre(FieldError{"/lines/0", "must be an object"}));
}

TEST(Input, NamesTheWrongTextsOfAList) {
    EXPECT_THAT(errors_of(R"({"tags":["x",""]})", [](Input& input) { input.texts("tags", 0, 5, {.max = 10}); }),
                ElementsAre(FieldError{"/tags/1", "must have 1 to 10 characters"}));
}

TEST(Input, TakesOnlyJson) {
    EXPECT_EQ(status_of(post("{}")), 200);
    EXPECT_EQ(status_of(post("{}", "Application/JSON; charset=utf-8")), 200);
    EXPECT_EQ(status_of(post("{}", "text/plain")), 415);
    EXPECT_EQ(status_of(post("{}", "application/jsonx")), 415);
    EXPECT_EQ(status_of(http::Request{}), 415);
}

TEST(Input, RefusesBodiesThatPartiesCouldReadDifferently) {
    EXPECT_EQ(status_of(post("")), 400);
    EXPECT_EQ(status_of(post("[]")), 400);
    EXPECT_EQ(status_of(post("{\"a\":1} x")), 400);
    EXPECT_EQ(status_of(post(R"({"a":1,"a":2})")), 400);
    EXPECT_EQ(status_of(post(R"({"x":[{"a":1,"\u0061":2}]})")), 400);
    EXPECT_EQ(status_of(post(R"({"x":[{"a":1},{"a":2}],"a":1})")), 200);
    EXPECT_EQ(status_of(post("{\"a\":\"\xff\"}")), 400);
    EXPECT_EQ(status_of(post(R"({"a":"\u0000"})")), 400);
    EXPECT_EQ(status_of(post(R"({"a":1e999})")), 400);
    EXPECT_EQ(status_of(post(R"({"a":NaN})")), 400);
    EXPECT_EQ(status_of(post(R"({"a":)" + std::string(31, '[') + std::string(31, ']') + "}")), 200);
    EXPECT_EQ(status_of(post(R"({"a":)" + std::string(33, '[') + std::string(33, ']') + "}")), 400);
    EXPECT_EQ(status_of(post(std::string(1'000'000, '['))), 400);
}

http::Request with_query(std::string query) {
    http::Request request;
    request.query = std::move(query);
    return request;
}

TEST(Query, ReadsDecodedParameters) {
    http::Query query{with_query("q=caf%C3%A9+au%20lait%2B&limit=7&sku=a&sku=b&&flag")};
    EXPECT_EQ(query.text("q"), "café au lait+");
    EXPECT_EQ(query.integer("limit", 1, 100, 20), 7);
    EXPECT_EQ(query.integer("page", 1, 100, 20), 20);
    EXPECT_THAT(query.texts("sku", 2), ElementsAre("a", "b"));
    EXPECT_EQ(query.text("flag", {.min = 0}), "");
    EXPECT_EQ(query.text("none"), std::nullopt);
    EXPECT_NO_THROW(query.done());
}

TEST(Query, NamesAllThatIsWrongAtOnce) {
    http::Query query{with_query("limit=0&q=a&q=b&sku=a&sku=b&x=1&bad=%zz&nul=%00&c=%0a")};
    EXPECT_EQ(query.integer("limit", 1, 100, 20), 20);
    query.text("q");
    query.texts("sku", 1);
    query.text("c");
    try {
        query.done();
        FAIL();
    } catch (const http::Problem& problem) {
        EXPECT_THAT(problem.errors(),
                    UnorderedElementsAre(FieldError{"limit", "must be a whole number from 1 to 100"},
                                         FieldError{"q", "must be given once"}, FieldError{"sku", "must be given once"},
                                         FieldError{"x", "is unknown"}, FieldError{"bad", "is not percent-encoded UTF-8"},
                                         FieldError{"nul", "is not percent-encoded UTF-8"},
                                         FieldError{"c", "must not hold control characters"}));
    }
}

TEST(Query, TakesWholeNumbersOnly) {
    for (const char* text : {"", "x", "1x", "+1", "1.0", "%201", "99999999999999999999"}) {
        http::Query query{with_query(std::string("n=") + text)};
        query.integer("n", 1, 100, 20);
        EXPECT_THROW(query.done(), http::Problem) << text;
    }
}

TEST(PercentDecoding, RefusesWhatIsNoText) {
    EXPECT_EQ(http::percent_decoded("a%2Fb%e2%82%ac"), "a/b€");
    for (const char* text : {"%", "%2", "%g0", "%00", "%ff", "%c0%af", "%ed%a0%80", "%f5%80%80%80", "%e2%82"}) {
        EXPECT_EQ(http::percent_decoded(text), std::nullopt) << text;
    }
}

TEST(Uuid, NewOnesDifferAndSortByTime) {
    const std::string first = http::new_uuid();
    const std::string second = http::new_uuid();
    EXPECT_TRUE(http::is_uuid(first)) << first;
    EXPECT_EQ(first[14], '7');
    EXPECT_NE(first, second);
    EXPECT_LE(first.substr(0, 13), second.substr(0, 13));
    EXPECT_FALSE(http::is_uuid("0190E1A2-0000-7000-8000-00000000000A"));
    EXPECT_FALSE(http::is_uuid("0190e1a2-0000-7000-8000-00000000000"));
}

}  // namespace
