// A wire to a server that a test can cut, silence and slow down.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <thread>

namespace support {

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
    void delay(std::chrono::milliseconds each_way);  // What passes from now on arrives that much later; 0 for none.
    void close();                                    // Drops, and refuses until it is opened again.

private:
    struct Link;

    void accept();

    std::uint16_t target_;
    std::uint16_t port_ = 0;
    std::atomic<int> listener_ = -1;
    std::mutex mutex_;
    bool silent_ = false;
    std::atomic<std::chrono::milliseconds> delay_{};
    std::list<std::unique_ptr<Link>> links_;
    std::jthread acceptor_;
};

// A port of loopback that nobody listened on a moment ago, and that no other test process gets while this one lives.
std::uint16_t free_port();

}  // namespace support
