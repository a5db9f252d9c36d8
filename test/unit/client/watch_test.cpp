#include "unit/client/client_fixture.h"

// Watch streams, and what ends them.
namespace client::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using Cause = ConnectionError::Cause;

std::string event(const std::string& type, const std::string& name) {
    return R"({"type":")" + type + R"(","object":{"metadata":{"name":")" + name + "\"}}}\n";
}

class WatchTest : public ClientTest {
protected:
    void stream(const std::string& text) {
        serve([text](Peer& peer) {
            peer.read();
            peer.write(text);
        });
    }
    std::unique_ptr<WatchStream> open() { return wait(client().watch(kube::kConfigMap, {}, "5")); }

    // Against a server that falls silent after its first event.
    void expect_timeout_after_one_event() {
        serve([](Peer& peer) {
            peer.read();
            peer.write(kStreamHead + chunk(event("ADDED", "a")));
            peer.wait_for_the_end();
        });
        const std::unique_ptr<WatchStream> watch = open();
        EXPECT_TRUE(wait(watch->next()));
        EXPECT_EQ(cause(watch->next()), Cause::Timeout);
    }
};

TEST_F(WatchTest, YieldsEventsHoweverTheyAreCut) {
    serve([](Peer& peer) {
        peer.read();
        peer.write(kStreamHead);
        const std::string text = event("ADDED", "a") + event("MODIFIED", "b") + event("DELETED", "c") + event("BOOKMARK", "d");
        for (const char c : text) peer.write(chunk(std::string(1, c)));
        peer.write(kStreamEnd);
        peer.wait_for_the_end();
    });
    const std::unique_ptr<WatchStream> watch = open();
    using Type = WatchEvent::Type;
    for (const auto& [type, name] :
         {std::pair{Type::Added, "a"}, {Type::Modified, "b"}, {Type::Deleted, "c"}, {Type::Bookmark, "d"}}) {
        const std::optional<WatchEvent> got = wait(watch->next());
        ASSERT_TRUE(got);
        EXPECT_EQ(got->type, type);
        EXPECT_EQ(got->object["metadata"]["name"], name);
    }
    EXPECT_FALSE(wait(watch->next()));
}

TEST_F(WatchTest, AsksForBookmarksAndAnEnd) {
    std::string line;
    serve([&line](Peer& peer) {
        line = peer.read().line;
        peer.write(kStreamHead + kStreamEnd);
    });
    Selection selection;
    selection.ns = "shop";
    selection.field_selector = "metadata.name=x";
    const std::unique_ptr<WatchStream> watch = wait(client().watch(kube::kConfigMap, selection, ""));
    EXPECT_FALSE(wait(watch->next()));
    EXPECT_THAT(line, HasSubstr("GET /api/v1/namespaces/shop/configmaps?watch=true&allowWatchBookmarks=true&timeoutSeconds="));
    EXPECT_THAT(line,
                HasSubstr("&fieldSelector=metadata.name%3Dx&sendInitialEvents=true&resourceVersionMatch=NotOlderThan HTTP/1.1"));
}

TEST_F(WatchTest, ReportsAResourceVersionThatIsTooOld) {
    stream(kStreamHead +
           chunk(R"({"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired","message":"too old"}})"
                 "\n") +
           kStreamEnd);
    const std::unique_ptr<WatchStream> watch = open();
    const std::optional<ApiError> error = failure<ApiError>(watch->next());
    EXPECT_EQ(error->code(), 410);
    EXPECT_STREQ(error->what(), "watch ConfigMap: 410 too old");
}

TEST_F(WatchTest, ReportsARefusalAtTheStart) {
    stream(answer(403, R"({"code":403,"reason":"Forbidden","message":"no"})"));
    EXPECT_EQ(failure<ApiError>(client().watch(kube::kConfigMap, {}, "5"))->code(), 403);
}

TEST_F(WatchTest, IsBrokenWhenCutWithinAnEvent) {
    stream(kStreamHead + chunk(event("ADDED", "a") + "{\"type\":"));
    const std::unique_ptr<WatchStream> watch = open();
    EXPECT_TRUE(wait(watch->next()));
    EXPECT_EQ(cause(watch->next()), Cause::Broken);
}

TEST_F(WatchTest, IsBrokenWhenCutBetweenEvents) {
    stream(kStreamHead + chunk(event("ADDED", "a")));
    const std::unique_ptr<WatchStream> watch = open();
    EXPECT_TRUE(wait(watch->next()));
    EXPECT_EQ(cause(watch->next()), Cause::Broken);
}

TEST_F(WatchTest, IsBrokenWhereItEndsWithinAnEvent) {
    stream(kStreamHead + chunk("{\"type\":") + kStreamEnd);
    const std::unique_ptr<WatchStream> watch = open();
    EXPECT_EQ(cause(watch->next()), Cause::Broken);
}

TEST_F(WatchTest, IsGivenUpWhereTheServerDoesNotEndIt) {
    limits_.watch = 0s;
    limits_.watch_grace = 300ms;
    expect_timeout_after_one_event();
}

TEST_F(WatchTest, TakesSilenceForDeathLongBeforeTheServersTime) {
    limits_.watch_silence = 200ms;
    expect_timeout_after_one_event();
}

TEST_F(WatchTest, CarriesLargeEventsUpToALimit) {
    limits_.event = 200'000;
    stream(kStreamHead + chunk(event("ADDED", std::string(150'000, 'a'))) + chunk(event("ADDED", std::string(300'000, 'b'))) +
           kStreamEnd);
    const std::unique_ptr<WatchStream> watch = open();
    EXPECT_EQ(wait(watch->next())->object["metadata"]["name"].get<std::string>().size(), 150'000U);
    EXPECT_EQ(cause(watch->next()), Cause::Malformed);
}

TEST_F(WatchTest, IsEndedFromElsewhere) {
    serve([](Peer& peer) {
        peer.read();
        peer.write(kStreamHead);
        peer.wait_for_the_end();
    });
    const std::unique_ptr<WatchStream> watch = open();
    std::exception_ptr error;
    boost::asio::co_spawn(io_, watch->next(),
                          [&error](const std::exception_ptr& caught, const std::optional<WatchEvent>&) { error = caught; });
    io_.restart();
    io_.poll();
    EXPECT_FALSE(error);
    watch->close();
    run_until([&] { return error != nullptr; });
    EXPECT_THROW(std::rethrow_exception(error), ConnectionError);
    EXPECT_EQ(cause(watch->next()), Cause::Closed);
}

TEST_F(WatchTest, NeedsNoneOfTheRequestsConnections) {
    limits_.connections = 1;
    serve([](Peer& peer) {
        const bool watching = peer.read().line.find("watch=true") != std::string::npos;
        peer.write(watching ? kStreamHead : answer(200, "{}"));
        peer.wait_for_the_end();
    });
    const std::unique_ptr<WatchStream> one = open();
    const std::unique_ptr<WatchStream> two = open();
    EXPECT_TRUE(wait(client().get(kube::kConfigMap, key_)));
}

TEST_F(WatchTest, EndsWhenTheClientIsClosed) {
    serve([](Peer& peer) {
        peer.read();
        peer.write(kStreamHead);
        peer.wait_for_the_end();
    });
    const std::unique_ptr<WatchStream> watch = open();
    client_.reset();
    EXPECT_EQ(cause(watch->next()), Cause::Closed);
}

}  // namespace
}  // namespace client::test
