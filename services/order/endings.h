// Who waits in this process for which order to end.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "common/base/clock.h"

namespace order {

// Something that can be awaited for a while and be woken from any thread. Used on its executor, but for wake().
class Wakeable : public std::enable_shared_from_this<Wakeable> {
public:
    explicit Wakeable(const boost::asio::any_io_executor& executor) : timer_(executor) {}

    // Ends after that time, or as soon as it is woken; at once where it was woken since it last ended. The caller keeps this.
    boost::asio::awaitable<void> wait(base::Duration at_most);
    void wake();

private:
    boost::asio::steady_timer timer_;
    bool woken_ = false;
};

// Safe from several threads. An ending that another process writes is told to nobody here: whoever waits must look, too.
class Endings {
public:
    // For as long as this lives.
    class Listening {
    public:
        Listening(std::shared_ptr<Endings> endings, const std::string& order, std::shared_ptr<Wakeable> waiter);
        ~Listening();
        Listening(const Listening&) = delete;
        Listening& operator=(const Listening&) = delete;

    private:
        std::shared_ptr<Endings> endings_;
        std::multimap<std::string, std::shared_ptr<Wakeable>>::iterator at_;
    };

    void tell(const std::string& order);

private:
    std::mutex mutex_;
    std::multimap<std::string, std::shared_ptr<Wakeable>> waiters_;
};

}  // namespace order
