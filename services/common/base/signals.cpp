// Waits for stop signals on the event loop.
#include "common/base/signals.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <utility>

namespace base {

void ignore_sigpipe() {
    std::signal(SIGPIPE, SIG_IGN);
}

struct StopSignals::Impl : std::enable_shared_from_this<Impl> {
    Impl(boost::asio::io_context& io, std::function<void(int)> call) : signals(io, SIGTERM, SIGINT), on_stop(std::move(call)) {}

    void wait() {
        signals.async_wait([self = shared_from_this()](const boost::system::error_code& error, int signal) {
            if (error || self->closed) return;
            self->wait();
            self->on_stop(signal);
        });
    }

    boost::asio::signal_set signals;
    std::function<void(int)> on_stop;
    bool closed = false;
};

StopSignals::StopSignals(boost::asio::io_context& io, std::function<void(int)> on_stop)
    : impl_(std::make_shared<Impl>(io, std::move(on_stop))) {
    ignore_sigpipe();
    impl_->wait();
}

StopSignals::~StopSignals() {
    close();
}

void StopSignals::close() {
    impl_->closed = true;
    boost::system::error_code ignored;
    impl_->signals.clear(ignored);
    impl_->signals.cancel(ignored);
}

}  // namespace base
