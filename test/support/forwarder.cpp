#include "support/forwarder.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <random>
#include <stdexcept>
#include <string>
#include <system_error>

namespace support {

namespace {

sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    return address;
}

[[noreturn]] void fail(const char* what) {
    throw std::system_error(errno, std::generic_category(), what);
}

void require(bool good, const char* what) {
    if (!good) fail(what);
}

int new_socket() {
    const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    require(descriptor >= 0, "socket");
    return descriptor;
}

// Whether the port was left to this process: no other of the tests gets it while this one lives, though its server may not be
// there yet. Kept in the kernel, by a name that goes with the process.
bool reserve(std::uint16_t port) {
    const int descriptor = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    require(descriptor >= 0, "socket");
    const std::string name = "ecommerceplatform-test-port-" + std::to_string(port);
    sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
    name.copy(address.sun_path + 1, name.size());  // After a NUL: no file.
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
    if (::bind(descriptor, reinterpret_cast<const sockaddr*>(&address), size) == 0) return true;
    ::close(descriptor);
    return false;
}

// A socket that has a port and does not listen. The port is below those that hack/ and the kernel choose, so that no outgoing
// connection takes it while its server is not there.
std::pair<int, std::uint16_t> bound_socket() {
    static std::random_device random;
    const int descriptor = new_socket();
    for (int tries = 0; tries < 100; ++tries) {
        const auto port = static_cast<std::uint16_t>(10'000 + random() % 10'000);
        const sockaddr_in address = loopback(port);
        if (!reserve(port)) continue;
        if (::bind(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return {descriptor, port};
    }
    fail("bind");
}

// The same on a port that connections of before may still linger on.
int socket_at(std::uint16_t port) {
    const int descriptor = new_socket();
    const int on = 1;
    ::setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    const sockaddr_in address = loopback(port);
    require(::bind(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0, "bind");
    return descriptor;
}

// -1 where nobody listens.
int connected_socket(std::uint16_t port) {
    const int descriptor = new_socket();
    const sockaddr_in address = loopback(port);
    if (::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return descriptor;
    ::close(descriptor);
    return -1;
}

void send_all(int to, const char* data, ssize_t size) {
    while (size > 0) {
        const ssize_t sent = ::send(to, data, static_cast<std::size_t>(size), MSG_NOSIGNAL);
        if (sent <= 0) return;
        data += sent;
        size -= sent;
    }
}

}  // namespace

// One connection: both of its sockets, and a thread for each direction.
struct Forwarder::Link {
    Link(int from, int to, bool silent, const std::atomic<std::chrono::milliseconds>& lateness)
        : client(from), server(to), stalled(silent), delay(lateness), up([this] { pump(client, server); }), down([this] {
              pump(server, client);
          }) {}
    ~Link() {
        end();
        up.join();
        down.join();
        ::close(client);
        ::close(server);
    }

    void end() const {
        ::shutdown(client, SHUT_RDWR);
        ::shutdown(server, SHUT_RDWR);
    }

    // A stalled link still takes what it is sent, so that the senders' kernels see nothing amiss.
    void pump(int from, int to) {
        std::array<char, 16384> buffer;
        while (true) {
            const ssize_t size = ::recv(from, buffer.data(), buffer.size(), 0);
            if (size <= 0) break;
            if (const auto lateness = delay.load(); lateness.count() > 0) std::this_thread::sleep_for(lateness);
            if (!stalled) send_all(to, buffer.data(), size);
        }
        if (!stalled) end();
        ++ended;
    }

    int client;
    int server;
    std::atomic<bool> stalled;
    const std::atomic<std::chrono::milliseconds>& delay;
    std::atomic<int> ended = 0;  // Directions.
    std::jthread up;
    std::jthread down;
};

Forwarder::Forwarder(std::uint16_t target) : target_(target) {
    const auto [descriptor, port] = bound_socket();
    listener_ = descriptor;
    port_ = port;
}

Forwarder::~Forwarder() {
    close();
    const std::lock_guard lock(mutex_);
    links_.clear();
}

void Forwarder::open() {
    if (listener_ < 0) listener_ = socket_at(port_);  // It was closed.
    // What it accepts inherits this, and so does not keep the port from being opened again.
    const int on = 1;
    ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    require(::listen(listener_, SOMAXCONN) == 0, "listen");
    acceptor_ = std::jthread([this] { accept(); });
}

void Forwarder::accept() {
    while (true) {
        const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (client < 0) return;
        const int server = connected_socket(target_);
        if (server < 0) {
            ::close(client);
            continue;
        }
        for (const int each : {client, server}) {
            const int on = 1;
            ::setsockopt(each, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        }
        const std::lock_guard lock(mutex_);
        links_.remove_if([](const auto& link) { return link->ended == 2; });
        links_.push_back(std::make_unique<Link>(client, server, silent_, delay_));
    }
}

void Forwarder::drop() {
    const std::lock_guard lock(mutex_);
    links_.clear();
}

void Forwarder::stall() {
    const std::lock_guard lock(mutex_);
    silent_ = true;
    for (const auto& link : links_) link->stalled = true;
}

void Forwarder::resume() {
    const std::lock_guard lock(mutex_);
    silent_ = false;
}

void Forwarder::delay(std::chrono::milliseconds each_way) {
    delay_ = each_way;
}

void Forwarder::close() {
    const int listener = listener_.exchange(-1);
    if (listener < 0) return;
    ::shutdown(listener, SHUT_RDWR);
    if (acceptor_.joinable()) acceptor_.join();
    ::close(listener);
    drop();
}

std::uint16_t free_port() {
    const auto [descriptor, port] = bound_socket();
    ::close(descriptor);
    return port;
}

}  // namespace support
