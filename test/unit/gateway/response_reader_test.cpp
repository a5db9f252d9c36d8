// Responses of upstreams, as they come in pieces, and as they must not be.
#include "gateway/response_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace gateway {
namespace {

using State = ResponseReader::State;

// Given in pieces of that size, as a connection does it.
State read(ResponseReader& reader, const std::string& text, std::size_t piece, bool ends = false) {
    std::string waiting;
    for (std::size_t at = 0; at < text.size() && reader.state() == State::More; at += piece) {
        waiting += text.substr(at, piece);
        waiting.erase(0, reader.put(waiting));
    }
    if (ends) reader.end_of_stream();
    return reader.state();
}

const std::string kAnswer =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\nETag: \"1\"\r\nX-User-Id: u\r\nKeep-Alive: "
    "x\r\n\r\n{}";

TEST(ResponseReader, ReadsAResponseInWhateverPieces) {
    for (const std::size_t piece : {1U, 2U, 7U, 64U, 1000U}) {
        ResponseReader reader;
        ASSERT_EQ(read(reader, kAnswer, piece), State::Done) << piece;
        EXPECT_TRUE(reader.keep_alive());
        const http::Response response = reader.take();
        EXPECT_EQ(response.status, 200);
        EXPECT_EQ(response.body, "{}");
        EXPECT_EQ(response.content_type, "application/json");
        EXPECT_EQ(response.headers, (http::Headers{{"ETag", "\"1\""}}));
    }
}

TEST(ResponseReader, ReadsChunks) {
    const std::string text =
        "HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nTrailer: x\r\n\r\n";
    for (const std::size_t piece : {1U, 5U, 1000U}) {
        ResponseReader reader;
        ASSERT_EQ(read(reader, text, piece), State::Done) << piece;
        EXPECT_EQ(reader.take().body, "abcde");
    }
}

TEST(ResponseReader, ReadsAnEmptyChunkedBodyByteByByte) {
    for (const char* end : {"0\r\n\r\n", "0\r\nA: b\r\n\r\n", "000;x\r\n\r\n"}) {
        ResponseReader reader;
        EXPECT_EQ(read(reader, std::string("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n") + end, 1), State::Done)
            << end;
    }
}

TEST(ResponseReader, ReadsToTheEndWhereThereIsNoLength) {
    ResponseReader reader;
    ASSERT_EQ(read(reader, "HTTP/1.0 200 OK\r\n\r\nall of it", 4, true), State::Done);
    EXPECT_FALSE(reader.keep_alive());
    EXPECT_EQ(reader.take().body, "all of it");
}

TEST(ResponseReader, TakesNoBodyFromStatusesThatHaveNone) {
    for (const char* status : {"204 No Content", "304 Not Modified"}) {
        ResponseReader reader;
        EXPECT_EQ(read(reader, "HTTP/1.1 " + std::string(status) + "\r\nETag: \"2\"\r\n\r\n", 1000), State::Done) << status;
    }
}

TEST(ResponseReader, PassesOverInterimResponses) {
    ResponseReader reader;
    ASSERT_EQ(read(reader, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + kAnswer, 3), State::Done);
    EXPECT_EQ(reader.take().status, 200);
}

TEST(ResponseReader, RefusesWhatIsNoResponse) {
    for (const char* text :
         {"GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 99999 X\r\n\r\n", "HTTP/1.1 101 Switching\r\n\r\n", "garbage\r\n\r\n",
          "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 1x\r\n\r\nab",
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzzzz\r\n", "HTTP/1.1 200 OK\r\nbad header\r\n\r\n"}) {
        ResponseReader reader;
        EXPECT_EQ(read(reader, text, 1000), State::Malformed) << text;
    }
}

TEST(ResponseReader, RefusesWhatCouldBeReadInTwoWays) {
    for (const char* text : {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
                             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
                             "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"}) {
        ResponseReader reader;
        EXPECT_EQ(read(reader, text, 1000), State::Malformed) << text;
    }
}

TEST(ResponseReader, RefusesMoreThanOneResponse) {
    ResponseReader reader;
    EXPECT_EQ(read(reader, kAnswer + "HTTP/1.1 200 OK\r\n", 10'000), State::Malformed);
}

TEST(ResponseReader, RefusesWhatEndsInTheMiddle) {
    ResponseReader nothing;
    EXPECT_EQ(read(nothing, "", 1000, true), State::Malformed);
    ResponseReader interim;
    EXPECT_EQ(read(interim, "HTTP/1.1 100 Continue\r\n\r\n", 1000, true), State::Malformed);
    for (std::size_t size : {std::size_t{5}, std::size_t{40}, kAnswer.size() - 1}) {
        ResponseReader reader;
        EXPECT_EQ(read(reader, kAnswer.substr(0, size), 1000, true), State::Malformed) << size;
    }
}

TEST(ResponseReader, RefusesWhatIsTooLarge) {
    ResponseReader headers;
    EXPECT_EQ(read(headers, "HTTP/1.1 200 OK\r\nX: " + std::string(ResponseReader::kHeaderBytes, 'x') + "\r\n\r\n", 4096),
              State::TooLarge);
    ResponseReader begun;
    EXPECT_EQ(read(begun, "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\nbegin", 4096), State::TooLarge);
    ResponseReader length;
    EXPECT_EQ(read(length, "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", 4096), State::TooLarge);
    ResponseReader body;
    EXPECT_EQ(read(body, "HTTP/1.1 200 OK\r\n\r\n" + std::string(ResponseReader::kBodyBytes + 1, 'x'), 65536), State::TooLarge);
}

TEST(ResponseReader, EndsAfterSomeInterimResponses) {
    std::string text;
    for (int i = 0; i < 20; ++i) text += "HTTP/1.1 100 Continue\r\n\r\n";
    ResponseReader reader;
    EXPECT_EQ(read(reader, text, 1000), State::Malformed);
}

}  // namespace
}  // namespace gateway
