// Lets a coroutine wait until something holds that others on the same loop bring about.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace runtime {

// Whoever changes what until() waits for rings. A ring that nobody waits for is lost, since until() looks before it waits.
class Bell {
public:
    explicit Bell(const boost::asio::any_io_executor& executor)
        : timer_(executor, boost::asio::steady_timer::time_point::max()) {}

    void ring() { timer_.cancel(); }

    // `holds` is a predicate; what it refers to, and the bell, outlive the wait.
    template <class Holds>
    boost::asio::awaitable<void> until(Holds holds) {
        while (!holds()) {
            boost::system::error_code woken;
            co_await timer_.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, woken));
        }
    }

private:
    boost::asio::steady_timer timer_;  // Never expires: ring() cancels the wait.
};

}  // namespace runtime
