// How accounts are made and sessions begin, go on and end.
#pragma once

#include <prometheus/counter.h>

#include <nlohmann/json.hpp>
#include <string>

#include "common/http/router.h"
#include "user/sessions.h"
#include "user/token_keys.h"
#include "user/user_store.h"

namespace user {

class SignIn {
public:
    // `registry` receives user_registrations_total{outcome}, user_logins_total{outcome}, refresh_tokens_reused_total and
    // password_rehashes_total.
    SignIn(Store& store, Sessions& sessions, Attempts& attempts, TokenKeys& keys, prometheus::Registry& registry);

    // Each returns what the client is answered with, or throws an http::Problem.
    nlohmann::json add(const http::Call& call, Account account, const std::string& password);
    nlohmann::json log_in(const http::Call& call, const std::string& email, const std::string& password);
    nlohmann::json refresh(const http::Call& call, const std::string& refresh_token);
    void log_out(const http::Call& call);
    // Of whom an identity provider has vouched for.
    nlohmann::json log_in_as(const http::Call& call, const std::string& issuer, const std::string& subject, Account account);

    // Of the access token in the request, whose session must last; throws Problem 401.
    identity::Claims authenticated(const http::Call& call);

private:
    struct Fresh {
        NewSession session;
        std::string refresh_token;
    };
    static Fresh fresh();
    nlohmann::json tokens(const std::string& user, const std::string& session, const std::string& refresh_token) const;
    nlohmann::json signed_in(const http::Call& call, const Account& account, const Fresh& fresh);
    void renew_hash(const http::Call& call, const StoredAccount& stored, const std::string& password);

    Store& store_;
    Sessions& sessions_;
    Attempts& attempts_;
    TokenKeys& keys_;
    prometheus::Family<prometheus::Counter>& registrations_;
    prometheus::Family<prometheus::Counter>& logins_;
    prometheus::Counter& reused_;
    prometheus::Counter& rehashes_;
};

}  // namespace user
