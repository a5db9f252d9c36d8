// A request's way through the gateway: limits, token, upstream with retries, answer.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>

#include <boost/asio/awaitable.hpp>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/base/trace.h"
#include "common/http/router.h"
#include "gateway/client_address.h"
#include "gateway/cors.h"
#include "gateway/loop_state.h"
#include "gateway/rate_limit.h"
#include "gateway/route_table.h"
#include "gateway/token_gate.h"

namespace gateway {

// Lives as long as the requests in it.
class Proxy {
public:
    struct Options {
        Networks trusted;
        Cors cors{""};
        // Of one client address; not for loopback's and trusted proxies', which say nothing about who asks (a tunnel, a sidecar,
        // an ingress that does not tell).
        Rate by_address{1000, 2000};
        Rate guesses_by_address{10, 50};  // Where passwords can be tried.
        Rate by_user{100, 200};
    };

    Proxy(Options options, std::vector<std::shared_ptr<LoopState>> loops, std::shared_ptr<TokenGate> gate,
          std::shared_ptr<base::Tracer> tracer, prometheus::Registry& registry);
    ~Proxy();
    Proxy(const Proxy&) = delete;
    Proxy& operator=(const Proxy&) = delete;

    static void add_routes(const std::shared_ptr<Proxy>& self, http::Router& router);

    // Limits with the names by which replicas share them.
    std::vector<std::pair<std::string, RateLimiter*>> limiters();
    void publish_state(std::size_t loop);  // Breakers as metrics; on that loop.

private:
    using Call = std::shared_ptr<const http::Call>;
    struct Route;

    static boost::asio::awaitable<http::Response> handle(std::shared_ptr<Proxy> self, const Route* route, Call call);
    static boost::asio::awaitable<http::Response> pass(std::shared_ptr<Proxy> self, const Route* route, Call call);
    static boost::asio::awaitable<http::Response> forward(std::shared_ptr<Proxy> self, const Route* route, Call call,
                                                          std::shared_ptr<LoopState> state, std::string client, std::string user);
    void limit(RateLimiter& limiter, const std::string& key, prometheus::Counter& refused) const;
    std::shared_ptr<LoopState> state_of(boost::asio::execution_context& context) const;

    Options options_;
    std::vector<std::shared_ptr<LoopState>> loops_;
    std::shared_ptr<TokenGate> gate_;
    std::shared_ptr<base::Tracer> tracer_;
    mutable RateLimiter by_address_;
    mutable RateLimiter guesses_;
    mutable RateLimiter by_user_;
    std::vector<std::unique_ptr<Route>> routes_;
    prometheus::Family<prometheus::Counter>& failures_;
    prometheus::Family<prometheus::Counter>& retries_;
    prometheus::Family<prometheus::Gauge>& breakers_;
    prometheus::Counter& refused_address_;
    prometheus::Counter& refused_user_;
};

}  // namespace gateway
