// Products, their tags, what caches hold, and what is made of events and tastes.
#include "catalog/product.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "catalog/order_events.h"
#include "catalog/recommending.h"

namespace catalog {
namespace {

using testing::ElementsAre;
using Json = nlohmann::json;

TEST(EntityTag, NotModifiedWhereTheClientHasIt) {
    const std::string tag = entity_tag(7);
    EXPECT_TRUE(none_match_holds("", tag));
    EXPECT_TRUE(none_match_holds("\"6\"", tag));
    for (const char* header : {"\"7\"", "W/\"7\"", "\"6\", \"7\"", "*", " \"7\" "})
        EXPECT_FALSE(none_match_holds(header, tag)) << header;
}

TEST(EntityTag, MatchIsStrong) {
    const std::string tag = entity_tag(7);
    for (const char* header : {"\"7\"", "\"6\",\"7\"", "*"}) EXPECT_TRUE(match_holds(header, tag)) << header;
    for (const char* header : {"", "7", "W/\"7\"", "\"77\"", "\"6\""}) EXPECT_FALSE(match_holds(header, tag)) << header;
}

TEST(Sku, StandsInPaths) {
    for (const char* good : {"A", "COFFEE-250", "a.b_c", "..."}) EXPECT_TRUE(is_sku(good)) << good;
    for (const char* bad : {"", ".", "..", "a b", "a/b", "ä", "a'--"}) EXPECT_FALSE(is_sku(bad)) << bad;
    EXPECT_FALSE(is_sku(std::string(65, 'a')));
}

TEST(Cached, IsReadAsItWasWritten) {
    const Cached cached{R"({"name":"a\nb"})", "coffee", 12};
    const auto read = cached_from(to_text(cached));
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(read->body, cached.body);
    EXPECT_EQ(read->category, "coffee");
    EXPECT_EQ(read->version, 12);
}

TEST(Cached, NothingElseIsOne) {
    for (const char* text : {"", "1", "1\n2\n", "2\n1\nc\n{}", "1\nx\nc\n{}", "1\n0\nc\n{}", "1\n-1\nc\n{}", "1\n1\nc\n[]"}) {
        EXPECT_FALSE(cached_from(text).has_value()) << text;
    }
}

TEST(OrderEvents, SayWhatWasSold) {
    const Json payload = {{"lines", {{{"sku", "A"}, {"quantity", 2}, {"name", "x"}}, {{"sku", "B"}, {"quantity", 1}}}}};
    EXPECT_THAT(sold_in(payload), ElementsAre(Sold{"A", 2}, Sold{"B", 1}));
}

TEST(OrderEvents, RefuseWhatIsNone) {
    for (const char* text : {"null", "[]", "{}", R"({"lines":1})", R"({"lines":[1]})", R"({"lines":[{"sku":"A"}]})",
                             R"({"lines":[{"sku":"A","quantity":"1"}]})", R"({"lines":[{"sku":"A","quantity":0}]})",
                             R"({"lines":[{"sku":"a b","quantity":1}]})", R"({"lines":[{"sku":"A","quantity":1.5}]})"}) {
        EXPECT_THROW(sold_in(Json::parse(text)), std::runtime_error) << text;
    }
}

TEST(OrderEvents, SayWhatChanged) {
    const std::string id = "01890a5d-ac96-774b-bcce-b302099a8057";
    EXPECT_EQ(change_in({{"id", id}, {"sku", "A"}, {"version", 3}}), (std::pair<std::string, std::int64_t>{id, 3}));
    for (const char* text : {"null", "{}", R"({"id":1})", R"({"id":"x","version":1})"})
        EXPECT_EQ(change_in(Json::parse(text)), std::nullopt);
}

TEST(Taste, ChosenCategoriesCountMoreThanAFewViews) {
    const Json history = {{"items", {{{"product_id", "01890a5d-ac96-774b-bcce-b302099a8057"}, {"category", "tea"}}}}};
    const Taste taste = taste_of({{"categories", {"coffee"}}}, history);
    EXPECT_THAT(taste.categories, ElementsAre("coffee", "tea"));
    EXPECT_THAT(taste.seen, ElementsAre("01890a5d-ac96-774b-bcce-b302099a8057"));
}

TEST(Taste, ManyViewsCountMoreThanAChoice) {
    Json items = Json::array();
    for (int i = 0; i < 20; ++i) items.push_back({{"category", "tea"}});
    EXPECT_THAT(taste_of({{"categories", {"coffee"}}}, {{"items", items}}).categories, ElementsAre("tea", "coffee"));
}

TEST(Taste, WhatIsMalformedCountsAsNothing) {
    for (const char* text : {"null", "[]", "1", R"({"categories":1,"items":{}})",
                             R"({"categories":[1,{}],"items":[1,{"category":2,"product_id":"x"}]})"}) {
        const Taste taste = taste_of(Json::parse(text), Json::parse(text));
        EXPECT_TRUE(taste.categories.empty()) << text;
        EXPECT_TRUE(taste.seen.empty()) << text;
    }
}

}  // namespace
}  // namespace catalog
