// What a watch yields.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "client/awaitable.h"
#include "kube/json.h"

namespace client {

struct WatchEvent {
    enum class Type { Added, Modified, Deleted, Bookmark };
    Type type = Type::Bookmark;
    kube::Json object;
};

// An open watch, with a connection of its own.
class WatchStream {
public:
    virtual ~WatchStream() = default;
    // The next event; nothing when the server ended the stream in order (its timeout). Throws ApiError for an ERROR event (code
    // 410 where the resourceVersion is too old) and ConnectionError when the connection breaks, or is open for longer than the
    // server's timeout allows. One caller at a time.
    virtual awaitable<std::optional<WatchEvent>> next() = 0;
    // Ends a next() that waits elsewhere on the loop with ConnectionError (Closed).
    virtual void close() = 0;
};

}  // namespace client
