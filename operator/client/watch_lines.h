// The body of a watch: one JSON document a line, cut anywhere by the network.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "client/watch_stream.h"

namespace client {

// Collects bytes and hands out whole lines. Gives memory back after a large one.
class LineSplitter {
public:
    explicit LineSplitter(std::size_t longest) : longest_(longest) {}

    // Throws std::length_error where a line gets longer than allowed.
    void append(std::string_view bytes);
    // The next whole line without its end; empty lines are skipped.
    std::optional<std::string> next();
    bool empty() const { return begin_ == buffer_.size(); }

private:
    std::string buffer_;
    std::size_t begin_ = 0;     // Of the first line not handed out.
    std::size_t searched_ = 0;  // No end of line lies between begin_ and here.
    std::size_t longest_;
};

// Throws ApiError for an ERROR event, ConnectionError (Malformed) for what is no event. `call` opens the message: "watch
// Deployment".
WatchEvent decode_event(const std::string& line, const std::string& call);

}  // namespace client
