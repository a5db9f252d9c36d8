#include "api/document.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace api {
namespace {

using kube::Json;

Json read(const std::string& text) {
    const auto document = read_document(text);
    if (const auto* problems = std::get_if<std::vector<Problem>>(&document)) {
        ADD_FAILURE() << to_string(problems->front());
        return {};
    }
    return std::get<Json>(document);
}

std::string refused(const std::string& text) {
    const auto document = read_document(text);
    const auto* problems = std::get_if<std::vector<Problem>>(&document);
    return problems == nullptr ? "" : to_string(problems->front());
}

TEST(Document, ReadsPlainScalarsAsKubectlDoes) {
    EXPECT_EQ(read("{a: 1, b: 1.5, c: true, d: On, e: ~, f: 1Gi, g: 0x10, h: 010, i: 1_000, j: 3.0, k: .5, l: -2}"),
              Json::parse(R"({"a":1,"b":1.5,"c":true,"d":true,"e":null,"f":"1Gi","g":16,"h":8,"i":1000,"j":3,"k":0.5,"l":-2})"));
}

TEST(Document, TakesQuotedScalarsForStrings) {
    EXPECT_EQ(read("{a: '1', b: \"true\", c: 'Off', d: !!str 5}"), Json::parse(R"({"a":"1","b":"true","c":"Off","d":"5"})"));
}

TEST(Document, ReadsJson) {
    EXPECT_EQ(read(R"({"a": [1, {"b": "c"}]})"), Json::parse(R"({"a":[1,{"b":"c"}]})"));
}

TEST(Document, RepeatsWhatAnAliasNames) {
    EXPECT_EQ(read("{a: &x [1, 2], b: *x, c: {d: *x}}"), Json::parse(R"({"a":[1,2],"b":[1,2],"c":{"d":[1,2]}})"));
}

TEST(Document, OverlooksEmptyDocumentsBesideTheOne) {
    EXPECT_EQ(read("---\n# nothing\n---\na: 1\n---\n"), Json::parse(R"({"a":1})"));
}

TEST(Document, SaysWhereTheTextIsMalformed) {
    EXPECT_THAT(refused("a: 1\nb: [1, 2\n"), testing::HasSubstr("line 3"));
    EXPECT_THAT(refused("a: *nowhere\n"), testing::HasSubstr("line 1"));
}

TEST(Document, FindsEveryKeyThatStandsTwice) {
    const auto document = read_document("a: 1\na: 2\nb: {c: 1, c: 2}\n");
    ASSERT_TRUE(std::holds_alternative<std::vector<Problem>>(document));
    EXPECT_THAT(std::get<std::vector<Problem>>(document),
                testing::ElementsAre(Problem{"", "line 2, column 1: the key \"a\" stands twice"},
                                     Problem{"", "line 3, column 11: the key \"c\" stands twice"}));
}

TEST(Document, RefusesTextThatIsNoDocument) {
    EXPECT_THAT(refused(""), testing::HasSubstr("no document"));
    EXPECT_THAT(refused("# only words\n"), testing::HasSubstr("no document"));
    EXPECT_THAT(refused("a: 1\n---\nb: 2\n"), testing::HasSubstr("2 documents"));
    EXPECT_THAT(refused("- a\n"), testing::HasSubstr("not a map"));
    EXPECT_THAT(refused("a: \xff\n"), testing::HasSubstr("UTF-8"));
    EXPECT_THAT(refused("? [a]\n: b\n"), testing::HasSubstr("a key must be a word"));
    EXPECT_THAT(refused("<<: {a: 1}\n"), testing::HasSubstr("merge keys"));
}

TEST(Document, RefusesWhatWouldGrowWithoutBound) {
    std::string bomb = "a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n";
    for (int i = 1; i < 12; ++i) {
        const std::string before = "*a" + std::to_string(i - 1);
        bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before;
        for (int j = 0; j < 9; ++j) bomb += ", " + before;
        bomb += "]\n";
    }
    EXPECT_THAT(refused(bomb), testing::HasSubstr("too many values"));
    EXPECT_THAT(refused("a: " + std::string(200, '[') + std::string(200, ']')), testing::HasSubstr("nested too deeply"));
    EXPECT_THAT(refused("a: " + std::string(100'000, '[')), testing::Not(testing::IsEmpty()));
    EXPECT_THAT(refused("a: &a [*a]\n"), testing::HasSubstr("an alias stands within"));
    EXPECT_THAT(refused("a: " + std::string(2 << 20, 'x')), testing::HasSubstr("1 MiB"));
}

TEST(Yaml, IsReadBackAsItWas) {
    const Json json = Json::parse(R"({
        "words": ["plain", "two words", "", "1", "true", "On", "null", "1Gi", "-", "a: b", "#c", "ends:", " x", "é", "*a", "0x1", "1e3"],
        "numbers": [1, -1, 1.5, true, false, null],
        "lines": ["a\nb", "a\nb\n", "a\n\nb\n\n", "\na", " a\nb", "a\tb\nc"],
        "on": {"empty": {}, "none": [], "nested": [[1, [2]], {"a": [{"b": 1, "c": [3]}]}]},
        "a b: c": {"prometheus.io/port": "9090"}
    })");
    EXPECT_EQ(read(to_yaml(json)), json) << to_yaml(json);
}

TEST(Yaml, LooksLikeKubectls) {
    EXPECT_EQ(to_yaml(Json::parse(
                  R"({"kind":"X","spec":{"ports":[{"name":"http","port":80}],"args":["-c"],"yes":"yes","url":"http://a:1"}})")),
              "kind: X\n"
              "spec:\n"
              "  args:\n"
              "  - \"-c\"\n"
              "  ports:\n"
              "  - name: http\n"
              "    port: 80\n"
              "  url: http://a:1\n"
              "  \"yes\": \"yes\"\n");
}

}  // namespace
}  // namespace api
