// One view after the other, as fast as the user service takes them.
#include "catalog/history_recorder.h"

#include <prometheus/family.h>
#include <prometheus/registry.h>

#include <utility>

namespace catalog {

namespace {

constexpr base::Duration kPatience{2'000};

prometheus::Counter& recorded(prometheus::Registry& registry, const char* outcome) {
    return prometheus::BuildCounter()
        .Name("catalog_history_total")
        .Help("Views of products by known users, and whether the user service was told.")
        .Register(registry)
        .Add({{"outcome", outcome}});
}

}  // namespace

HistoryRecorder::HistoryRecorder(rest::Client& users, prometheus::Registry& registry)
    : users_(users), told_(recorded(registry, "told")), dropped_(recorded(registry, "dropped")), thread_([this] { run(); }) {}

void HistoryRecorder::note(View view) {
    {
        const std::lock_guard lock(mutex_);
        if (!stopping_ && waiting_.size() < kMost) {
            waiting_.push_back(std::move(view));
            changed_.notify_one();
            return;
        }
    }
    dropped_.Increment();
}

void HistoryRecorder::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        changed_.notify_all();
    }
    if (thread_.joinable()) thread_.join();
}

void HistoryRecorder::run() {
    std::unique_lock lock(mutex_);
    while (true) {
        changed_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
        if (stopping_) return;
        const View view = std::move(waiting_.front());
        waiting_.pop_front();
        lock.unlock();
        tell(view);
        lock.lock();
    }
}

void HistoryRecorder::tell(const View& view) {
    rest::Request request;
    request.method = "POST";
    request.path = "/internal/v1/users/" + view.user + "/history";
    request.endpoint = "/internal/v1/users/{id}/history";
    request.body = {{"product_id", view.product}, {"category", view.category}};
    try {
        const rest::Answer answer = users_.call(request, base::Deadline::in(kPatience), view.trace);
        (answer.status < 300 ? told_ : dropped_).Increment();
    } catch (const std::exception&) {  // Away; the client's metrics say so.
        dropped_.Increment();
    }
}

}  // namespace catalog
