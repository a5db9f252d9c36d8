// The user service: accounts, sessions and the tokens that all the others trust.
#include <prometheus/registry.h>

#include <algorithm>
#include <thread>

#include "common/service/embedded.h"
#include "common/service/process.h"
#include "user/oidc.h"
#include "user/passwords.h"
#include "user/sign_in.h"
#include "user/user_routes.h"
#include "user/user_store.h"

namespace {

using namespace std::chrono_literals;

// At most four, which is 76 MiB: a pod's limit is on its memory, and a node's cores say nothing of it.
http::WorkerPool::Limits hashing_limits() {
    return {.threads = std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, 4), .queue = 256, .name = "hashing"};
}

std::unique_ptr<user::Oidc> oidc_from(service::Frame& frame, data::Redis& redis) {
    const auto issuer = frame.environment.find("OIDC_ISSUER");
    if (!issuer) return nullptr;
    user::Oidc::Options options{*issuer,
                                {frame.environment.get("OIDC_CLIENT_ID"), {}, frame.environment.get("OIDC_REDIRECT_URL")}};
    if (frame.environment.find("OIDC_CLIENT_SECRET_FILE"))
        options.client.secret = service::secret_from(frame.environment, "OIDC_CLIENT_SECRET_FILE");
    try {
        return std::make_unique<user::Oidc>(std::move(options), redis, frame.tracer, frame.log, frame.registry);
    } catch (const user::OidcError& error) {
        throw service::ConfigurationError(std::string("OIDC_ISSUER or OIDC_REDIRECT_URL: ") + error.what());
    }
}

class UserService final : public service::Service {
public:
    explicit UserService(service::Frame& frame)
        : settings_(frame.settings),
          keys_(frame.environment.get("TOKEN_KEYS_DIR"), frame.log),
          store_(frame.database(user::Store::statements())),
          redis_(frame.redis()),
          sessions_(redis_, frame.log, frame.registry),
          attempts_(redis_),
          sign_in_(store_, sessions_, attempts_, keys_, frame.registry),
          oidc_(oidc_from(frame, redis_)),
          hashing_(hashing_limits(), frame.registry) {
        user::return_hash_memory();
    }

    void add_routes(http::Router& router) override {
        user::add_account_routes(router, sign_in_, hashing_);
        user::add_profile_routes(router, sign_in_, store_);
        user::add_key_route(router, keys_);
        user::add_oidc_routes(router, sign_in_, oidc_.get(), [this] { return settings_().social_login; });
    }

    std::vector<service::Periodic> periodic() override {
        return {{"token keys", 5s, [this] { keys_.refresh(); }}, {"expired sessions", 10min, [this] {
                                                                      while (store_.remove_expired(base::Deadline::in(10s)) > 0) {
                                                                      }
                                                                  }}};
    }

private:
    std::function<service::Settings()> settings_;
    user::TokenKeys keys_;
    user::Store store_;
    data::Redis& redis_;
    user::Sessions sessions_;
    user::Attempts attempts_;
    user::SignIn sign_in_;
    std::unique_ptr<user::Oidc> oidc_;
    http::WorkerPool hashing_;  // Last: its work uses the others.
};

}  // namespace

int main(int argc, char** argv) {
    return service::run(argc, argv,
                        {"user", SERVICE_VERSION, embedded::openapi(), embedded::migrations(),
                         [](service::Frame& frame) { return std::make_unique<UserService>(frame); }});
}
