// How the HTTP server talks, and how it ends.
#include <chrono>

#include "unit/common/server_fixture.h"

using namespace std::chrono_literals;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

namespace {

const std::string kGet = "GET /a?b=c HTTP/1.1\r\nHost: x\r\n\r\n";
const std::string kGetAndClose = "GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

TEST_F(ServerTest, AnswersARequest) {
    start();
    const std::string answer = exchange(kGetAndClose);
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_THAT(answer, HasSubstr("Content-Type: text/plain; charset=utf-8\r\n"));
    EXPECT_THAT(answer, HasSubstr("Connection: close\r\n"));
    EXPECT_THAT(answer, EndsWith("\r\n\r\nGET /a [] "));
}

TEST_F(ServerTest, KeepsTheConnection) {
    start();
    RawClient client = connect();
    for (int i = 0; i < 3; ++i) {
        client.send(kGet);
        EXPECT_THAT(client.read_response(), EndsWith("GET /a [b=c] "));
    }
}

TEST_F(ServerTest, AnswersPipelinedRequestsInOrder) {
    start();
    const std::string answer = exchange("POST /1 HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\none" + kGet + kGetAndClose);
    const std::size_t first = answer.find("POST /1 [] one");
    const std::size_t second = answer.find("GET /a [b=c] ");
    EXPECT_LT(first, second);
    EXPECT_THAT(answer, EndsWith("GET /a [] "));
}

TEST_F(ServerTest, LeavesOutTheBodyForHead) {
    start();
    RawClient client = connect();
    client.send("HEAD /a HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_THAT(client.read_response(false), HasSubstr("Content-Length: 11\r\n"));
    client.send(kGetAndClose);
    EXPECT_THAT(client.read_all(), StartsWith("HTTP/1.1 200"));
}

TEST_F(ServerTest, SendsNoLengthWhereThereCanBeNoBody) {
    start();
    RawClient client = connect();
    client.send("GET /empty HTTP/1.1\r\nHost: x\r\n\r\n");
    const std::string answer = client.read_response();
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 204 No Content\r\nDate: "));
    EXPECT_THAT(answer, Not(HasSubstr("Content-")));
}

TEST_F(ServerTest, ReadsChunkedBodies) {
    start();
    EXPECT_THAT(exchange("POST /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
                         "3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n"),
                EndsWith("POST /a [] onetwo"));
}

TEST_F(ServerTest, TellsAClientThatAsksFirstToSendItsBody) {
    start();
    RawClient client = connect();
    client.send("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
    EXPECT_EQ(client.read_response(), "HTTP/1.1 100 Continue\r\n\r\n");
    client.send("one");
    EXPECT_THAT(client.read_response(), EndsWith("POST /a [] one"));
}

TEST_F(ServerTest, ClosesAfterAnHttp10RequestUnlessAskedNotTo) {
    start();
    EXPECT_THAT(exchange("GET /a HTTP/1.0\r\n\r\n"), StartsWith("HTTP/1.1 200"));
    RawClient client = connect();
    client.send("GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    EXPECT_THAT(client.read_response(), HasSubstr("Connection: keep-alive"));
    client.send("GET /a HTTP/1.0\r\n\r\n");
    EXPECT_THAT(client.read_all(), StartsWith("HTTP/1.1 200"));
}

TEST_F(ServerTest, TakesTheFormOfTargetThatProxiesGet) {
    start();
    EXPECT_THAT(exchange("GET http://x/a?q HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"), EndsWith("GET /a [q] "));
    EXPECT_THAT(exchange("GET http://x?q HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"), EndsWith("GET / [q] "));
}

TEST_F(ServerTest, RefusesTargetsWithoutAPath) {
    start();
    for (const std::string target : {"?q", "a", "x:80", "*"}) {
        EXPECT_THAT(exchange("GET " + target + " HTTP/1.1\r\nHost: x\r\n\r\n"), StartsWith("HTTP/1.1 400")) << target;
    }
}

TEST_F(ServerTest, SendsLargeResponsesWhole) {
    start();
    const std::string answer = exchange("GET /large HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    EXPECT_GT(answer.size(), kLarge);
}

TEST_F(ServerTest, AnswersMalformedRequestsWith400AndCloses) {
    start();
    for (const char* request : {"nonsense\r\n\r\n", "GET /a HTTP/1.1\r\n\r\n", "GET /a HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
                                "GET  /a HTTP/1.1\r\nHost: x\r\n\r\n", "GET /a HTTP/2.0\r\nHost: x\r\n\r\n",
                                "GET /a HTTP/1.1\r\nHost : x\r\n\r\n", "GET /a HTTP/1.1\r\nHost: x\r\nBad\x01: y\r\n\r\n"}) {
        const std::string answer = exchange(request);
        EXPECT_THAT(answer, StartsWith("HTTP/1.1 400 Bad Request\r\n")) << request;
        EXPECT_THAT(answer, HasSubstr("Connection: close\r\n")) << request;
    }
}

TEST_F(ServerTest, RefusesWhatAProxyCouldReadDifferently) {
    start();
    const std::string post = "POST /a HTTP/1.1\r\nHost: x\r\n";
    for (const char* rest :
         {"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
          "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
          "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!", "Content-Length: +5\r\n\r\nhello", "Content-Length: -1\r\n\r\n",
          "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
          "Transfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n",
          "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nhello\r\n"}) {
        EXPECT_THAT(exchange(post + rest), StartsWith("HTTP/1.1 400")) << rest;
    }
    EXPECT_THAT(exchange(post + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"), StartsWith("HTTP/1.1 501"));
    EXPECT_THAT(exchange(post + "Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n"), StartsWith("HTTP/1.1 501"));
}

TEST_F(ServerTest, RefusesHeadersThatAreTooLarge) {
    start({.header_bytes = 1024});
    EXPECT_THAT(exchange("GET /a HTTP/1.1\r\nHost: x\r\nX: " + std::string(100'000, 'x') + "\r\n\r\n"),
                StartsWith("HTTP/1.1 431"));
    EXPECT_THAT(exchange("GET /" + std::string(2000, 'x') + " HTTP/1.1\r\nHost: x\r\n\r\n"), StartsWith("HTTP/1.1 431"));
}

TEST_F(ServerTest, RefusesBodiesThatAreTooLarge) {
    start({.body_bytes = 10});
    const std::string post = "POST /a HTTP/1.1\r\nHost: x\r\n";
    EXPECT_THAT(exchange(post + "Content-Length: 11\r\n\r\nhello world"), StartsWith("HTTP/1.1 413"));
    EXPECT_THAT(exchange(post + "Content-Length: 500000\r\n\r\n" + std::string(500'000, 'x')), StartsWith("HTTP/1.1 413"));
    EXPECT_THAT(exchange(post + "Transfer-Encoding: chunked\r\n\r\n6\r\nhello \r\n6\r\nworld!\r\n0\r\n\r\n"),
                StartsWith("HTTP/1.1 413"));
}

TEST_F(ServerTest, RefusesOtherExpectations) {
    start();
    EXPECT_THAT(exchange("GET /a HTTP/1.1\r\nHost: x\r\nExpect: miracles\r\n\r\n"), StartsWith("HTTP/1.1 417"));
}

TEST_F(ServerTest, SurvivesAHandlerThatFails) {
    start();
    RawClient client = connect();
    client.send("GET /fail HTTP/1.1\r\nHost: x\r\n\r\n");
    const std::string answer = client.read_response();
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 500"));
    EXPECT_THAT(answer, Not(HasSubstr("out of stock")));
    EXPECT_THAT(log(), HasSubstr("out of stock"));
    client.send(kGetAndClose);
    EXPECT_THAT(client.read_all(), StartsWith("HTTP/1.1 200"));
}

TEST_F(ServerTest, SendsNoHeaderWithALineBreak) {
    start();
    RawClient client = connect();
    client.send("GET /split HTTP/1.1\r\nHost: x\r\n\r\n");
    const std::string answer = client.read_response();
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 500"));
    EXPECT_THAT(answer, Not(HasSubstr("Set-Cookie")));
}

TEST_F(ServerTest, CutsOffWhoSendsHeadersTooSlowly) {
    start({.header_time = 50ms});
    EXPECT_EQ(exchange("GET /a HTTP/1.1\r\n"), "");
}

TEST_F(ServerTest, CutsOffWhoSendsTheBodyTooSlowly) {
    start({.body_time = 50ms});
    EXPECT_EQ(exchange("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhello"), "");
}

TEST_F(ServerTest, ClosesIdleConnections) {
    start({.idle_time = 50ms});
    EXPECT_EQ(exchange(""), "");
    EXPECT_THAT(exchange(kGet), EndsWith("GET /a [b=c] "));
}

TEST_F(ServerTest, CutsOffWhoDoesNotReadItsResponse) {
    start({.write_time = 50ms});
    RawClient client = connect();
    client.send("GET /large HTTP/1.1\r\nHost: x\r\n\r\n");
    client.read_a_little();
    stop(1h);
    wait_for_end();
}

TEST_F(ServerTest, TurnsAwayConnectionsAboveItsLimit) {
    start({.connections = 1});
    RawClient first = connect();
    first.send(kGet);
    first.read_response();
    EXPECT_THAT(connect().read_all(), StartsWith("HTTP/1.1 503 Service Unavailable\r\n"));
    first.send(kGet);
    EXPECT_THAT(first.read_response(), StartsWith("HTTP/1.1 200"));
}

TEST_F(ServerTest, ClosesIdleConnectionsWhenItStops) {
    start();
    RawClient client = connect();
    client.send(kGet);
    client.read_response();
    stop(1h);
    EXPECT_EQ(client.read_all(), "");
    wait_for_end();
}

TEST_F(ServerTest, FinishesWhatRunsWhenItStops) {
    start();
    RawClient client = connect();
    client.send("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\n");
    client.read_response();
    client.send("hello");
    stop(1h);
    client.send("world");
    const std::string answer = client.read_all();
    EXPECT_THAT(answer, HasSubstr("Connection: close\r\n"));
    EXPECT_THAT(answer, EndsWith("helloworld"));
    wait_for_end();
}

TEST_F(ServerTest, CutsOffWhatRunsLongerThanItsGrace) {
    start();
    RawClient client = connect();
    client.send("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\n");
    client.read_response();
    stop(50ms);
    EXPECT_EQ(client.read_all(), "");
    wait_for_end();
}

TEST_F(ServerTest, TakesNoConnectionOnceStopped) {
    start();
    stop(0ms);
    EXPECT_THROW(connect(), boost::system::system_error);
}

TEST_F(ServerTest, ListensOnIpv6) {
    start({}, {"::1", 0});
    EXPECT_THAT(exchange(kGetAndClose), StartsWith("HTTP/1.1 200"));
}

TEST_F(ServerTest, ListensOnBothFamiliesWithoutAHost) {
    start({}, {"", 0});
    address_.host = "127.0.0.1";
    EXPECT_THAT(exchange(kGetAndClose), StartsWith("HTTP/1.1 200"));
    address_.host = "::1";
    EXPECT_THAT(exchange(kGetAndClose), StartsWith("HTTP/1.1 200"));
}

TEST_F(ServerTest, NamesTheAddressThatItCanNotBind) {
    start();
    boost::asio::io_context io;
    std::ostringstream log;
    try {
        const http::Server second{io, address_, [](const http::Request&) { return http::Response{}; }, base::Log{log}};
        FAIL() << "two servers on one port";
    } catch (const std::runtime_error& failure) {
        EXPECT_THAT(failure.what(), StartsWith("listen on " + to_string(address_) + ": Address already in use"));
    }
}

}  // namespace
