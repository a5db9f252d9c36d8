#include "client/open_watch.h"

#include <algorithm>
#include <stdexcept>
#include <string>

#include "client/watch_stream.h"

namespace client {

using Cause = ConnectionError::Cause;

OpenWatch::OpenWatch(std::string call, ConnectionPtr connection, const Limits& limits, std::chrono::steady_clock::time_point end)
    : call_(std::move(call)),
      connection_(std::move(connection)),
      lines_(limits.event),
      silence_(limits.watch_silence),
      end_(end) {}

OpenWatch::~OpenWatch() {
    connection_->close();
}

void OpenWatch::close() {
    connection_->close();
}

std::optional<std::string> OpenWatch::line() {
    try {
        return lines_.next();
    } catch (const std::length_error& error) {
        throw ConnectionError(call_ + ": " + error.what(), Cause::Malformed);
    }
}

void OpenWatch::append(const std::string& bytes) {
    try {
        lines_.append(bytes);
    } catch (const std::length_error& error) {
        throw ConnectionError(call_ + ": " + error.what(), Cause::Malformed);
    }
}

awaitable<std::optional<WatchEvent>> OpenWatch::next() {
    const ConnectionPtr connection = connection_;
    std::optional<std::string> text = line();
    while (!text) {
        std::string bytes;
        bool more = false;
        connection->set_deadline(std::min(end_, std::chrono::steady_clock::now() + silence_));
        try {
            more = co_await connection->read_body(bytes);
        } catch (const ConnectionError& error) {
            throw ConnectionError(call_ + ": " + error.what(), error.cause());
        }
        append(bytes);
        text = line();
        if (more || text) continue;
        if (!lines_.empty()) throw ConnectionError(call_ + ": the stream ended within an event", Cause::Broken);
        co_return std::nullopt;
    }
    co_return decode_event(*text, call_);
}

}  // namespace client
