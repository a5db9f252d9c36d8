#include "common/rest/transport.h"

#include <cpprest/http_client.h>
#include <pplx/threadpool.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <stdexcept>

#include "common/rest/threads.h"

namespace rest {

namespace {

using web::http::client::http_client;
using web::http::client::http_client_config;

class TooLarge : public std::runtime_error {
public:
    TooLarge() : std::runtime_error("the answer is larger than " + std::to_string(kMaxAnswer) + " bytes") {}
};

// Shared with cpprestsdk's threads, since the caller may give up before they do.
struct Progress {
    std::atomic<bool> written = false;
    std::mutex mutex;
    std::condition_variable ended;
    bool done = false;
    web::http::http_response response;
    std::vector<unsigned char> body;
    std::exception_ptr failure;
};

void finish(Progress& progress, const pplx::task<std::vector<unsigned char>>& read) {
    std::vector<unsigned char> body;
    std::exception_ptr failure;
    try {
        body = read.get();
    } catch (...) {
        failure = std::current_exception();
    }
    {
        const std::lock_guard lock(progress.mutex);
        progress.body = std::move(body);
        progress.failure = failure;
        progress.done = true;
    }
    progress.ended.notify_all();
}

web::http::http_request request_of(const Message& message, const std::shared_ptr<Progress>& progress) {
    web::http::http_request request(message.method);
    request.set_request_uri(web::uri(message.path));
    for (const auto& [name, value] : message.headers) request.headers().add(name, value);
    if (message.body) request.set_body(*message.body, message.content_type);
    // What a handler throws ends the exchange with that.
    request.set_progress_handler([progress](web::http::message_direction::direction direction, utility::size64_t bytes) {
        if (direction == web::http::message_direction::upload) progress->written = true;
        if (direction == web::http::message_direction::download && bytes > kMaxAnswer) throw TooLarge();
    });
    return request;
}

Exchange ended_by(const std::exception_ptr& failure, bool written) {
    Exchange exchange;
    exchange.end = written ? Exchange::End::NoAnswer : Exchange::End::NotSent;
    try {
        std::rethrow_exception(failure);
    } catch (const TooLarge& error) {
        exchange.end = Exchange::End::TooLarge;
        exchange.failure = error.what();
    } catch (const std::exception& error) {
        exchange.failure = error.what();
    }
    return exchange;
}

}  // namespace

void use_few_threads() {
    static std::once_flag once;
    std::call_once(once, [] {
        try {
            crossplat::threadpool::initialize_with_threads(2);
        } catch (const std::exception&) {
            return;  // Somebody has used it already: it works with as many as there are.
        }
    });
}

struct Transport::Impl {
    web::uri url;
    http_client_config config;
    std::unique_ptr<http_client> kept;  // Keeps connections for the next requests.
};

Transport::Transport(const std::string& base_url, base::Duration timeout) : impl_(std::make_unique<Impl>()) {
    use_few_threads();
    // Between any two steps of an exchange; what bounds the whole of it is the wait in send(), which ends sooner.
    impl_->config.set_timeout(timeout + std::chrono::seconds{1});
    impl_->config.set_max_redirects(0);
    try {
        impl_->url = web::uri(base_url);
        impl_->kept = std::make_unique<http_client>(impl_->url, impl_->config);
    } catch (const std::exception& error) {
        throw std::invalid_argument("'" + base_url + "' is no URL: " + error.what());
    }
}

Transport::~Transport() = default;

Exchange Transport::send(const Message& message, const base::Deadline& deadline) {
    const auto progress = std::make_shared<Progress>();
    pplx::cancellation_token_source cancel;
    try {
        const web::http::http_request request = request_of(message, progress);
        // cpprestsdk sends any request again, whatever its method, when a kept connection turns out to be closed, though the
        // other side may have acted on it. On a new connection it does not.
        std::optional<http_client> fresh;
        if (!message.repeatable) fresh.emplace(impl_->url, impl_->config);
        http_client& client = fresh ? *fresh : *impl_->kept;
        client.request(request, cancel.get_token())
            .then([progress](const web::http::http_response& response) {
                {
                    const std::lock_guard lock(progress->mutex);
                    progress->response = response;
                }
                return response.extract_vector();
            })
            .then([progress](const pplx::task<std::vector<unsigned char>>& read) { finish(*progress, read); });
    } catch (const std::exception& error) {
        return {.end = Exchange::End::NotSent, .failure = error.what()};
    }

    std::unique_lock lock(progress->mutex);
    const auto done = [&] { return progress->done; };
    if (deadline.left() == base::Duration::max()) {
        progress->ended.wait(lock, done);
    } else if (!progress->ended.wait_until(lock, deadline.time(), done)) {
        lock.unlock();
        cancel.cancel();
        // Whether the last byte has left may not be known yet here, so it counts as sent.
        return {.end = Exchange::End::NoAnswer, .failure = "no answer in time"};
    }
    if (progress->failure) return ended_by(progress->failure, progress->written);
    Exchange exchange{.end = Exchange::End::Answered, .status = progress->response.status_code()};
    for (const auto& [name, value] : progress->response.headers()) exchange.headers.emplace_back(name, value);
    exchange.body.assign(progress->body.begin(), progress->body.end());
    return exchange;
}

}  // namespace rest
