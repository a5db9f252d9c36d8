// From requests to handlers, and from what comes of them to answers.
#include "common/http/router.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <prometheus/registry.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <chrono>
#include <optional>
#include <sstream>

#include "common/base/metrics.h"
#include "common/http/input.h"

using namespace std::chrono_literals;
namespace asio = boost::asio;
using http::Call;
using http::Problem;
using http::Request;
using http::Response;
using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

namespace {

Response text(std::string body) {
    Response response;
    response.body = std::move(body);
    return response;
}

struct StoreIsAway : std::runtime_error {
    using std::runtime_error::runtime_error;
};

std::optional<Problem> translate(const std::exception_ptr& failure) {
    try {
        std::rethrow_exception(failure);
    } catch (const StoreIsAway&) {
        return http::unavailable("The data can't be reached just now.", 2s);
    } catch (...) {
        return std::nullopt;
    }
}

asio::awaitable<Response> after_a_turn(std::shared_ptr<const Call> call) {
    asio::steady_timer timer{co_await asio::this_coro::executor};
    timer.expires_after(1ms);
    co_await timer.async_wait(asio::use_awaitable);
    if (call->parameter("what") == "fail") throw StoreIsAway("connection refused");
    co_return text("after " + call->parameter("what"));
}

class RouterTest : public testing::Test {
protected:
    RouterTest() {
        router_.on("GET", "/items/{id:uuid}", [](const Call& call) { return text("item " + call.parameter("id")); });
        router_.on("PUT", "/items/{sku:word}", [](const Call& call) { return text("put " + call.parameter("sku")); });
        router_.on("GET", "/items/special", [](const Call&) { return text("special"); });
        router_.on("DELETE", "/items/special", [](const Call&) { return text("gone"); });
        router_.on("GET", "/pages/{number:int}", [](const Call& call) { return text("page " + call.parameter("number")); });
        router_.on("GET", "/files/{path:rest}", [](const Call& call) { return text("file " + call.parameter("path")); });
        router_.on("GET", "/user", [](const Call& call) { return text(call.user()); });
        router_.on("POST", "/key", [](const Call& call) { return text(call.idempotency_key()); });
        router_.on("GET", "/left", [](const Call& call) { return text(std::to_string(call.deadline.left().count())); });
        router_.on("GET", "/trace", [](const Call& call) { return text(call.trace.trace_id + " " + call.trace.span_id); });
        router_.on("GET", "/log", [](const Call& call) {
            call.log().info("handled");
            return text("");
        });
        router_.on("GET", "/conflict", [](const Call&) -> Response { throw http::conflict("Taken."); });
        router_.on("GET", "/broken", [](const Call&) -> Response { throw std::runtime_error("secret words"); });
        router_.on("GET", "/odd", [](const Call&) -> Response { throw 7; });
        router_.on("GET", "/away", [](const Call&) -> Response { throw StoreIsAway("connection refused"); });
        router_.on_loop("GET", "/loop/{what:word}", after_a_turn);
    }

    Response ask(const std::string& method, const std::string& path, http::Headers headers = {}) {
        Request request;
        request.method = method;
        request.path = path;
        request.headers = std::move(headers);
        auto answer = asio::co_spawn(io_, router_.route(std::move(request)), asio::use_future);
        io_.run();
        io_.restart();
        return answer.get();
    }
    std::string body(const std::string& path, http::Headers headers = {}) { return ask("GET", path, std::move(headers)).body; }
    int status(const std::string& method, const std::string& path, http::Headers headers = {}) {
        return ask(method, path, std::move(headers)).status;
    }
    std::string metrics() const { return base::exposition({&registry_}); }

