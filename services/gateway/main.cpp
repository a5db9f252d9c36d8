// The gateway: its parts put together.
#include <prometheus/registry.h>

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/service/embedded.h"
#include "common/service/process.h"
#include "gateway/docs_page.h"
#include "gateway/proxy.h"
#include "gateway/shared_limits.h"
#include "gateway/verification.h"

namespace {

namespace asio = boost::asio;

// A gateway that has never seen a key is of no use to those with a token; but without a user service for longer than that, the
// catalogue is better than nothing.
constexpr std::chrono::seconds kWaitForKeys{5};

// What stands before the gateway in a cluster: nobody from outside has such an address, and only the ingress gets through to
// here.
constexpr std::string_view kPrivateNetworks = "10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,100.64.0.0/10,fc00::/7";

std::map<std::string, std::vector<gateway::Target>, std::less<>> services_of(const service::Environment& environment) {
    std::map<std::string, std::vector<gateway::Target>, std::less<>> services;
    for (const auto& [name, variable] : {std::pair{"user", "USER_URL"},
                                         {"catalog", "CATALOG_URL"},
                                         {"inventory", "INVENTORY_URL"},
                                         {"order", "ORDER_URL"},
                                         {"payment", "PAYMENT_URL"}}) {
        try {
            services[name] = gateway::targets_from(environment.get(variable));
        } catch (const std::invalid_argument& error) {
            throw service::ConfigurationError(std::string(variable) + ": " + error.what());
        }
    }
    return services;
}

gateway::Proxy::Options options_of(const service::Environment& environment) {
    gateway::Proxy::Options options;
    const auto read = [&environment](const char* variable, gateway::Rate& rate) {
        if (const auto text = environment.find(variable)) rate = gateway::rate_from(variable, *text);
    };
    try {
        options.trusted = gateway::Networks::from(environment.get("TRUSTED_PROXIES", kPrivateNetworks));
        options.cors = gateway::Cors(environment.get("CORS_ORIGINS", ""));
        read("RATE_LIMIT_ADDRESS", options.by_address);
        read("RATE_LIMIT_GUESSES", options.guesses_by_address);
        read("RATE_LIMIT_USER", options.by_user);
    } catch (const std::invalid_argument& error) {
        throw service::ConfigurationError(error.what());
    }
    return options;
}

asio::awaitable<http::Response> answer(http::Response response) {
    co_return response;
}

class Gateway final : public service::Service {
public:
    explicit Gateway(service::Frame& frame) : redis_(frame.environment.find("REDIS_URL_FILE") ? &frame.redis() : nullptr) {
        const auto services = services_of(frame.environment);
        for (asio::io_context* loop : frame.loops) states_.push_back(std::make_shared<gateway::LoopState>(*loop, services));
        gate_ = std::make_shared<gateway::TokenGate>(frame.workers, redis_, frame.log, frame.registry);
        proxy_ = std::make_shared<gateway::Proxy>(options_of(frame.environment), states_, gate_, frame.tracer, frame.registry);
        asio::co_spawn(*frame.loops.front(), gateway::TokenGate::keep_keys(gate_, states_.front()), asio::detached);
    }

    void add_routes(http::Router& router) override {
        gateway::Proxy::add_routes(proxy_, router);
        const gateway::DocsPage page = gateway::docs_page(embedded::openapi());
        http::Response docs;
        docs.body = page.html;
        docs.content_type = "text/html; charset=utf-8";
        docs.headers = {{"Content-Security-Policy", page.policy},
                        {"X-Content-Type-Options", "nosniff"},
                        {"Referrer-Policy", "no-referrer"},
                        {"Cache-Control", "max-age=300"}};
        router.on_loop("GET", "/docs", [docs](const std::shared_ptr<const http::Call>&) { return answer(docs); });
    }

    std::vector<service::Periodic> periodic() override {
        std::vector<service::Periodic> works;
        works.push_back({"state", base::Duration{5'000}, [this] { publish_state(); }});
        if (redis_ != nullptr) {
            works.push_back({"limits", base::Duration{1'000}, [this] { gateway::share_limits(*redis_, proxy_->limiters()); }});
        }
        return works;
    }

    std::optional<std::string> unready() override {
        if (gate_->has_keys() || gateway::Steady::now() - since_ > kWaitForKeys) return std::nullopt;
        return "waits for the user service's keys";
    }

private:
    void publish_state() {
        for (std::size_t i = 0; i < states_.size(); ++i) {
            asio::post(states_[i]->loop, [proxy = proxy_, i] { proxy->publish_state(i); });
        }
    }

    data::Redis* redis_;
    std::vector<std::shared_ptr<gateway::LoopState>> states_;
    std::shared_ptr<gateway::TokenGate> gate_;
    std::shared_ptr<gateway::Proxy> proxy_;
    const gateway::Steady::time_point since_ = gateway::Steady::now();
};

void verify_shop(const service::Environment& environment, const base::Log& log) {
    prometheus::Registry registry;
    rest::Client::Options options;
    options.name = "gateway";
    options.base_url = environment.get("GATEWAY_URL");
    rest::Client client(options, nullptr, log, registry);
    gateway::verify(client,
                    {environment.get("VERIFICATION_EMAIL"), service::secret_from(environment, "VERIFICATION_PASSWORD_FILE")});
}

}  // namespace

int main(int argc, char** argv) {
    service::Description description;
    description.name = "gateway";
    description.version = SERVICE_VERSION;
    description.openapi = embedded::openapi();
    description.make = [](service::Frame& frame) { return std::make_unique<Gateway>(frame); };
    description.verify = verify_shop;
    return service::run(argc, argv, description);
}
