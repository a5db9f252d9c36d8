// The table of routes: whole, in step with the document, and with nothing internal.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <string>

#include "common/service/embedded.h"
#include "gateway/docs_page.h"
#include "gateway/forwarding.h"
#include "gateway/loop_state.h"
#include "gateway/route_table.h"

namespace gateway {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

TEST(RouteTable, HoldsNothingInternal) {
    for (const PublicRoute& route : public_routes()) {
        EXPECT_THAT(std::string(route.path), testing::StartsWith("/api/v1/"));
        for (const char* word : {"internal", "admin", "metrics", "rest"})
            EXPECT_THAT(std::string(route.path), Not(HasSubstr(word)));
    }
}

TEST(RouteTable, PutsPathsTogetherFromTheirParameters) {
    EXPECT_EQ(upstream_path("/api/v1/cart", {}), "/api/v1/cart");
    EXPECT_EQ(upstream_path("/api/v1/stock/{sku:word}", {{"sku", "A-1"}}), "/api/v1/stock/A-1");
    EXPECT_EQ(upstream_path("/a/{x:int}/b/{y:word}/c", {{"x", "1"}, {"y", "z"}}), "/a/1/b/z/c");
}

TEST(RouteTable, RepeatsOnlyWhatMayBe) {
    for (const char* method : {"GET", "HEAD", "PUT", "DELETE"}) EXPECT_TRUE(is_repeatable(method, false)) << method;
    for (const char* method : {"POST", "PATCH"}) EXPECT_FALSE(is_repeatable(method, false)) << method;
    EXPECT_TRUE(is_repeatable("POST", true));
}

Access access_of(const nlohmann::json& operation) {
    const nlohmann::json security = operation.value("security", nlohmann::json::array());
    if (security.empty()) return Access::Public;
    const bool may_be_left_out = std::find(security.begin(), security.end(), nlohmann::json::object()) != security.end();
    return may_be_left_out ? Access::Known : Access::User;
}

// "get /api/v1/stock/{sku}" of each operation, and whether it asks for a token.
std::map<std::string, Access> documented() {
    std::map<std::string, Access> result;
    const nlohmann::json document = nlohmann::json::parse(embedded::openapi());
    for (const auto& [path, item] : document["paths"].items()) {
        for (const auto& [method, operation] : item.items()) {
            if (operation.is_object() && operation.contains("responses")) {
                result[method + " " + path] = access_of(operation);
            }
        }
    }
    return result;
}

TEST(RouteTable, IsInStepWithTheServicesDocuments) {
    const std::map<std::string, Access> document = documented();
    std::set<std::string> services;  // Those that have a document.
    const nlohmann::json json = nlohmann::json::parse(embedded::openapi());
    for (const auto& [path, item] : json["paths"].items()) {
        for (const auto& [method, operation] : item.items()) {
            if (operation.is_object() && operation.contains("tags")) services.insert(operation["tags"][0].get<std::string>());
        }
    }
    EXPECT_THAT(services, testing::IsSupersetOf({"user", "catalog", "inventory", "order"}));
    std::set<std::string> routed;
    for (const PublicRoute& route : public_routes()) {
        std::string key(route.method);
        for (char& c : key) c = static_cast<char>(c - 'A' + 'a');
        key += " " + std::regex_replace(std::string(route.path), std::regex(":[a-z]+\\}"), "}");
        routed.insert(key);
        if (!services.contains(std::string(route.upstream))) continue;
        const auto found = document.find(key);
        ASSERT_NE(found, document.end()) << key << " is in no document";
        EXPECT_EQ(found->second, route.access) << key << ": token";
    }
    for (const auto& [key, token] : document) {
        const bool is_own = key.find(" /api/") == std::string::npos;
        EXPECT_TRUE(is_own || routed.contains(key)) << key << " is not routed";
    }
}

TEST(Document, RefersToNothingThatIsMissing) {
    const nlohmann::json document = nlohmann::json::parse(embedded::openapi());
    const std::string text = document.dump();
    const std::regex reference("\"\\$ref\":\"#([^\"]+)\"");
    for (auto at = std::sregex_iterator(text.begin(), text.end(), reference); at != std::sregex_iterator(); ++at) {
        EXPECT_TRUE(document.contains(nlohmann::json::json_pointer((*at)[1].str()))) << (*at)[1];
    }
    EXPECT_THAT(text, Not(HasSubstr("/internal/")));
    EXPECT_THAT(text, Not(HasSubstr("X-User-Id")));
}

TEST(DocsPage, ShowsEachRouteAndRunsNothing) {
    const DocsPage page = docs_page(embedded::openapi());
    for (const auto& [key, token] : documented()) {
        EXPECT_THAT(page.html, HasSubstr("<code>" + key.substr(key.find(' ') + 1) + "</code>"));
    }
    EXPECT_THAT(page.html, Not(HasSubstr("<script")));
    EXPECT_THAT(page.html, Not(HasSubstr("src=")));
    EXPECT_THAT(page.policy, HasSubstr("default-src 'none'"));
}

TEST(DocsPage, EscapesWhatItShows) {
    const DocsPage page = docs_page(R"({"info":{"title":"<script>alert('1')</script>"},"paths":{}})");
    EXPECT_THAT(page.html, HasSubstr("&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;"));
    EXPECT_THAT(page.html, Not(HasSubstr("<script")));
}

TEST(Bearer, IsTakenFromTheHeader) {
    EXPECT_EQ(bearer("Bearer abc"), "abc");
    EXPECT_EQ(bearer("bearer  abc"), "abc");
    for (const char* text : {"", "Bearer", "Bearer ", "Basic abc", "Bearerabc"}) EXPECT_EQ(bearer(text), "") << text;
}

TEST(KnownSessions, AreBelievedForAWhile) {
    KnownSessions sessions;
    Steady::time_point now{1h};
    sessions.learn("a", true, now);
    sessions.learn("b", false, now);
    EXPECT_EQ(sessions.find("a", now), true);
    EXPECT_EQ(sessions.find("b", now), false);
    EXPECT_EQ(sessions.find("c", now), std::nullopt);
    EXPECT_EQ(sessions.find("a", now + KnownSessions::kFresh), std::nullopt);
}

}  // namespace
}  // namespace gateway
