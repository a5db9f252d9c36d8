// The process's signals: SIGTERM and SIGINT become a call on the event loop, SIGPIPE is ignored.
#pragma once

#include <functional>
#include <memory>

namespace boost::asio {
class io_context;
}

namespace base {

// A peer that hangs up must be an error of the write, not the end of the process.
void ignore_sigpipe();

// Calls `on_stop` with the signal's number, on the thread that runs `io`, each time one arrives: a second one may mean "now".
// Keeps io.run() from returning until close() or destruction. Ignores SIGPIPE too.
class StopSignals {
public:
    StopSignals(boost::asio::io_context& io, std::function<void(int signal)> on_stop);
    ~StopSignals();
    StopSignals(const StopSignals&) = delete;
    StopSignals& operator=(const StopSignals&) = delete;

    // From then on the signals have their default effect again.
    void close();

private:
    struct Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace base
