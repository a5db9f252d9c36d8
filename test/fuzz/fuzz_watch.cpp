// Any bytes, cut anywhere, as the body of a watch: lines come out as they went in, and each is an event or an error.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>

#include "client/errors.h"
#include "client/status.h"
#include "client/watch_lines.h"

namespace {

constexpr std::size_t kLongest = 256;

void decode(const std::string& line) {
    try {
        client::decode_event(line, "watch Pod");
    } catch (const client::ApiError&) {
    } catch (const client::ConnectionError&) {
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::size_t piece = data[0] % 32 + 1U;
    const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
    client::LineSplitter lines{kLongest};
    std::size_t handed_out = 0;
    try {
        for (std::size_t at = 0; at < text.size(); at += piece) {
            lines.append(text.substr(at, piece));
            while (const auto line = lines.next()) {
                if (line->empty() || line->size() > kLongest || line->find('\n') != std::string::npos) std::abort();
                handed_out += line->size();
                decode(*line);
            }
        }
    } catch (const std::length_error&) {
    }
    if (handed_out > text.size()) std::abort();
    client::warnings_from(text);
    client::retry_after_from(text);
    client::error_from_body("get Pod a/b", std::string(text), 500);
    return 0;
}
