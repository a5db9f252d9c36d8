// Signing in by an identity provider: the calls to it, and what is kept between its two halves.
#pragma once

#include <prometheus/registry.h>

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "common/data/redis.h"
#include "common/http/router.h"
#include "common/identity/token.h"
#include "common/rest/rest_client.h"
#include "user/oidc_rules.h"

namespace user {

class Oidc {
public:
    struct Options {
        std::string issuer;
        OidcClientIdentity client;
    };
    // Throws OidcError where the issuer's or the redirect URL can't be used.
    Oidc(Options options, data::Redis& redis, std::shared_ptr<base::Tracer> tracer, base::Log log,
         prometheus::Registry& registry);

    struct Started {
        std::string url;     // Where the browser goes.
        std::string cookie;  // Ties the sign-in to this browser, so that nobody is signed in as someone else by a link.
    };
    // Throws Problem 503 where issuer or Redis can't be asked.
    Started start(const http::Call& call);

    // Once per state. Throws Problem: 400 for a state that is not known or another browser's, 401 where the issuer's word is not
    // good, 503.
    Person finish(const http::Call& call, const std::string& state, const std::string& code);

    const std::string& issuer() const { return options_.issuer; }
    std::string expired_cookie() const;

private:
    Attempt take(const http::Call& call, const std::string& state);
    std::string id_token_for(const http::Call& call, const Issuer& issuer, const std::string& code, const Attempt& attempt);
    nlohmann::json checked(const http::Call& call, const Issuer& issuer, const std::string& id_token);
    Issuer discover(const http::Call& call);
    identity::KeySet keys(const http::Call& call, const Issuer& issuer, bool anew);
    rest::Answer ask(const http::Call& call, const Endpoint& endpoint, rest::Request request);
    rest::Client& client_of(const std::string& origin);

    using Time = std::chrono::steady_clock::time_point;
    template <class Value>
    struct Kept {
        Value value;
        Time since;
    };

    const Options options_;
    const Endpoint discovery_;
    const std::string cookie_attributes_;
    data::Redis& redis_;
    std::shared_ptr<base::Tracer> tracer_;
    base::Log log_;
    prometheus::Registry& registry_;
    std::mutex mutex_;
    std::map<std::string, std::unique_ptr<rest::Client>> clients_;
    std::optional<Kept<Issuer>> known_issuer_;
    std::optional<Kept<identity::KeySet>> known_keys_;
};

}  // namespace user
