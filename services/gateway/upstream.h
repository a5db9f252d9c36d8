// Connections to one upstream process, or to the address behind which several are: kept open, on one event loop.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "common/http/message.h"
#include "gateway/circuit.h"
#include "gateway/response_reader.h"
#include "gateway/targets.h"

namespace gateway {

// What came of an exchange. `sent`: the upstream may have acted on the request.
struct Exchange {
    enum class End { Answered, Unreachable, Broken, Late, Malformed, TooLarge };
    End end = End::Unreachable;
    bool sent = false;
    bool stale = false;  // A kept connection had ended meanwhile: this says nothing about the upstream as it is now.
    http::Response response;
};

class Upstream {
public:
    static constexpr std::size_t kIdle = 64;                                   // Connections kept while nobody needs them.
    static constexpr Steady::duration kIdleTime = std::chrono::seconds{30};    // Below the servers' 90 s.
    static constexpr Steady::duration kResolved = std::chrono::seconds{5};     // How long an address is believed.
    static constexpr Steady::duration kConnectTime = std::chrono::seconds{1};  // Within a cluster.
    // How long what was sent may stay unacknowledged. The kernel acknowledges for a process that is slow: one that is silent so
    // long is lost, with all the connections to it, and waiting for an answer from there would take kTryTime. Three transmissions
    // go within it.
    static constexpr std::chrono::milliseconds kUnacknowledged{2'000};
    static constexpr Steady::duration kTick = std::chrono::milliseconds{20};  // How exactly times are kept.

    Upstream(boost::asio::io_context& loop, Target target);
    ~Upstream();
    Upstream(const Upstream&) = delete;
    Upstream& operator=(const Upstream&) = delete;

    // Sends the request and reads the response. Never throws. The upstream lives until it is done.
    static boost::asio::awaitable<Exchange> exchange(std::shared_ptr<Upstream> self, std::shared_ptr<const std::string> request,
                                                     Steady::time_point until);

    const Target& target() const { return target_; }
    std::size_t running() const { return running_.size(); }
    std::size_t idle() const { return idle_.size(); }
    CircuitBreaker breaker;

private:
    using tcp = boost::asio::ip::tcp;
    struct Connection {
        explicit Connection(boost::asio::io_context& loop) : socket(loop) {}
        tcp::socket socket;
        boost::beast::flat_buffer buffer;
        std::optional<ResponseReader> reader;  // Of an exchange. Not in a coroutine's frame: malloc is slow above 1 KiB.
        Steady::time_point until{};            // Of the exchange; of an idle one, when it is closed.
        bool late = false;
    };
    class Running;

    std::unique_ptr<Connection> kept();
    static boost::asio::awaitable<bool> connect(std::shared_ptr<Upstream> self, Connection* connection, Steady::time_point until);
    static boost::asio::awaitable<bool> resolve(std::shared_ptr<Upstream> self);
    static boost::asio::awaitable<void> watch(std::shared_ptr<Upstream> self);
    static boost::asio::awaitable<void> talk(Connection* connection, std::shared_ptr<const std::string> request,
                                             Exchange* exchange, bool* reusable);
    void start_watching(const std::shared_ptr<Upstream>& self);
    bool sweep(Steady::time_point now);

    boost::asio::io_context& loop_;
    const Target target_;
    tcp::resolver resolver_;
    std::vector<tcp::endpoint> endpoints_;
    std::size_t next_endpoint_ = 0;
    Steady::time_point resolved_{};
    std::vector<std::unique_ptr<Connection>> idle_;  // The last is the one used last.
    std::unordered_set<Connection*> running_;
    bool watching_ = false;
};

}  // namespace gateway
