// A bounded pool of threads for handlers that block, so that the event loops never do.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "common/http/message.h"

namespace prometheus {
class Registry;
}

namespace http {

class WorkerPool {
public:
    struct Limits {
        std::size_t threads = 16;  // As many as the database pool has connections is enough.
        std::size_t queue = 256;   // Further work is refused with 429 before latency grows.
        std::string name = {};     // The metrics' label `pool`, where a process has several.
    };

    // `registry` receives worker_pool_busy, worker_pool_queue_length and worker_pool_queue_seconds (how long work waited).
    WorkerPool(const Limits& limits, prometheus::Registry& registry);
    ~WorkerPool();  // Ends what is queued with an error and waits for what runs.

    // Runs `work` on a worker and resumes on the caller's executor with its response or exception. Throws Problem 429 where the
    // queue is full. Work whose deadline has passed while it waited is the work's own to notice.
    boost::asio::awaitable<Response> run(std::function<Response()> work);

private:
    struct Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace http
