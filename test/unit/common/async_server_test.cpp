// The server with handlers that wait: order, loops, clients that go, and its end under load.
#include <sys/socket.h>

#include <chrono>
#include <map>

#include "unit/common/async_fixture.h"

using namespace std::chrono_literals;
using testing::_;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;
using testing::StartsWith;
using testing::UnorderedElementsAre;

namespace {

std::string get(const std::string& path) {
    return "GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n";
}

TEST_F(AsyncServerTest, AnswersWithWhatItsHandlerWaitedFor) {
    start();
    RawClient client = connect();
    client.send(get("/worker"));
    EXPECT_THAT(client.read_response(), EndsWith("GET /worker "));
    client.send("POST /worker HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\none");
    EXPECT_THAT(client.read_response(), EndsWith("POST /worker one"));
}

TEST_F(AsyncServerTest, AnswersPipelinedRequestsInOrderThoughTheFirstTakesLonger) {
    start();
    RawClient client = connect();
    client.send(get("/gate") + get("/a") + get("/worker") + get("/b"));
    while (at_gate() < 1) std::this_thread::yield();
    open_gate();
    for (const char* path : {"/gate", "/a", "/worker", "/b"})
        EXPECT_THAT(client.read_response(), EndsWith(path + std::string(" ")));
}

TEST_F(AsyncServerTest, ServesOthersWhileAHandlerWaits) {
    start();
    RawClient waiting = connect();
    waiting.send(get("/gate"));
    while (at_gate() < 1) std::this_thread::yield();
    RawClient other = connect();
    other.send(get("/a"));
    EXPECT_THAT(other.read_response(), EndsWith("GET /a "));
    open_gate();
    EXPECT_THAT(waiting.read_response(), EndsWith("GET /gate "));
}

TEST_F(AsyncServerTest, GivesEachLoopAsManyConnections) {
    start(2);
    std::map<std::string, int> loops;
    for (int i = 0; i < 10; ++i) {
        RawClient client = connect();
        client.send(get("/loop"));
        const std::string answer = client.read_response();
        ++loops[answer.substr(answer.find("\r\n\r\n"))];
    }
    EXPECT_THAT(loops, UnorderedElementsAre(Pair(_, 5), Pair(_, 5)));
}

TEST_F(AsyncServerTest, DoesNotJoinAPortThatAnotherHasOpened) {
    start();
    EXPECT_THROW(start(), std::runtime_error);
}

TEST_F(AsyncServerTest, AnswersAHandlerThatFailsWithAProblem) {
    start();
    RawClient client = connect();
    client.send(get("/fail"));
    const std::string answer = client.read_response();
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 500"));
    EXPECT_THAT(answer, HasSubstr("application/problem+json"));
    EXPECT_THAT(answer, Not(HasSubstr("out of stock")));
    EXPECT_THAT(log(), HasSubstr("out of stock"));
    client.send(get("/a"));
    EXPECT_THAT(client.read_response(), EndsWith("GET /a "));
}

TEST_F(AsyncServerTest, SurvivesClientsThatHangUpWhileTheirHandlersRun) {
    start();
    {
        RawClient orderly = connect();
        RawClient rude = connect();
        orderly.send(get("/gate") + get("/large"));
        rude.send(get("/gate") + get("/large"));
        rude.reset_on_close();
        while (at_gate() < 2) std::this_thread::yield();
    }
    open_gate();
    RawClient client = connect();
    client.send(get("/a"));
    EXPECT_THAT(client.read_response(), EndsWith("GET /a "));
    stop(1h);
    wait_for_end();
}

TEST_F(AsyncServerTest, MayGoWhileItsHandlersRun) {
    start();
    RawClient client = connect();
    client.send(get("/gate"));
    while (at_gate() < 1) std::this_thread::yield();
    std::thread opener{[this] {
        std::this_thread::yield();
        open_gate();
    }};
    end();
    opener.join();
    EXPECT_THAT(client.read_all(), testing::AnyOf("", StartsWith("HTTP/1.1")));
}

TEST_F(AsyncServerTest, EndsAtOnceWhenItIsIdleAndHasNoFarewell) {
    start(2, {.farewell = 0ms});
    RawClient client = connect();
    client.send(get("/a"));
    client.read_response();
    stop(1h);
    EXPECT_EQ(client.read_all(), "");
    wait_for_end();
}

TEST_F(AsyncServerTest, AnswersWhatRunsWhenItStopsAndSaysThatItWasTheLast) {
    start();
    RawClient running = connect();
    running.send(get("/gate"));
    while (at_gate() < 1) std::this_thread::yield();
    stop(1h);
    open_gate();
    const std::string answer = running.read_all();
    EXPECT_THAT(answer, HasSubstr("Connection: close\r\n"));
    EXPECT_THAT(answer, EndsWith("GET /gate "));
    wait_for_end();
}

TEST_F(AsyncServerTest, AnswersAllThatWasPipelinedBeforeItStopped) {
    start();
    RawClient client = connect();
    client.send(get("/gate") + get("/a") + get("/b"));
    while (at_gate() < 1) std::this_thread::yield();
    stop(1h);
    open_gate();
    EXPECT_THAT(client.read_response(), Not(HasSubstr("Connection: close")));
    EXPECT_THAT(client.read_response(), EndsWith("GET /a "));
    EXPECT_THAT(client.read_all(), testing::AllOf(HasSubstr("Connection: close\r\n"), EndsWith("GET /b ")));
    wait_for_end();
}

TEST_F(AsyncServerTest, TakesARequestThatCrossesItsFarewell) {
    start(1, {.farewell = 10s});
    RawClient idle = connect();
    idle.send(get("/a"));
    idle.read_response();
    RawClient fresh = connect();
    stop(1h);
    idle.send(get("/b"));
    const std::string answer = idle.read_all();
    EXPECT_THAT(answer, HasSubstr("Connection: close\r\n"));
    EXPECT_THAT(answer, EndsWith("GET /b "));
    fresh.send(get("/c"));
    EXPECT_THAT(fresh.read_all(), EndsWith("GET /c "));
}

TEST_F(AsyncServerTest, CutsOffWhatRunsLongerThanItsGrace) {
    start();
    RawClient client = connect();
    client.send(get("/gate"));
    while (at_gate() < 1) std::this_thread::yield();
    stop(50ms);
    EXPECT_EQ(client.read_all(), "");
    open_gate();
    wait_for_end();
}

// Each request that a client could send completely has a complete answer, on connections that stay and on new ones.
TEST_F(AsyncServerTest, LosesNoRequestWhenItStopsUnderLoad) {
    start(2, {.farewell = 300ms});
    std::atomic<int> sent = 0;
    std::atomic<int> lost = 0;
    std::atomic<int> answered = 0;
    const auto shop = [&](bool keep) {
        while (true) {
            std::unique_ptr<RawClient> client;
            try {
                client = std::make_unique<RawClient>(address_);
            } catch (const boost::system::system_error&) {
                return;  // Refused: it has stopped.
            }
            for (bool open = true; open;) {
                ++sent;
                client->send(keep ? get("/worker") : "GET /worker HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
                const std::string answer = client->read_response();
                const bool whole = answer.ends_with("GET /worker ");
                ++(whole ? answered : lost);
                open = whole && answer.find("Connection: close") == answer.npos;
            }
        }
    };
    std::vector<std::thread> shoppers;
    for (int i = 0; i < 8; ++i) shoppers.emplace_back(shop, i % 2 == 0);
    while (answered < 500) std::this_thread::yield();
    stop(1h);
    for (std::thread& shopper : shoppers) shopper.join();
    wait_for_end();
    EXPECT_EQ(lost, 0);
    EXPECT_EQ(sent, answered);
}

TEST_F(AsyncServerTest, CutsOffSlowClientsWhileItServesOthers) {
    start(1, {.limits = {.header_time = 100ms, .body_time = 100ms}});
    std::vector<RawClient> slow;
    for (int i = 0; i < 20; ++i) {
        slow.push_back(connect());
        slow.back().send(i % 2 == 0 ? "GET /a HTTP/1.1\r\nHost: " : "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n");
    }
    RawClient client = connect();
    client.send(get("/a"));
    EXPECT_THAT(client.read_response(), EndsWith("GET /a "));
    for (RawClient& each : slow) EXPECT_EQ(each.read_all(), "");
    EXPECT_EQ(handled_, 1);
}

TEST_F(AsyncServerTest, CountsTheTimeOfAHeadFromItsFirstByte) {
    start(1, {.limits = {.header_time = 300ms}});
    RawClient client = connect();
    const auto since = std::chrono::steady_clock::now();
    std::atomic<bool> cut = false;
    std::thread drip{[&] {
        while (!cut && std::chrono::steady_clock::now() - since < 8s) {
            client.send("X");
            std::this_thread::sleep_for(20ms);
        }
    }};
    EXPECT_EQ(client.read_all(), "");
    cut = true;
    drip.join();
    EXPECT_LT(std::chrono::steady_clock::now() - since, 5s);
}

}  // namespace
