// Tells the user service what users look at, without holding up anybody: a bounded queue and a thread of its own.
#pragma once

#include <prometheus/counter.h>

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <string>
#include <thread>

#include "common/rest/rest_client.h"

namespace prometheus {
class Registry;
}

namespace catalog {

class HistoryRecorder {
public:
    static constexpr std::size_t kMost = 1000;  // What is more is dropped and counted: a history may have gaps.

    HistoryRecorder(rest::Client& users, prometheus::Registry& registry);
    ~HistoryRecorder() { stop(); }

    struct View {
        std::string user;
        std::string product;
        std::string category;
        base::TraceContext trace;
    };
    void note(View view);
    void stop();  // What waits is dropped.

private:
    void run();
    void tell(const View& view);

    rest::Client& users_;
    prometheus::Counter& told_;
    prometheus::Counter& dropped_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<View> waiting_;
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace catalog
