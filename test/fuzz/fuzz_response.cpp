// Any bytes as an upstream's response, whole and in pieces: both ways give the same, and never a field that only the gateway
// sets.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "common/http/message.h"
#include "gateway/response_reader.h"

namespace {

using State = gateway::ResponseReader::State;

State read(gateway::ResponseReader& reader, std::string_view text, std::size_t piece) {
    std::string waiting;
    for (std::size_t at = 0; at < text.size() && reader.state() == State::More; at += piece) {
        waiting += text.substr(at, piece);
        const std::size_t used = reader.put(waiting);
        if (used > waiting.size()) std::abort();
        waiting.erase(0, used);
    }
    reader.end_of_stream();
    return reader.state();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    gateway::ResponseReader whole;
    gateway::ResponseReader pieces;
    const bool done = read(whole, text, text.size() + 1) == State::Done;
    if (done != (read(pieces, text, 3) == State::Done)) {
        // Bytes after a response are noticed only where they come with its end.
        if (done) std::abort();
        return 0;
    }
    if (!done) return 0;
    const http::Response a = whole.take();
    const http::Response b = pieces.take();
    if (a.status != b.status || a.body != b.body || a.headers != b.headers) std::abort();
    if (a.status < 200 || a.status > 599) std::abort();
    if (http::find(a.headers, "X-User-Id") || http::find(a.headers, "Content-Length")) std::abort();
    return 0;
}
