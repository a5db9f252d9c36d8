#include "fake_upstream.h"

#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace services {

namespace asio = boost::asio;

FakeUpstream::FakeUpstream(std::uint16_t port) {
    answer_ = [](const http::Request&) {
        http::Response response;
        response.body = R"({"items":[],"next_cursor":null})";
        response.content_type = "application/json";
        return response;
    };
    http::AsyncHandler handler = [this](http::Request request) { return handle(this, std::move(request)); };
    server_ = std::make_unique<http::Server>(io_, http::Address{"127.0.0.1", port}, std::move(handler), base::Log(log_));
    port_ = server_->address().port;
    thread_ = std::thread([this] {
        const auto guard = asio::make_work_guard(io_);
        io_.run();
    });
}

asio::awaitable<http::Response> FakeUpstream::handle(FakeUpstream* self, http::Request request) {
    Answer answer;
    {
        const std::lock_guard lock(self->mutex_);
        self->requests_.push_back(request);
        answer = self->answer_;
    }
    asio::steady_timer timer(self->io_, self->delay_.load());
    co_await timer.async_wait(asio::use_awaitable);
    co_return answer(request);
}

void FakeUpstream::answer(Answer answer) {
    const std::lock_guard lock(mutex_);
    answer_ = std::move(answer);
}

std::vector<http::Request> FakeUpstream::requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
}

void FakeUpstream::stop() {
    if (!thread_.joinable()) return;
    asio::post(io_, [this] {
        server_.reset();
        io_.stop();
    });
    thread_.join();
}

}  // namespace services
