// Connections for requests: kept alive, reused, limited in number.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstddef>
#include <deque>
#include <memory>
#include <utility>
#include <vector>

#include "client/awaitable.h"
#include "client/connection.h"
#include "client/limits.h"

namespace client {

class Pool : public std::enable_shared_from_this<Pool> {
public:
    using Time = Connection::Time;

    // The right to one connection, with an open one where there was one. Given back at its end.
    class Lease {
    public:
        Lease(std::shared_ptr<Pool> pool, ConnectionPtr reused, std::size_t generation)
            : pool_(std::move(pool)), reused_(std::move(reused)), generation_(generation) {}
        Lease(Lease&& other) noexcept = default;
        Lease(const Lease&) = delete;
        Lease& operator=(Lease&&) = delete;
        Lease& operator=(const Lease&) = delete;
        ~Lease();
        const ConnectionPtr& reused() const { return reused_; }  // Null: open one.
        // For the next request. A connection that is not kept is forgotten.
        void keep(ConnectionPtr connection);

    private:
        std::shared_ptr<Pool> pool_;  // Null after a move.
        ConnectionPtr reused_;
        std::size_t generation_;
    };

    Pool(boost::asio::io_context& io, const Limits& limits);

    // Waits in line while all connections are in use. Throws ConnectionError: Timeout at the deadline, Closed after close().
    awaitable<Lease> take(Time deadline);

    // Forgets the unused connections: they speak for somebody else now, or one has proved to be dead.
    void drop_idle();
    void close();

    std::size_t idle() const { return idle_.size(); }

private:
    struct Idle {
        ConnectionPtr connection;
        Time since;
    };
    struct Waiter {
        explicit Waiter(boost::asio::io_context& io, Time deadline) : timer(io, deadline) {}
        boost::asio::steady_timer timer;
        bool served = false;
    };
    void give_back();
    ConnectionPtr take_idle();
    void drop_old();
    void watch_age();

    boost::asio::io_context& io_;
    std::size_t free_;
    std::chrono::milliseconds idle_limit_;
    std::vector<Idle> idle_;  // The newest last.
    std::deque<std::shared_ptr<Waiter>> waiters_;
    std::unique_ptr<boost::asio::steady_timer> age_;  // Set while there are idle connections.
    std::size_t generation_ = 0;  // Grows with drop_idle(): connections in use at that time are not kept either.
    bool closed_ = false;
};

}  // namespace client
