// The REST client against servers that answer, are slow, hang up, fail, or are not there.
#include "common/rest/rest_client.h"

#include <gmock/gmock.h>
#include <prometheus/registry.h>

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <future>
#include <sstream>
#include <thread>

#include "common/base/metrics.h"
#include "common/http/server.h"

using namespace std::chrono_literals;
using base::Deadline;
using rest::Answer;
using rest::Client;
using rest::Request;
using rest::Unreachable;
using testing::HasSubstr;
using tcp = boost::asio::ip::tcp;

namespace {

const Request kGet{.method = "GET", .path = "/a?b=c", .repeatable = true, .endpoint = "/{x}"};
const Request kPost{.method = "POST", .path = "/a", .body = {{"n", 1}}};

http::Response json(int status, std::string body, http::Headers headers = {}) {
    return {.status = status, .body = std::move(body), .content_type = "application/json", .headers = std::move(headers)};
}

// Plain sockets: reads each request and does with it as it is told, one connection after another.
class RawServer {
public:
    enum class Then { Close, Keep };
    using Handle = std::function<std::pair<std::string, Then>(int number)>;

    explicit RawServer(Handle handle) : handle_(std::move(handle)), thread_([this] { run(); }) {}
    ~RawServer() {
        stopping_ = true;
        boost::system::error_code ignored;
        boost::asio::io_context io;
        tcp::socket(io).connect(acceptor_.local_endpoint(), ignored);
        thread_.join();
    }
    std::string url() const { return "http://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()); }
    int requests() const { return requests_; }

private:
    void run() {
        for (;;) {
            tcp::socket socket(io_);
            acceptor_.accept(socket);
            if (stopping_) return;
            while (serve(socket)) continue;
        }
    }
    bool serve(tcp::socket& socket) {
        std::string request;
        char bytes[4096];
        boost::system::error_code error;
        while (request.find("\r\n\r\n") == std::string::npos || (request.starts_with("POST") && !request.ends_with('}'))) {
            const std::size_t size = socket.read_some(boost::asio::buffer(bytes), error);
            if (error) return false;
            request.append(bytes, size);
        }
        const auto [answer, then] = handle_(++requests_);
        boost::asio::write(socket, boost::asio::buffer(answer), error);
        return !error && then == Then::Keep;
    }

    boost::asio::io_context io_;
    tcp::acceptor acceptor_{io_, {boost::asio::ip::address_v4::loopback(), 0}};
    Handle handle_;
    std::atomic<int> requests_ = 0;
    std::atomic<bool> stopping_ = false;
    std::thread thread_;
};

std::string raw(const std::string& body) {
    return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
           body;
}

class RestClientTest : public testing::Test {
protected:
    RestClientTest() { options_.backoff = {base::Duration{1}, base::Duration{2'000}, base::Jitter::Full}; }
    ~RestClientTest() override {
        if (!loop_.joinable()) return;
        boost::asio::post(io_, [this] { server_.reset(); });
        guard_.reset();
        loop_.join();
    }

    void serve(http::Handler handler) {
        server_ = std::make_unique<http::Server>(
            io_, http::Address{"127.0.0.1", 0},
            [this, handler = std::move(handler)](const http::Request& request) {
                ++requests_;
                return handler(request);
            },
            base::Log{log_});
        loop_ = std::thread([this] { io_.run(); });
        options_.base_url = "http://" + to_string(server_->address());
    }

    Client& client() {
        if (!client_) {
            options_.name = "inventory";
            client_ = std::make_unique<Client>(options_, tracer_, base::Log{log_}, registry_);
        }
        return *client_;
    }
    Answer call(const Request& request, base::Duration limit = 10s) { return client().call(request, Deadline::in(limit), {}); }
    // The failure's words, and whether the request may have been taken.
    std::pair<std::string, bool> failure(const Request& request, base::Duration limit = 10s) {
        try {
            const Answer answer = call(request, limit);
            ADD_FAILURE() << "answered with " << answer.status;
        } catch (const Unreachable& error) {
            return {error.what(), error.sent()};
        }
        return {};
    }
    std::string metrics() const { return base::exposition({&registry_}); }

    std::atomic<int> requests_ = 0;
    Client::Options options_;
    std::shared_ptr<base::Tracer> tracer_;

private:
    boost::asio::io_context io_;
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard_{io_.get_executor()};
    std::unique_ptr<http::Server> server_;
    std::thread loop_;
    std::ostringstream log_;
    prometheus::Registry registry_;
    std::unique_ptr<Client> client_;
};

TEST_F(RestClientTest, SendsWhatItIsToldAndReadsTheAnswer) {
    http::Request seen;
    serve([&](const http::Request& request) {
        seen = request;
        return json(409, R"({"title":"no"})", {{"X-Reason", "stock"}});
    });
    Request request = kPost;
    request.path = "/a%20b?x=%2F&x=y";
    request.headers = {{"X-Request-Id", "r1"}};
    const Answer answer = call(request, 1500ms);
    EXPECT_EQ(answer.status, 409);
    EXPECT_EQ(answer.body, nlohmann::json({{"title", "no"}}));
    EXPECT_THAT(answer.headers, testing::Contains(std::pair<std::string, std::string>{"X-Reason", "stock"}));
    EXPECT_EQ(seen.method, "POST");
    EXPECT_EQ(seen.path, "/a%20b");
    EXPECT_EQ(seen.query, "x=%2F&x=y");
    EXPECT_EQ(seen.body, R"({"n":1})");
    EXPECT_EQ(http::find(seen.headers, "X-Request-Id"), "r1");
    EXPECT_EQ(http::find(seen.headers, "Content-Type"), "application/json");
    const int left = std::stoi(std::string(http::find(seen.headers, "X-Deadline-Ms").value()));
    EXPECT_GT(left, 500);
    EXPECT_LE(left, 1500);
    EXPECT_THAT(metrics(), HasSubstr(R"(http_client_requests_total{client="inventory",endpoint="/a%20b",status="409"} 1)"));
}

TEST_F(RestClientTest, PassesItsOwnSpanOnAsTheParent) {
    std::string parent;
    serve([&](const http::Request& request) {
        parent = http::find(request.headers, "traceparent").value_or("");
        return json(200, "{}");
    });
    std::vector<nlohmann::json> sent;
    tracer_ = base::Tracer::create({.service = "order", .attributes = {}, .send = [&](const std::string& body) {
                                        sent.push_back(nlohmann::json::parse(body));
                                        return true;
                                    }});
    const base::TraceContext outer = base::trace_context_from("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    client().call(kGet, Deadline::in(5s), outer);
    tracer_->stop(5s);
    const nlohmann::json span = sent.at(0)["resourceSpans"][0]["scopeSpans"][0]["spans"][0];
    EXPECT_EQ(parent, "00-" + outer.trace_id + "-" + span["spanId"].get<std::string>() + "-01");
    EXPECT_EQ(span["parentSpanId"], outer.span_id);
    EXPECT_EQ(span["name"], "GET /{x}");
    EXPECT_EQ(span["kind"], 3);
}

TEST_F(RestClientTest, TellsOutsidersNoDeadline) {
    bool told = true;
    serve([&](const http::Request& request) {
        told = http::find(request.headers, "X-Deadline-Ms").has_value();
        return json(200, "{}");
    });
    options_.tells_deadline = false;
    call(kGet);
    EXPECT_FALSE(told);
}

TEST_F(RestClientTest, TakesABodyThatIsNoJsonForNone) {
    serve([](const http::Request& request) {
        return request.query == "b=c" ? http::Response{.body = "1", .headers = {}} : json(200, "{");
    });
    EXPECT_TRUE(call(kGet).body.is_null());
    EXPECT_TRUE(call(kPost).body.is_null());
}

TEST_F(RestClientTest, TakesABodyThatNobodyCouldMeanForNone) {
    const std::size_t deep = 100'000;  // Whoever copies or writes such a value recurses as deeply.
    serve([](const http::Request& request) {
        return json(200, request.query == "b=c" ? std::string(deep, '[') + std::string(deep, ']') : std::string("{}\0", 3));
    });
    EXPECT_TRUE(call(kGet).body.is_null());
    EXPECT_TRUE(call(kPost).body.is_null());
}

TEST_F(RestClientTest, FollowsNoRedirect) {
    serve([](const http::Request&) { return json(302, "{}", {{"Location", "http://127.0.0.1:1/"}}); });
    EXPECT_EQ(call(kGet).status, 302);
}

TEST_F(RestClientTest, SaysThatNothingWasSentWhereNobodyListens) {
    {
        boost::asio::io_context io;
        const tcp::acceptor once(io, {boost::asio::ip::address_v4::loopback(), 0});
        options_.base_url = "http://127.0.0.1:" + std::to_string(once.local_endpoint().port());
    }
    const auto [words, sent] = failure(kPost);
    EXPECT_THAT(words, HasSubstr("inventory: POST /a: "));
    EXPECT_FALSE(sent);
    EXPECT_FALSE(failure(kGet).second);
    EXPECT_THAT(metrics(), HasSubstr(R"(http_client_requests_total{client="inventory",endpoint="/{x}",status="none"} 3)"));
    EXPECT_THAT(metrics(), HasSubstr(R"(http_client_retries_total{client="inventory"} 2)"));
}

TEST_F(RestClientTest, GivesUpAtTheDeadline) {
    std::promise<void> leave;
    RawServer server([&, left = leave.get_future().share()](int) {
        left.wait();
        return std::pair{raw("{}"), RawServer::Then::Close};
    });
    options_.base_url = server.url();
    const auto before = std::chrono::steady_clock::now();
    const auto [words, sent] = failure(kPost, 200ms);
    EXPECT_LT(std::chrono::steady_clock::now() - before, 2s);
    EXPECT_THAT(words, HasSubstr("no answer in time"));
    EXPECT_TRUE(sent);
    leave.set_value();
}

TEST_F(RestClientTest, GivesUpATryAfterItsTimeout) {
    std::atomic<bool> leave = false;
    RawServer server([&](int number) {
        while (number == 1 && !leave) std::this_thread::sleep_for(1ms);
        return std::pair{raw("{}"), RawServer::Then::Close};
    });
    options_.base_url = server.url();
    options_.timeout = 100ms;
    const auto [words, sent] = failure(kPost);
    EXPECT_TRUE(sent);
    leave = true;
}

TEST_F(RestClientTest, GivesUpAnAnswerThatTrickles) {
    RawServer server([&](int) {
        return std::pair{std::string("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"), RawServer::Then::Keep};
    });
    options_.base_url = server.url();
    EXPECT_TRUE(failure(kPost, 200ms).second);
}

TEST_F(RestClientTest, DoesNotTakeHalfAnAnswerForOne) {
    RawServer server([](int) {
        return std::pair{std::string("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n[1]"),
                         RawServer::Then::Close};
    });
    options_.base_url = server.url();
    EXPECT_TRUE(failure(kPost).second);
}

TEST_F(RestClientTest, RefusesAnswersThatAreTooLarge) {
    serve([](const http::Request& request) {
        return json(200, "\"" + std::string(request.path == "/a" ? 9 << 20 : 7 << 20, 'x') + "\"");
    });
    const auto [words, sent] = failure(kGet);
    EXPECT_THAT(words, HasSubstr("larger than 8388608 bytes"));
    EXPECT_EQ(requests_, 1);
    Request smaller = kGet;
    smaller.path = "/smaller";
    EXPECT_EQ(call(smaller).body.get_ref<const std::string&>().size(), std::size_t{7} << 20);
}

TEST_F(RestClientTest, TriesAgainWhatMayBeRepeated) {
    serve([this](const http::Request&) { return requests_ < 3 ? json(503, "{}") : json(200, "{}"); });
    EXPECT_EQ(call(kGet).status, 200);
    EXPECT_EQ(requests_, 3);
    EXPECT_THAT(metrics(), HasSubstr(R"(http_client_retries_total{client="inventory"} 2)"));
}

TEST_F(RestClientTest, TriesNothingElseAgain) {
    serve([](const http::Request& request) { return json(request.method == "POST" ? 503 : 500, R"({"n":1})"); });
    EXPECT_EQ(call(kPost).status, 503);
    EXPECT_EQ(call(kGet).status, 500);
    EXPECT_EQ(requests_, 2);
}

TEST_F(RestClientTest, ReturnsTheLastAnswerAfterItsTries) {
    serve([](const http::Request&) { return json(503, R"({"n":1})"); });
    const Answer answer = call(kGet);
    EXPECT_EQ(answer.status, 503);
    EXPECT_EQ(answer.body["n"], 1);
    EXPECT_EQ(requests_, 3);
}

TEST_F(RestClientTest, WaitsAsLongAsItIsAskedTo) {
    serve([this](const http::Request&) { return requests_ == 1 ? json(503, "{}", {{"Retry-After", "1"}}) : json(200, "{}"); });
    const auto before = std::chrono::steady_clock::now();
    EXPECT_EQ(call(kGet).status, 200);
    EXPECT_GE(std::chrono::steady_clock::now() - before, 1s);
}

TEST_F(RestClientTest, DoesNotWaitForWhatComesAfterTheDeadline) {
    serve([](const http::Request&) { return json(503, "{}", {{"Retry-After", "1"}}); });
    const auto before = std::chrono::steady_clock::now();
    EXPECT_EQ(call(kGet, 900ms).status, 503);
    EXPECT_LT(std::chrono::steady_clock::now() - before, 900ms);
    EXPECT_EQ(requests_, 1);
}

TEST_F(RestClientTest, HasABudgetOfRetries) {
    options_.retry_tokens = 3;
    options_.window = 100;
    serve([](const http::Request&) { return json(503, "{}"); });
    for (int i = 0; i < 10; ++i) EXPECT_EQ(call(kGet).status, 503);
    EXPECT_EQ(requests_, 13);
}

TEST_F(RestClientTest, FailsAtOnceWhileTooManyFail) {
    options_.window = 4;
    options_.tries = 1;
    options_.open_time = 200ms;
    std::atomic<bool> well = false;
    serve([&](const http::Request&) { return json(well ? 200 : 500, "{}"); });
    for (int i = 0; i < 4; ++i) EXPECT_EQ(call(kGet).status, 500);
    EXPECT_THAT(metrics(), HasSubstr(R"(circuit_breaker_open{client="inventory"} 1)"));
    const auto [words, sent] = failure(kGet);
    EXPECT_THAT(words, HasSubstr("circuit breaker open"));
    EXPECT_FALSE(sent);
    EXPECT_EQ(requests_, 4);
    well = true;
    std::this_thread::sleep_for(200ms);
    EXPECT_EQ(call(kGet).status, 200);
    EXPECT_THAT(metrics(), HasSubstr(R"(circuit_breaker_open{client="inventory"} 0)"));
}

TEST_F(RestClientTest, LetsOnlySoManyCallsInAtATime) {
    options_.concurrency = 1;
    std::promise<void> entered;
    std::promise<void> leave;
    serve([&](const http::Request&) {
        entered.set_value();
        leave.get_future().wait();
        return json(200, "{}");
    });
    client();
    auto first = std::async(std::launch::async, [this] { return call(kGet).status; });
    entered.get_future().wait();
    const auto [words, sent] = failure(kGet);
    EXPECT_THAT(words, HasSubstr("too many calls at a time"));
    EXPECT_FALSE(sent);
    leave.set_value();
    EXPECT_EQ(first.get(), 200);
}

TEST_F(RestClientTest, OverlooksThatAKeptConnectionWasClosed) {
    // Answers, then closes without having said so.
    RawServer server([](int) { return std::pair{raw("{}"), RawServer::Then::Close}; });
    options_.base_url = server.url();
    options_.tries = 1;
    for (int i = 0; i < 5; ++i) EXPECT_EQ(call(kGet).status, 200);
}

TEST_F(RestClientTest, SendsWhatMayNotBeRepeatedOnlyOnce) {
    // Keeps the connection after the first answer; takes the second request and hangs up instead of answering.
    RawServer server([](int number) {
        return number == 1 ? std::pair{raw("{}"), RawServer::Then::Keep} : std::pair{std::string{}, RawServer::Then::Close};
    });
    options_.base_url = server.url();
    EXPECT_EQ(call(kPost).status, 200);
    EXPECT_TRUE(failure(kPost).second);
    EXPECT_EQ(server.requests(), 2);
}

TEST_F(RestClientTest, IsSafeFromSeveralThreads) {
    serve([](const http::Request& request) { return json(200, "\"" + request.path + "\""); });
    client();
    std::atomic<int> right = 0;
    std::vector<std::thread> threads;
    threads.reserve(8);
    for (int thread = 0; thread < 8; ++thread) {
        threads.emplace_back([&, thread] {
            for (int i = 0; i < 50; ++i) {
                const std::string path = "/" + std::to_string(thread) + "/" + std::to_string(i);
                const Answer answer = call({.method = "GET", .path = path, .repeatable = i % 2 == 0});
                right += answer.body == path ? 1 : 0;
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(right, 400);
}

TEST(RestClient, RefusesWhatIsNoUrl) {
    prometheus::Registry registry;
    std::ostringstream log;
    EXPECT_THROW(Client({.name = "a", .base_url = "nonsense"}, nullptr, base::Log{log}, registry), std::invalid_argument);
}

}  // namespace
