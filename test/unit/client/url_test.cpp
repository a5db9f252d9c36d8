#include "client/url.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace client {
namespace {

TEST(ServerUrl, HasHostPortAndPath) {
    const ServerUrl url = parse_server_url("https://api.example.com:6443/clusters/c1/");
    EXPECT_EQ(url.host, "api.example.com");
    EXPECT_EQ(url.port, "6443");
    EXPECT_EQ(url.base_path, "/clusters/c1");
    EXPECT_TRUE(url.tls);
}

TEST(ServerUrl, HasTheSchemesPortWhereNoneIsGiven) {
    EXPECT_EQ(parse_server_url("https://api").port, "443");
    EXPECT_EQ(parse_server_url("http://127.0.0.1/").port, "80");
}

TEST(ServerUrl, TakesAnIpv6AddressInBrackets) {
    const ServerUrl url = parse_server_url("https://[2001:db8::1]:6443");
    EXPECT_EQ(url.host, "2001:db8::1");
    EXPECT_EQ(url.port, "6443");
    EXPECT_EQ(host_header(url.host, url.port, true), "[2001:db8::1]:6443");
}

TEST(ServerUrl, IsRefusedWhereItIsNone) {
    for (const char* url : {"", "api:6443", "ftp://api", "https://", "https://:6443", "https://user:pw@api", "https://api:0",
                            "https://api:65536", "https://api:", "https://api:x", "https://::1", "https://[::1", "https://[api]",
                            "https://api?x=1", "https://api#x", "https://api\r\nX: y", "https://a pi", "https://[::1]6443"}) {
        EXPECT_THROW(parse_server_url(url), std::invalid_argument) << url;
    }
}

TEST(ServerUrl, IsPlainToLoopbackOnly) {
    EXPECT_FALSE(parse_server_url("http://127.0.0.1:8001").tls);
    EXPECT_FALSE(parse_server_url("http://[::1]:8001").tls);
    EXPECT_FALSE(parse_server_url("http://localhost:8001").tls);
    EXPECT_THROW(parse_server_url("http://10.0.0.1:8001"), std::invalid_argument);
    EXPECT_THROW(parse_server_url("http://127.0.0.1.example.com"), std::invalid_argument);
}

TEST(Target, EncodesWhatParametersMean) {
    Target target("/api/v1/pods");
    target.query("labelSelector", "a=b,c in (d)").query("fieldSelector", "").query("limit", "5");
    EXPECT_EQ(target.text(), "/api/v1/pods?labelSelector=a%3Db%2Cc%20in%20%28d%29&limit=5");
}

TEST(Target, KeepsANameInItsPlace) {
    EXPECT_EQ(Target("/api/v1/pods").segment("../x?y").segment("").segment("status").text(), "/api/v1/pods/..%2Fx%3Fy/status");
}

}  // namespace
}  // namespace client
