// A watch's answer, read as it comes.
#pragma once

#include <chrono>
#include <string>

#include "client/connection.h"
#include "client/limits.h"
#include "client/watch_lines.h"
#include "client/watch_stream.h"

namespace client {

class OpenWatch final : public WatchStream {
public:
    // `connection` has read the answer's head. `call` opens every message. The stream may last until `end`.
    OpenWatch(std::string call, ConnectionPtr connection, const Limits& limits, std::chrono::steady_clock::time_point end);
    ~OpenWatch() override;
    OpenWatch(const OpenWatch&) = delete;
    OpenWatch& operator=(const OpenWatch&) = delete;

    boost::asio::awaitable<std::optional<WatchEvent>> next() override;
    void close() override;

private:
    void append(const std::string& bytes);
    std::optional<std::string> line();

    std::string call_;
    ConnectionPtr connection_;
    LineSplitter lines_;
    std::chrono::milliseconds silence_;
    std::chrono::steady_clock::time_point end_;
};

}  // namespace client
