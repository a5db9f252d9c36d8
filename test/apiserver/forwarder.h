// A wire to the API server that a test can cut.
#pragma once

#include <atomic>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <thread>

namespace apiserver {

// Forwards a port of loopback to another. Until open() its own port refuses connections.
class Forwarder {
public:
    explicit Forwarder(std::uint16_t target);
    ~Forwarder();
    Forwarder(const Forwarder&) = delete;
    Forwarder& operator=(const Forwarder&) = delete;

    std::uint16_t port() const { return port_; }
    void open();
    void drop();    // Every connection ends.
    void stall();   // Connections stay and new ones are taken, but nothing comes through any more: whoever waits is not told.
    void resume();  // New connections work again; those that stalled don't.
    void close();   // Drops, and refuses from now on.

private:
    struct Link;

    void accept();

    std::uint16_t target_;
    std::uint16_t port_ = 0;
    std::atomic<int> listener_ = -1;
    std::mutex mutex_;
    bool silent_ = false;
    std::list<std::unique_ptr<Link>> links_;
    std::jthread acceptor_;
};

// A port of loopback that nobody listened on a moment ago.
std::uint16_t free_port();

}  // namespace apiserver
