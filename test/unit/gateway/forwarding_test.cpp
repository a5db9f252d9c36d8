// What goes on to upstreams and back, and who is believed about where a request comes from.
#include "gateway/forwarding.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "gateway/client_address.h"
#include "gateway/cors.h"

namespace gateway {
namespace {

using testing::HasSubstr;
using testing::Not;

struct Forwarding : testing::Test {
    http::Request request;
    Passed passed;
    Forwarding() {
        request.method = "GET";
        passed.path = "/api/v1/cart";
        passed.authority = "shop-order";
        passed.client = "203.0.113.7";
        passed.user = "01890a5d-ac96-774b-bcce-b302099a8057";
        passed.request_id = "r1";
        passed.deadline = base::Duration{1500};
    }
    std::string sent() const { return upstream_request(request, passed); }
};

TEST_F(Forwarding, WritesWhatTheGatewayKnows) {
    EXPECT_EQ(
        sent(),
        "GET /api/v1/cart HTTP/1.1\r\nHost: shop-order\r\nX-User-Id: 01890a5d-ac96-774b-bcce-b302099a8057\r\nX-Request-Id: r1\r\n"
        "X-Deadline-Ms: 1500\r\nX-Forwarded-For: 203.0.113.7\r\nForwarded: for=203.0.113.7\r\n\r\n");
}

TEST_F(Forwarding, LeavesOutWhatClientsMustNotSay) {
    passed.user.clear();
    request.headers = {{"x-user-id", "forged"},       {"X-USER-ID", "forged"},  {"X-User-Role", "forged"},
                       {"X-Forwarded-For", "forged"}, {"Forwarded", "forged"},  {"X-Deadline-Ms", "forged"},
                       {"traceparent", "forged"},     {"Host", "forged"},       {"Authorization", "forged"},
                       {"Cookie", "forged"},          {"X-Internal", "forged"}, {"X-Request-Id", "forged"}};
    EXPECT_THAT(sent(), Not(HasSubstr("forged")));
    EXPECT_THAT(sent(), Not(HasSubstr("X-User-Id")));
}

TEST_F(Forwarding, LeavesOutWhatIsOfTheConnection) {
    request.headers = {{"Connection", "close, X-User-Id"},
                       {"Keep-Alive", "x"},
                       {"Transfer-Encoding", "chunked"},
                       {"TE", "trailers"},
                       {"Upgrade", "h2c"},
                       {"Expect", "100-continue"},
                       {"Proxy-Authorization", "x"},
                       {"Content-Length", "99"}};
    EXPECT_THAT(sent(), HasSubstr("X-User-Id: 01890a5d"));
    for (const char* name :
         {"Connection", "Keep-Alive", "Transfer-Encoding", "TE:", "Upgrade", "Expect", "Proxy-", "Content-Length"}) {
        EXPECT_THAT(sent(), Not(HasSubstr(name))) << name;
    }
}

TEST_F(Forwarding, TheTokenGoesToTheUserServiceOnly) {
    request.headers = {{"authorization", "Bearer t"}};
    EXPECT_THAT(sent(), Not(HasSubstr("Bearer")));
    passed.to_identity = true;
    EXPECT_THAT(sent(), HasSubstr("authorization: Bearer t\r\n"));
}

TEST_F(Forwarding, ABodyGoesWithItsLength) {
    request.method = "POST";
    request.body = "{}";
    EXPECT_THAT(sent(), testing::EndsWith("Content-Length: 2\r\n\r\n{}"));
    request.body.clear();
    EXPECT_THAT(sent(), testing::EndsWith("Content-Length: 0\r\n\r\n"));
}

TEST_F(Forwarding, HeadGoesOnAsGet) {
    request.method = "HEAD";
    EXPECT_THAT(sent(), testing::StartsWith("GET "));
}

TEST_F(Forwarding, ClientsDoNotSeeWhatIsInternal) {
    for (const char* name : {"Connection", "X-User-Id", "TRANSFER-ENCODING", "Server", "content-length", ""}) {
        EXPECT_FALSE(passes_to_client(name)) << name;
    }
    for (const char* name : {"ETag", "Location", "Retry-After", "WWW-Authenticate", "Cache-Control"}) {
        EXPECT_TRUE(passes_to_client(name)) << name;
    }
}

TEST(ClientAddress, IsThePeersUnlessThatIsATrustedProxy) {
    const Networks none;
    const Networks trusted = Networks::from("10.0.0.0/8, fd00::/8");
    EXPECT_EQ(client_address("198.51.100.1", "203.0.113.7", none), "198.51.100.1");
    EXPECT_EQ(client_address("198.51.100.1", "203.0.113.7", trusted), "198.51.100.1");
    EXPECT_EQ(client_address("10.1.2.3", "203.0.113.7", trusted), "203.0.113.7");
    EXPECT_EQ(client_address("::ffff:10.1.2.3", "203.0.113.7", trusted), "203.0.113.7");
    EXPECT_EQ(client_address("::ffff:198.51.100.1", "", trusted), "198.51.100.1");
}

TEST(ClientAddress, DoesNotBelieveWhatTheClientWroteBefore) {
    const Networks trusted = Networks::from("10.0.0.0/8");
    EXPECT_EQ(client_address("10.1.2.3", "1.1.1.1, 203.0.113.7, 10.9.9.9", trusted), "203.0.113.7");
    EXPECT_EQ(client_address("10.1.2.3", "1.1.1.1, nonsense", trusted), "10.1.2.3");
    EXPECT_EQ(client_address("10.1.2.3", "", trusted), "10.1.2.3");
}

TEST(Networks, AreReadStrictly) {
    for (const char* text : {"x", "10.0.0.0/33", "10.0.0.0/", "::/129", "10.0.0.0/8,,"}) {
        EXPECT_THROW(Networks::from(text), std::invalid_argument) << text;
    }
    EXPECT_TRUE(is_loopback("127.3.2.1"));
    EXPECT_TRUE(is_loopback("::1"));
    EXPECT_FALSE(is_loopback("10.0.0.1"));
}

TEST(Networks, HaveAsManyBitsAsTheySay) {
    const Networks some = Networks::from("172.16.0.0/12, 100.64.0.0/10, 192.0.2.7, 2001:db8:8000::/33");
    for (const char* inside :
         {"172.16.0.0", "172.31.255.255", "100.127.0.1", "192.0.2.7", "::ffff:172.20.1.1", "2001:db8:ffff::1"}) {
        EXPECT_TRUE(some.contains(inside)) << inside;
    }
    for (const char* outside : {"172.32.0.0", "172.15.255.255", "100.128.0.1", "192.0.2.6", "2001:db8:7fff::1", "nonsense"}) {
        EXPECT_FALSE(some.contains(outside)) << outside;
    }
    EXPECT_TRUE(Networks::from("0.0.0.0/0").contains("203.0.113.7"));
    EXPECT_FALSE(Networks::from("0.0.0.0/0").contains("2001:db8::1"));
}

http::Request from_origin(const std::string& origin) {
    http::Request request;
    request.headers = {{"Origin", origin}};
    return request;
}

TEST(Cors, AdmitsTheOriginsThatAreNamed) {
    const Cors cors("https://shop.example,https://admin.example");
    http::Response response;
    cors.admit(from_origin("https://admin.example"), response);
    EXPECT_EQ(http::find(response.headers, "Access-Control-Allow-Origin"), "https://admin.example");
    EXPECT_EQ(http::find(response.headers, "Vary"), "Origin");
    EXPECT_EQ(http::find(response.headers, "Access-Control-Allow-Credentials"), std::nullopt);
}

TEST(Cors, AdmitsNoOther) {
    const Cors cors("https://shop.example");
    for (const char* origin : {"https://shop.example.evil.example", "http://shop.example", "null", ""}) {
        http::Response response;
        cors.admit(from_origin(origin), response);
        EXPECT_EQ(http::find(response.headers, "Access-Control-Allow-Origin"), std::nullopt) << origin;
        EXPECT_EQ(http::find(cors.preflight(from_origin(origin), "GET").headers, "Access-Control-Allow-Methods"), std::nullopt)
            << origin;
    }
}

TEST(Cors, AnswersPreflights) {
    const http::Response response = Cors("*").preflight(from_origin("https://any.example"), "GET, PUT");
    EXPECT_EQ(response.status, 204);
    EXPECT_EQ(http::find(response.headers, "Access-Control-Allow-Origin"), "*");
    EXPECT_EQ(http::find(response.headers, "Access-Control-Allow-Methods"), "GET, PUT");
}

TEST(Cors, RefusesWhatIsNoOrigin) {
    for (const char* text : {"shop.example", "https://", "https://a/b", "ftp://a", "https://*.example"}) {
        EXPECT_THROW(Cors{text}, std::invalid_argument) << text;
    }
}

}  // namespace
}  // namespace gateway
