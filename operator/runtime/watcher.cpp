#include "runtime/watcher.h"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <stdexcept>
#include <utility>

namespace runtime {

namespace asio = boost::asio;

namespace {

constexpr int kGone = 410;           // The resourceVersion is no longer known.
constexpr int kBadRequest = 400;     // So do API servers without WatchList answer to sendInitialEvents,
constexpr int kUnprocessable = 422;  // or so, where the feature is switched off.
constexpr int kForbidden = 403;
constexpr int kNotFound = 404;

// Between one watch and the next, so that a server that ends each at once is not flooded.
constexpr base::Duration kPause{50};

// As client-go's reflector: 800 ms doubled up to 30 s, with jitter.
const base::BackoffPolicy kReconnect{base::Duration{800}, base::Duration{30'000}, base::Jitter::Equal};

bool ends_initial_events(const kube::Json& bookmark) {
    return kube::string_at(bookmark, {"metadata", "annotations", "k8s.io/initial-events-end"}) == "true";
}

}  // namespace

Watcher::Watcher(asio::io_context& io, client::Client& client, const base::Log& log, kube::Kind kind, client::Selection selection,
                 WatchHandler& handler)
    : client_(client),
      log_(log.with({{"watch", kind.name}})),
      kind_(kind),
      selection_(std::move(selection)),
      handler_(handler),
      backoff_(kReconnect, base::system_random()),
      timer_(io) {}

void Watcher::stop() {
    stopped_ = true;
    timer_.cancel();
    if (stream_) stream_->close();
}

asio::awaitable<void> Watcher::run() {
    while (!stopped_) {
        std::string problem;
        try {
            if (version_.empty() && !can_stream_) co_await fill_by_list();
            co_await follow();
        } catch (const client::ApiError& error) {
            problem = error.what();
            const bool refused = error.code() == kBadRequest || error.code() == kUnprocessable;
            if (error.code() == kGone) {
                version_.clear();
            } else if (refused && version_.empty() && can_stream_) {
                can_stream_ = false;
                problem.clear();
            }
            if (error.code() == kForbidden || error.code() == kNotFound) be_refused();
        } catch (const std::exception& error) {
            problem = error.what();
        }
        stream_.reset();
        if (!stopped_) co_await pause_after(std::move(problem));
    }
}

// Pages hold the same resourceVersion throughout, so the watch goes on where the list ends.
asio::awaitable<void> Watcher::fill_by_list() {
    std::string next;
    handler_.refill_begin();
    client::ListPage page;
    do {
        page = co_await client_.list(kind_, selection_, next);
        for (const kube::Json& item : page.items) handler_.put(item);
        next = page.continue_token;
    } while (!next.empty());
    handler_.refill_end();
    version_ = page.resource_version;
    filled();
}

asio::awaitable<void> Watcher::follow() {
    bool filling = version_.empty();
    stream_ = co_await client_.watch(kind_, selection_, version_);
    if (filling) {
        handler_.refill_begin();
    } else {
        be_shown();
    }
    while (!stopped_) {
        const std::optional<client::WatchEvent> event = co_await stream_->next();
        if (!event && filling) throw std::runtime_error("the stream ended before the initial events did");
        if (!event) co_return;
        backoff_.reset();
        switch (event->type) {
            case client::WatchEvent::Type::Added:
            case client::WatchEvent::Type::Modified:
                handler_.put(event->object);
                break;
            case client::WatchEvent::Type::Deleted:
                handler_.erase(event->object);
                break;
            case client::WatchEvent::Type::Bookmark:
                if (filling && ends_initial_events(event->object)) {
                    handler_.refill_end();
                    filling = false;
                    filled();
                }
                break;
        }
        if (!filling) version_ = kube::string_at(event->object, {"metadata", "resourceVersion"});
    }
}

void Watcher::filled() {
    refusals_ = 0;
    const bool first = !std::exchange(synced_, true);
    const bool again = std::exchange(refused_, false);
    if ((first || again) && on_settled_) on_settled_();
}

// The watch goes on where it was before the refusal.
void Watcher::be_shown() {
    refusals_ = 0;
    if (std::exchange(refused_, false) && on_settled_) on_settled_();
}

// One no is not believed of what was shown before: an API server that has just started may not have read its roles yet.
void Watcher::be_refused() {
    if (++refusals_ == 1 && synced_) return;
    if (!std::exchange(refused_, true) && on_settled_) on_settled_();
}

asio::awaitable<void> Watcher::pause_after(std::string problem) {
    base::Duration delay = kPause;
    if (!problem.empty()) {
        delay = backoff_.next();
        log_.warn("watch interrupted", {{"error", problem}, {"retry_ms", delay.count()}});
    }
    timer_.expires_after(delay);
    boost::system::error_code ignored;
    co_await timer_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

}  // namespace runtime