    asio::io_context io_;
    std::ostringstream log_;
    prometheus::Registry registry_;
    http::WorkerPool workers_{{.threads = 2, .queue = 8}, registry_};
    std::shared_ptr<base::Tracer> tracer_ = base::Tracer::create({.service = "test", .attributes = {}, .send = {}});
    http::Router router_{{.deadline = 10s, .workers = &workers_, .tracer = tracer_, .translate = translate, .requests = 2},
                         base::Log{log_},
                         registry_};
};

const std::string kUuid = "0190e1a2-0000-7000-8000-00000000000a";

TEST_F(RouterTest, FindsHandlersByTypedParameters) {
    EXPECT_EQ(body("/items/" + kUuid), "item " + kUuid);
    EXPECT_EQ(body("/items/0190E1A2-0000-7000-8000-00000000000A"), "item " + kUuid);
    EXPECT_EQ(body("/items/special"), "special");
    EXPECT_EQ(ask("PUT", "/items/A-1_b.c").body, "put A-1_b.c");
    EXPECT_EQ(ask("PUT", "/items/special").body, "put special");
    EXPECT_EQ(body("/pages/42"), "page 42");
    EXPECT_EQ(body("/files/a/b.txt"), "file a/b.txt");
    EXPECT_EQ(body("/%69tems/special"), "special");
}

TEST_F(RouterTest, AnswersPathsThatFitNoneWith404) {
    for (const std::string path : {"/",
                                   "",
                                   "nothing",
                                   "/items",
                                   "/items/",
                                   "/items//",
                                   "/pages/0",
                                   "/pages/-1",
                                   "/pages/01",
                                   "/pages/9223372036854775808",
                                   "/pages/x",
                                   "/pages/1/2",
                                   "/files",
                                   "/files/",
                                   "/files/../user",
                                   "/files/%2e%2E/user",
                                   "/files/a%2Fb",
                                   "/files/a%00",
                                   "/files/a%0a",
                                   "/files/a%5cb",
                                   "/files/%ff",
                                   "/files/%",
                                   "/user/.",
                                   "*"}) {
        const Response answer = ask("GET", path);
        EXPECT_EQ(answer.status, 404) << path;
        EXPECT_EQ(answer.content_type, "application/problem+json") << path;
    }
    EXPECT_EQ(status("PUT", "/items/" + std::string(65, 'a')), 404);
}

TEST_F(RouterTest, AnswersWrongMethodsWith405AndTheRightOnes) {
    const Response answer = ask("POST", "/items/special");
    EXPECT_EQ(answer.status, 405);
    EXPECT_EQ(http::find(answer.headers, "Allow"), "DELETE, GET, HEAD, PUT");
    EXPECT_EQ(status("get", "/items/special"), 405);
}

TEST_F(RouterTest, TakesHeadWhereItTakesGet) {
    EXPECT_EQ(status("HEAD", "/items/special"), 200);
    EXPECT_EQ(status("HEAD", "/key"), 405);
}

TEST_F(RouterTest, RefusesTemplatesThatAreNone) {
    const auto add = [this](const std::string& path) { router_.on("GET", path, [](const Call&) { return Response{}; }); };
    for (const char* path : {"a", "/a/", "/{x}", "/{x:float}", "/{:uuid}", "/{x:rest}/b", "//"}) {
        EXPECT_THROW(add(path), std::invalid_argument) << path;
    }
    EXPECT_THROW(add("/items/special"), std::logic_error);
}

TEST_F(RouterTest, RunsHandlersThatWaitOnTheLoop) {
    EXPECT_EQ(body("/loop/all"), "after all");
    EXPECT_EQ(status("GET", "/loop/fail"), 503);
}

TEST_F(RouterTest, AnswersProblemsAsTheyAre) {
    const Response answer = ask("GET", "/conflict", {{"X-Request-Id", "abc"}});
    EXPECT_EQ(answer.status, 409);
    EXPECT_EQ(json::parse(answer.body)["detail"], "Taken.");
    EXPECT_EQ(json::parse(answer.body)["request_id"], "abc");
    EXPECT_THAT(log_.str(), IsEmpty());
}

TEST_F(RouterTest, TranslatesTheExceptionsThatItIsToldOf) {
    const Response answer = ask("GET", "/away");
    EXPECT_EQ(answer.status, 503);
    EXPECT_EQ(http::find(answer.headers, "Retry-After"), "2");
    EXPECT_THAT(answer.body, Not(HasSubstr("refused")));
    EXPECT_THAT(log_.str(), HasSubstr("connection refused"));
}

TEST_F(RouterTest, KeepsOtherExceptionsToTheLog) {
    const Response answer = ask("GET", "/broken", {{"X-Request-Id", "abc"}});
    EXPECT_EQ(answer.status, 500);
    EXPECT_THAT(answer.body, Not(HasSubstr("secret words")));
    EXPECT_THAT(log_.str(),
                AllOf(HasSubstr("secret words"), HasSubstr(R"("level":"error")"), HasSubstr(R"("request_id":"abc")")));
    EXPECT_EQ(status("GET", "/odd"), 500);
}

TEST_F(RouterTest, KeepsWellFormedRequestIdsAndMakesOthers) {
    const auto id_for = [this](http::Headers headers) {
        const Response answer = ask("GET", "/items/special", std::move(headers));
        return std::string(http::find(answer.headers, "X-Request-Id").value_or(""));
    };
    EXPECT_EQ(id_for({{"x-request-id", "Abc-1_2.3"}}), "Abc-1_2.3");
    EXPECT_TRUE(http::is_uuid(id_for({})));
    EXPECT_TRUE(http::is_uuid(id_for({{"X-Request-Id", "a b"}})));
    EXPECT_TRUE(http::is_uuid(id_for({{"X-Request-Id", std::string(129, 'a')}})));
    EXPECT_TRUE(http::is_uuid(std::string(http::find(ask("GET", "/nothing").headers, "X-Request-Id").value_or(""))));
}

TEST_F(RouterTest, TakesTheSoonerOfTheClientsDeadlineAndItsOwn) {
    const auto left = [this](const std::string& given) { return std::stol(body("/left", {{"X-Deadline-Ms", given}})); };
    EXPECT_LE(left("500"), 500);
    EXPECT_GT(left("500"), 0);
    EXPECT_LE(left("999999999"), 10'000);
    EXPECT_GT(left("999999999"), 5'000);
    for (const char* given : {"", "-1", "1x", "soon", "99999999999999999999"}) EXPECT_GT(left(given), 5'000) << given;
    router_.set_deadline(1s);
    EXPECT_LE(left(""), 1'000);
}

TEST_F(RouterTest, DoesNotBeginWhatIsTooLateAlready) {
    EXPECT_EQ(status("GET", "/left", {{"X-Deadline-Ms", "0"}}), 504);
}

TEST_F(RouterTest, GoesOnWithTheClientsTrace) {
    const std::string trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    EXPECT_THAT(body("/trace", {{"traceparent", "00-" + trace + "-00f067aa0ba902b7-01"}}),
                AllOf(HasSubstr(trace + " "), Not(HasSubstr("00f067aa0ba902b7"))));
    EXPECT_THAT(body("/trace", {{"traceparent", "nonsense"}}), testing::MatchesRegex("[0-9a-f]{32} [0-9a-f]{16}"));
}

TEST_F(RouterTest, LogsWithTheIdsOfTheRequest) {
    ask("GET", "/log", {{"X-Request-Id", "abc"}, {"traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}});
    EXPECT_THAT(log_.str(),
                AllOf(HasSubstr(R"("request_id":"abc")"), HasSubstr(R"("trace_id":"4bf92f3577b34da6a3ce929d0e0e4736")")));
    EXPECT_THAT(log_.str(), Not(HasSubstr("\"level\":\"debug\"")));
}

TEST_F(RouterTest, WritesALineForEachRequestAtDebugLevel) {
    std::ostringstream log;
    const http::Router router{{.workers = &workers_}, base::Log{log, base::Level::Debug}, registry_};
    Request request;
    request.method = "GET";
    request.path = "/nothing";
    auto answer = asio::co_spawn(io_, router.route(std::move(request)), asio::use_future);
    io_.run();
    answer.get();
    EXPECT_THAT(log.str(),
                AllOf(HasSubstr(R"("path":"/nothing")"), HasSubstr(R"("status":404)"), HasSubstr(R"("level":"debug")")));
}

TEST_F(RouterTest, CountsByTemplateMethodAndStatus) {
    ask("GET", "/items/" + kUuid);
    ask("GET", "/items/" + kUuid);
    ask("GET", "/away");
    ask("GET", "/nothing");
    ask("BREW", "/items/special");
    const std::string text = metrics();
    EXPECT_THAT(text, HasSubstr(R"(http_requests_total{endpoint="/items/{id:uuid}",method="GET",status="200"} 2)"));
    EXPECT_THAT(text, HasSubstr(R"(http_requests_total{endpoint="/away",method="GET",status="503"} 1)"));
    EXPECT_THAT(text, HasSubstr(R"(http_requests_total{endpoint="unmatched",method="GET",status="404"} 1)"));
    EXPECT_THAT(text, HasSubstr(R"(method="other",status="405"} 1)"));
    EXPECT_THAT(text, HasSubstr(R"(http_request_duration_seconds_count{endpoint="/items/{id:uuid}",method="GET"} 2)"));
    EXPECT_THAT(text, HasSubstr("http_requests_in_flight 0"));
}

TEST_F(RouterTest, ShedsWhatIsMoreThanItMayRunAtATime) {
    std::vector<std::future<Response>> answers;
    for (int i = 0; i < 5; ++i) {
        Request request;
        request.method = "GET";
        request.path = "/loop/all";
        answers.push_back(asio::co_spawn(io_, router_.route(std::move(request)), asio::use_future));
    }
    io_.run();
    int answered = 0;
    int shed = 0;
    for (auto& answer : answers) {
        const Response response = answer.get();
        answered += response.status == 200 ? 1 : 0;
        shed += response.status == 429 && http::find(response.headers, "Retry-After") == "1" ? 1 : 0;
    }
    EXPECT_EQ(answered, 2);
    EXPECT_EQ(shed, 3);
}

TEST_F(RouterTest, KnowsWhoAsks) {
    EXPECT_EQ(body("/user", {{"X-User-Id", kUuid}}), kUuid);
    EXPECT_EQ(status("GET", "/user"), 401);
    EXPECT_EQ(status("GET", "/user", {{"X-User-Id", "me"}}), 401);
}

TEST_F(RouterTest, WantsPrintableIdempotencyKeys) {
    EXPECT_EQ(ask("POST", "/key", {{"Idempotency-Key", "a key"}}).body, "a key");
    EXPECT_EQ(status("POST", "/key"), 400);
    EXPECT_EQ(status("POST", "/key", {{"Idempotency-Key", ""}}), 400);
    EXPECT_EQ(status("POST", "/key", {{"Idempotency-Key", "ä"}}), 400);
    EXPECT_EQ(status("POST", "/key", {{"Idempotency-Key", std::string(256, 'a')}}), 400);
}

}  // namespace
