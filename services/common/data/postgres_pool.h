// The connections behind a Database: at most so many, each used by one thread at a time, cut when their user's deadline has
// passed.
#pragma once

#include <prometheus/gauge.h>
#include <prometheus/histogram.h>

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <pqxx/pqxx>
#include <string>
#include <thread>
#include <vector>

#include "common/base/backoff.h"
#include "common/base/deadline.h"
#include "common/base/log.h"
#include "common/data/postgres.h"

namespace prometheus {
class Registry;
}

namespace data {

// The URL with what every connection of ours has: a limit for connecting, and signs of life. The kernel gives them, for a server
// that is slow too; one whose machine is gone has lost its connections after 4 s where they are used and after 7 s where they are
// idle. That is below the 5 s that the gateway waits for a first answer, so that a customer hears 503 instead of nothing.
std::string with_limits(const std::string& url, base::Duration connect_time);

class PostgresPool {
public:
    // One connection and what is known of its session.
    class Session {
    public:
        Session(const std::string& url, const Database::Options& options);
        ~Session();
        Session(const Session&) = delete;
        Session& operator=(const Session&) = delete;

        // False where the server has hung up, or said anything unasked: it does that when it is about to.
        bool is_quiet() const;
        // Wakes whoever waits for the server's answer. Safe from any thread.
        void cut();

        pqxx::connection connection;
        base::Duration statement_timeout;  // Of the session; zero: none.

    private:
        friend class PostgresPool;
        int socket_;  // A descriptor of our own: libpq may close its own at any time, and another file may then have its number.
        std::chrono::steady_clock::time_point cut_at_{};
        bool is_cut_ = false;
    };

    // A session in use; returns to the pool with its holder's end.
    class Lease {
    public:
        Lease(PostgresPool& pool, std::unique_ptr<Session> session) : pool_(&pool), session_(std::move(session)) {}
        Lease(Lease&&) noexcept = default;
        Lease& operator=(Lease&&) = delete;
        ~Lease();

        Session& operator*() const { return *session_; }
        Session* operator->() const { return session_.get(); }

    private:
        PostgresPool* pool_;
        std::unique_ptr<Session> session_;
    };

    PostgresPool(Database::Options options, base::Log log, prometheus::Registry& registry);
    ~PostgresPool();  // Every lease must have ended.

    // A session that was alive a moment ago; connects where none is free and another one is allowed. Throws DatabaseUnavailable.
    Lease take(const base::Deadline& deadline);

    // From now on at most so many. Those above it are closed, busy ones when they come back.
    void set_limit(std::size_t connections);

    // Whether all connections are in use.
    bool is_exhausted() const;

private:
    using Time = std::chrono::steady_clock::time_point;

    std::unique_ptr<Session> connect();
    std::unique_ptr<Session> take_idle(std::unique_lock<std::mutex>& lock);
    Lease lend(std::unique_ptr<Session> session, const base::Deadline& deadline);
    void give_back(std::unique_ptr<Session> session);
    void count();
    void watch();

    const Database::Options options_;
    const base::Log log_;
    prometheus::Gauge* idle_count_;
    prometheus::Gauge* busy_count_;
    prometheus::Histogram* waits_;

    mutable std::mutex mutex_;
    std::condition_variable freed_;
    std::vector<std::unique_ptr<Session>> idle_;  // The last one was used last.
    std::vector<Session*> busy_;
    std::size_t limit_;
    std::size_t open_ = 0;  // Idle, busy, and those that are just connecting.
    std::string url_;
    base::Backoff backoff_;
    Time next_connect_{};
    std::string last_error_;

    // Cuts busy sessions whose time is up. The server ends a statement by itself at the deadline; this is for a server, or a
    // network, that does not answer at all.
    std::condition_variable watch_;
    Time watching_until_ = Time::max();
    bool is_stopping_ = false;
    std::thread watcher_;
};

}  // namespace data
