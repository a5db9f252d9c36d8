// The connections behind a Database.
#include "common/data/postgres_pool.h"

#include <fcntl.h>
#include <poll.h>
#include <prometheus/registry.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <exception>

namespace data {

namespace {

// What a statement and an idle transaction may take where nothing else was said: a backstop for a client that is gone.
constexpr base::Duration kSessionTimeout{64'000};
// How long after the deadline the server may still tell that it ended the statement, which keeps the connection.
constexpr base::Duration kGrace{250};
// After a refused connection nobody tries again for so long: a server that comes up is not met by all at once.
constexpr base::BackoffPolicy kConnectBackoff{base::Duration{50}, base::Duration{1'000}, base::Jitter::Equal};

std::string one_line(std::string text) {
    std::replace(text.begin(), text.end(), '\n', ' ');
    while (!text.empty() && text.back() == ' ') text.pop_back();
    return text;
}

void hold_to_its_connection(pqxx::connection& connection) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
    // Without it libpqxx 6 connects anew on its own, even in the middle of a transaction.
    connection.inhibit_reactivation(true);
#pragma GCC diagnostic pop
}

}  // namespace

std::string with_limits(const std::string& url, base::Duration connect_time) {
    const auto seconds = std::max<base::Duration::rep>(2, (connect_time.count() + 999) / 1000);  // libpq takes 1 for 2.
    const bool is_uri = url.rfind("postgresql://", 0) == 0 || url.rfind("postgres://", 0) == 0;
    const std::string between = is_uri ? "&" : " ";
    std::string start = " ";
    if (is_uri) start = url.find('?') == std::string::npos ? "?" : "&";
    // Debian's libpq looks for a Kerberos ticket before each connection, which nobody here has.
    const std::string plain = url.find("gssencmode=") == std::string::npos ? "gssencmode=disable" + between : "";
    return url + start + plain + "connect_timeout=" + std::to_string(seconds) + between + "keepalives_idle=4" + between +
           "keepalives_interval=1" + between + "keepalives_count=3" + between + "tcp_user_timeout=4000";
}

PostgresPool::Session::Session(const std::string& url, const Database::Options& options)
    : connection(with_limits(url, options.connect_time)),
      statement_timeout(kSessionTimeout),
      socket_(::fcntl(connection.sock(), F_DUPFD_CLOEXEC, 0)) {
    hold_to_its_connection(connection);
    for (const Statement& statement : options.statements) connection.prepare(statement.name, statement.sql);
    const std::string timeout = std::to_string(kSessionTimeout.count());
    pqxx::nontransaction session(connection);
    session.exec("SET statement_timeout = " + timeout + "; SET idle_in_transaction_session_timeout = " + timeout);
}

PostgresPool::Session::~Session() {
    if (socket_ >= 0) ::close(socket_);
}

bool PostgresPool::Session::is_quiet() const {
    if (!connection.is_open()) return false;
    pollfd readable{socket_, POLLIN, 0};
    return ::poll(&readable, 1, 0) == 0;
}

void PostgresPool::Session::cut() {
    ::shutdown(socket_, SHUT_RDWR);
}

PostgresPool::Lease::~Lease() {
    if (session_) pool_->give_back(std::move(session_));
}

PostgresPool::PostgresPool(Database::Options options, base::Log log, prometheus::Registry& registry)
    : options_(std::move(options)),
      log_(std::move(log)),
      limit_(options_.connections),
      backoff_(kConnectBackoff, base::system_random()) {
    auto& connections =
        prometheus::BuildGauge().Name("db_connections").Help("Connections to the database, by state.").Register(registry);
    idle_count_ = &connections.Add({{"state", "idle"}});
    busy_count_ = &connections.Add({{"state", "busy"}});
    waits_ = &prometheus::BuildHistogram()
                  .Name("db_wait_seconds")
                  .Help("How long it took to get a connection, new ones included.")
                  .Register(registry)
                  .Add({}, prometheus::Histogram::BucketBoundaries{0.0001, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5});
}

PostgresPool::~PostgresPool() {
    {
        const std::lock_guard lock(mutex_);
        is_stopping_ = true;
    }
    watch_.notify_all();
    if (watcher_.joinable()) watcher_.join();
}

PostgresPool::Lease PostgresPool::take(const base::Deadline& deadline) {
    const Time began = std::chrono::steady_clock::now();
    const auto waited = [&] { waits_->Observe(std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count()); };
    std::unique_lock lock(mutex_);
    while (true) {
        if (std::unique_ptr<Session> session = take_idle(lock)) {
            waited();
            return lend(std::move(session), deadline);
        }
        const Time now = std::chrono::steady_clock::now();
        const bool may_connect = open_ < limit_;
        if (may_connect && now >= next_connect_) {
            ++open_;
            lock.unlock();
            std::unique_ptr<Session> session;
            std::string error;
            try {
                session = connect();
            } catch (const std::exception& failure) {
                error = one_line(failure.what());
            }
            lock.lock();
            if (session) {
                backoff_.reset();
                waited();
                return lend(std::move(session), deadline);
            }
            --open_;
            next_connect_ = std::chrono::steady_clock::now() + backoff_.next();
            last_error_ = error;
            freed_.notify_all();
            log_.warn("can't connect to the database", {{"error", error}, {"failures", backoff_.failures()}});
        } else if (open_ == 0) {
            throw DatabaseUnavailable("connect to the database: " + last_error_);
        } else if (now >= deadline.time()) {
            throw DatabaseUnavailable("all " + std::to_string(open_) +
                                      " connections to the database were in use until the deadline");
        } else {
            freed_.wait_until(lock, may_connect ? std::min(deadline.time(), next_connect_) : deadline.time());
        }
    }
}

void PostgresPool::set_limit(std::size_t connections) {
    std::vector<std::unique_ptr<Session>> closed;  // Without the lock: it takes a message to the server.
    {
        const std::lock_guard lock(mutex_);
        limit_ = connections;
        while (open_ > limit_ && !idle_.empty()) {
            closed.push_back(std::move(idle_.front()));
            idle_.erase(idle_.begin());
            --open_;
        }
        count();
    }
    freed_.notify_all();
}

bool PostgresPool::is_exhausted() const {
    const std::lock_guard lock(mutex_);
    return busy_.size() >= limit_;
}

std::unique_ptr<PostgresPool::Session> PostgresPool::connect() {
    std::string url;
    {
        const std::lock_guard lock(mutex_);
        url = url_;
    }
    if (!url.empty()) {
        try {
            return std::make_unique<Session>(url, options_);
        } catch (const pqxx::broken_connection&) {
            if (options_.url() == url) throw;
        }
    }
    url = options_.url();
    auto session = std::make_unique<Session>(url, options_);
    const std::lock_guard lock(mutex_);
    url_ = url;
    return session;
}

std::unique_ptr<PostgresPool::Session> PostgresPool::take_idle(std::unique_lock<std::mutex>& lock) {
    while (!idle_.empty()) {
        std::unique_ptr<Session> session = std::move(idle_.back());
        idle_.pop_back();
        if (session->is_quiet()) return session;
        --open_;
        count();
        lock.unlock();
        session.reset();
        lock.lock();
    }
    return nullptr;
}

PostgresPool::Lease PostgresPool::lend(std::unique_ptr<Session> session, const base::Deadline& deadline) {
    session->cut_at_ = deadline.time() > Time::max() - kGrace ? Time::max() : deadline.time() + kGrace;
    session->is_cut_ = false;
    busy_.push_back(session.get());
    count();
    if (session->cut_at_ < watching_until_) {
        if (!watcher_.joinable()) watcher_ = std::thread([this] { watch(); });
        watch_.notify_all();
    }
    return {*this, std::move(session)};
}

void PostgresPool::give_back(std::unique_ptr<Session> session) {
    {
        const std::lock_guard lock(mutex_);
        busy_.erase(std::find(busy_.begin(), busy_.end(), session.get()));
        if (session->connection.is_open() && !session->is_cut_ && open_ <= limit_) {
            idle_.push_back(std::move(session));
        } else {
            --open_;
        }
        count();
    }
    freed_.notify_one();
}

void PostgresPool::count() {
    idle_count_->Set(static_cast<double>(idle_.size()));
    busy_count_->Set(static_cast<double>(busy_.size()));
}

void PostgresPool::watch() {
    std::unique_lock lock(mutex_);
    while (!is_stopping_) {
        const Time now = std::chrono::steady_clock::now();
        watching_until_ = Time::max();
        for (Session* session : busy_) {
            if (session->is_cut_) continue;
            if (session->cut_at_ <= now) {
                session->is_cut_ = true;
                session->cut();
            } else {
                watching_until_ = std::min(watching_until_, session->cut_at_);
            }
        }
        watch_.wait_until(lock, watching_until_);
    }
}

}  // namespace data
