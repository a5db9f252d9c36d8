#include "client/watch_lines.h"

#include <stdexcept>

#include "client/status.h"

namespace client {

namespace {

constexpr std::size_t kKept = 32u << 10;  // An empty buffer larger than this is freed: most streams are idle most of the time.

std::optional<WatchEvent::Type> type_from(const std::string& name) {
    if (name == "ADDED") return WatchEvent::Type::Added;
    if (name == "MODIFIED") return WatchEvent::Type::Modified;
    if (name == "DELETED") return WatchEvent::Type::Deleted;
    if (name == "BOOKMARK") return WatchEvent::Type::Bookmark;
    return std::nullopt;
}

}  // namespace

void LineSplitter::append(std::string_view bytes) {
    if (begin_ > 0 && begin_ >= buffer_.size() / 2) {
        buffer_.erase(0, begin_);
        searched_ -= begin_;
        begin_ = 0;
    }
    // What waits is one unfinished line, unless the caller appends without taking.
    const std::size_t end = bytes.find('\n');
    if (searched_ - begin_ + std::min(end, bytes.size()) > longest_) throw std::length_error("a line of the stream is too long");
    buffer_ += bytes;
}

std::optional<std::string> LineSplitter::next() {
    while (true) {
        const std::size_t end = buffer_.find('\n', searched_);
        if (end == std::string::npos) {
            searched_ = buffer_.size();
            if (empty() && buffer_.capacity() > kKept) {
                buffer_ = {};
                begin_ = searched_ = 0;
            }
            return std::nullopt;
        }
        std::string line = buffer_.substr(begin_, end - begin_);
        begin_ = searched_ = end + 1;
        if (line.ends_with('\r')) line.pop_back();
        if (line.size() > longest_) throw std::length_error("a line of the stream is too long");
        if (!line.empty()) return line;
    }
}

WatchEvent decode_event(const std::string& line, const std::string& call) {
    kube::Json json = kube::Json::parse(line, nullptr, false);
    if (!json.is_object() || !json.contains("type") || !json["type"].is_string() || !json.contains("object") ||
        !json["object"].is_object()) {
        throw ConnectionError(call + ": a line of the stream is no watch event", ConnectionError::Cause::Malformed);
    }
    const std::string name = json["type"].get<std::string>();
    if (name == "ERROR") throw error_from_status(call, json["object"], 500);
    const std::optional<WatchEvent::Type> type = type_from(name);
    if (!type) throw ConnectionError(call + ": a watch event of unknown type", ConnectionError::Cause::Malformed);
    return {*type, std::move(json["object"])};
}

}  // namespace client
