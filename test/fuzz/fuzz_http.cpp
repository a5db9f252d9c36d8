// Any bytes on a connection, whole and cut into pieces: the server reads the same requests of them, answers each once and in
// order, and hangs up after it refused something.
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "common/http/connection.h"
#include "holds.h"

namespace {

struct Outcome {
    std::vector<std::string> requests;
    std::string answers;
};

std::string words_of(const http::Request& request) {
    std::string words = request.method + " " + request.path + " " + request.query + " " + request.body;
    for (const auto& [name, value] : request.headers) words += " " + name + "=" + value;
    return words;
}

std::string read_all(int descriptor) {
    std::string all;
    char bytes[4096];
    for (ssize_t size = 0; (size = recv(descriptor, bytes, sizeof bytes, MSG_DONTWAIT)) > 0;) {
        all.append(bytes, static_cast<std::size_t>(size));
    }
    return all;
}

// Answers follow each other without a byte between or after them.
std::size_t refusals_in(std::string_view answers, std::size_t handled) {
    std::size_t refusals = 0;
    while (!answers.empty()) {
        holds(answers.starts_with("HTTP/1.1 "));
        const std::size_t end = answers.find("\r\n\r\n");
        holds(end != answers.npos);
        const std::string_view head = answers.substr(0, end);
        answers.remove_prefix(end + 4);
        if (head.starts_with("HTTP/1.1 100 ")) continue;
        const std::size_t field = head.find("Content-Length: ");
        holds(field != head.npos);
        const bool headless = head.find("X-Method: HEAD") != head.npos;
        const std::size_t size = headless ? 0 : std::stoul(std::string(head.substr(field + 16)));
        holds(size <= answers.size());
        answers.remove_prefix(size);
        if (head.starts_with("HTTP/1.1 200 ")) {
            holds(handled-- > 0);
        } else {
            ++refusals;
            holds(head.find("Connection: close") != head.npos);
        }
    }
    holds(handled == 0);
    return refusals;
}

Outcome outcome_of(std::string_view bytes, std::size_t piece) {
    Outcome outcome;
    std::ostringstream log;
    boost::asio::io_context io{1};
    auto service = std::make_shared<http::Service>(http::Service{{}, {}, base::Log{log}, {}});
    service->limits.header_bytes = 1024;
    service->limits.body_bytes = 256;
    service->handler = [&outcome](const http::Request& request) {
        holds(!request.method.empty() && !request.path.empty());
        holds(request.body.size() <= 256);
        for (const auto& [name, value] : request.headers) holds(!name.empty() && value.find_first_of("\r\n") == value.npos);
        outcome.requests.push_back(words_of(request));
        http::Response response;
        response.body = "answer";
        if (request.method == "HEAD") response.headers.emplace_back("X-Method", "HEAD");
        return response;
    };

    int ends[2];
    holds(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    boost::asio::ip::tcp::socket socket{io};
    socket.assign(boost::asio::ip::tcp::v4(), ends[0]);
    boost::asio::co_spawn(io, http::serve(service, std::move(socket)), boost::asio::detached);
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
        const std::string_view part = bytes.substr(at, piece);
        if (send(ends[1], part.data(), part.size(), MSG_NOSIGNAL) < 0) break;
        io.poll();
        outcome.answers += read_all(ends[1]);
    }
    shutdown(ends[1], SHUT_WR);
    io.run();
    outcome.answers += read_all(ends[1]);
    close(ends[1]);
    holds(refusals_in(outcome.answers, outcome.requests.size()) <= 1);
    holds(service->open.empty());
    return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::size_t piece = data[0] % 61 + 1U;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    const Outcome whole = outcome_of(bytes, std::max<std::size_t>(bytes.size(), 1));
    const Outcome pieces = outcome_of(bytes, piece);
    holds(whole.requests == pieces.requests);  // A head that is wrong before its end may be refused, or waited for.
    return 0;
}
