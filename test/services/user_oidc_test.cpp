// Signing in by an identity provider: the user service as a process against an issuer that this test is.
#include <gmock/gmock.h>

#include <boost/asio/io_context.hpp>
#include <map>
#include <mutex>
#include <sstream>
#include <thread>

#include "common/http/input.h"
#include "common/http/server.h"
#include "harness.h"
#include "unit/identity/keys.h"

namespace services {
namespace {

using support::Answer;
using testing::HasSubstr;

std::map<std::string, std::string> parameters_of(const std::string& query) {
    std::map<std::string, std::string> parameters;
    std::istringstream pairs(query);
    for (std::string pair; std::getline(pairs, pair, '&');) {
        const auto equals = pair.find('=');
        parameters[pair.substr(0, equals)] = http::percent_decoded(pair.substr(equals + 1)).value_or("");
    }
    return parameters;
}

std::int64_t now() {
    return std::time(nullptr);
}

// An OpenID provider with one user, who always agrees.
class Provider {
public:
    Provider()
        : signing_(identity_test::ed25519()),
          server_(
              io_, http::Address{"127.0.0.1", 0}, [this](const http::Request& request) { return answer(request); },
              base::Log(out_)),
          thread_([this] { io_.run(); }) {}
    ~Provider() {
        io_.stop();
        thread_.join();
    }

    std::string url() const { return "http://127.0.0.1:" + std::to_string(server_.address().port); }

    // The person agreed to what that URL asks: the code, for the callback.
    std::string agree(const std::string& authorization_url) {
        const std::lock_guard lock(mutex_);
        asked_ = parameters_of(authorization_url.substr(authorization_url.find('?') + 1));
        code_ = "code+/" + std::to_string(++codes_);
        return code_;
    }
    std::map<std::string, std::string> asked() const { return asked_; }

    // What its ID tokens say; of `iss`, `aud`, `nonce`, `exp` and `iat` what is right, unless it is here.
    Json claims{
        {"sub", "4711"}, {"email", "Jo@Example.com"}, {"email_verified", true}, {"given_name", "Jo"}, {"family_name", "Do"}};
    std::string forced_token;  // Instead of its own.
    bool broken = false;

private:
    http::Response answer(const http::Request& request) {
        const std::lock_guard lock(mutex_);
        if (broken) return http::json_response(500, {{"error", "server_error"}});
        if (request.path == "/.well-known/openid-configuration") {
            return http::json_response(200, {{"issuer", url()},
                                             {"authorization_endpoint", url() + "/authorize"},
                                             {"token_endpoint", url() + "/token"},
                                             {"jwks_uri", url() + "/keys"}});
        }
        if (request.path == "/keys") return http::json_response(200, identity_test::signer_of(signing_).public_keys().jwks());
        if (request.path == "/token") return token(request);
        return http::json_response(404, {{"error", "not_found"}});
    }

    http::Response token(const http::Request& request) {
        const auto form = parameters_of(request.body);
        const auto field = [&](const char* name) { return form.contains(name) ? form.at(name) : std::string(); };
        const std::string verifier = field("code_verifier");
        std::string digest(32, '\0');
        EVP_Digest(verifier.data(), verifier.size(), reinterpret_cast<unsigned char*>(digest.data()), nullptr, EVP_sha256(),
                   nullptr);
        const bool good =
            request.method == "POST" && http::find(request.headers, "Content-Type") == "application/x-www-form-urlencoded" &&
            http::find(request.headers, "Authorization") == "Basic c2hvcDpzZWNyZXQ=" &&  // shop:secret
            field("grant_type") == "authorization_code" && !code_.empty() && field("code") == code_ &&
            field("redirect_uri") == asked_["redirect_uri"] && identity::base64url(digest) == asked_["code_challenge"];
        code_.clear();
        if (!good) return http::json_response(400, {{"error", "invalid_grant"}});
        return http::json_response(
            200,
            {{"access_token", "x"}, {"token_type", "Bearer"}, {"id_token", forced_token.empty() ? id_token() : forced_token}});
    }

    std::string id_token() {
        Json all{{"iss", url()}, {"aud", "shop"}, {"nonce", asked_["nonce"]}, {"iat", now()}, {"exp", now() + 60}};
        all.update(claims);
        const Json header{{"alg", "EdDSA"}, {"kid", identity_test::signer_of(signing_).key_id()}};
        return identity_test::forged(signing_, header.dump(), all.dump());
    }

    std::mutex mutex_;
    std::map<std::string, std::string> asked_;
    std::string code_;
    int codes_ = 0;
    identity_test::Key signing_;
    std::ostringstream out_;
    boost::asio::io_context io_;
    http::Server server_;
    std::thread thread_;
};

class SocialLogin : public testing::Test {
protected:
    SocialLogin() : user_(sandbox_, "user") {
        user_.set("OIDC_ISSUER", provider_.url());
        user_.set("OIDC_CLIENT_ID", "shop");
        user_.set("OIDC_REDIRECT_URL", "http://127.0.0.1/api/v1/oidc/callback");
        user_.set_file("OIDC_CLIENT_SECRET_FILE", "secret");
        user_.set_config("featureFlags:\n  socialLogin: true\n");
        user_.start();
        client_.emplace(user_.client());
    }

    struct Begun {
        std::string state;
        std::string cookie;
        std::string code;
    };
    Begun begin() {
        const Answer answer = client_->get("/api/v1/oidc/login");
        EXPECT_EQ(answer.status, 302) << answer.body;
        const std::string cookie = answer.header("Set-Cookie").value_or("");
        const std::string code = provider_.agree(answer.header("Location").value_or(""));
        return {provider_.asked()["state"], cookie.substr(0, cookie.find(';')), code};
    }
    Answer come_back(const Begun& begun) {
        std::string code;
        for (const char letter : begun.code) code += letter == '+' ? "%2B" : letter == '/' ? "%2F" : std::string(1, letter);
        return client_->get("/api/v1/oidc/callback?iss=x&code=" + code + "&state=" + begun.state + "&session_state=1",
                            {{"Cookie", "a=b; " + begun.cookie}});
    }
    Answer sign_in() { return come_back(begin()); }

    Provider provider_;
    Sandbox sandbox_;
    ServiceProcess user_;
    std::optional<HttpClient> client_;
};

TEST_F(SocialLogin, MakesAnAccountTheFirstTimeAndFindsItAgain) {
    const Answer first = sign_in();
    ASSERT_EQ(first.status, 200) << first.body;
    EXPECT_EQ(first.json()["user"]["email"], "jo@example.com");
    EXPECT_EQ(client_->get("/api/v1/profile", {{"Authorization", "Bearer " + first.json()["token"].get<std::string>()}}).status,
              200);
    const Answer again = sign_in();
    ASSERT_EQ(again.status, 200) << again.body;
    EXPECT_EQ(again.json()["user"], first.json()["user"]);
    EXPECT_EQ(client_->post("/api/v1/refresh", Json{{"refresh_token", again.json()["refresh_token"]}}).status, 200);
    EXPECT_EQ(client_->post("/api/v1/login", Json{{"email", "jo@example.com"}, {"password", "any password"}}).status, 401);
}

TEST_F(SocialLogin, AsksForACodeWithStateNonceAndChallenge) {
    begin();
    auto asked = provider_.asked();
    EXPECT_EQ(asked["response_type"], "code");
    EXPECT_EQ(asked["client_id"], "shop");
    EXPECT_EQ(asked["redirect_uri"], "http://127.0.0.1/api/v1/oidc/callback");
    EXPECT_EQ(asked["code_challenge_method"], "S256");
    EXPECT_THAT(asked["scope"], HasSubstr("openid"));
    const auto before = asked;
    begin();
    asked = provider_.asked();
    for (const char* const fresh : {"state", "nonce", "code_challenge"}) {
        EXPECT_EQ(asked[fresh].size(), 43U);
        EXPECT_NE(asked[fresh], before.at(fresh));
    }
}

TEST_F(SocialLogin, TakesEachStateOnceAndFromTheSameBrowser) {
    const Begun begun = begin();
    Begun other_browser = begun;
    other_browser.cookie = "oidc_state=other";
    EXPECT_EQ(come_back(other_browser).status, 400);
    EXPECT_EQ(come_back(begun).status, 200);
    EXPECT_EQ(come_back(begun).status, 400);
    Begun made_up = begin();
    made_up.state = "made-up";
    made_up.cookie = "oidc_state=made-up";
    EXPECT_EQ(come_back(made_up).status, 400);
    EXPECT_EQ(client_->get("/api/v1/oidc/callback").status, 400);
    EXPECT_EQ(client_->get("/api/v1/oidc/callback?state=x&error=access_denied").status, 401);
}

TEST_F(SocialLogin, RefusesIdTokensThatAreNotForThisSignIn) {
    const Json good = provider_.claims;
    const auto status_with = [&](const char* name, const Json& value) {
        provider_.claims = good;
        provider_.claims[name] = value;
        return sign_in().status;
    };
    EXPECT_EQ(status_with("nonce", "other"), 401);
    EXPECT_EQ(status_with("aud", "other"), 401);
    EXPECT_EQ(status_with("iss", "http://127.0.0.1:1"), 401);
    EXPECT_EQ(status_with("exp", now() - 60), 401);
    EXPECT_EQ(status_with("azp", "other"), 401);
    EXPECT_EQ(status_with("email_verified", false), 401);
    EXPECT_EQ(sandbox_.query("users", "SELECT count(*) FROM users")[0][0].as<int>(), 0);
    provider_.claims = good;
    const Json header{{"alg", "none"}, {"kid", "x"}};
    provider_.forced_token = identity_test::unsigned_part(header.dump(), good.dump()) + ".";
    EXPECT_EQ(sign_in().status, 401);
}

TEST_F(SocialLogin, GivesNobodyAnAccountThatHasAPassword) {
    const Json account{{"email", "jo@example.com"}, {"password", "correct horse"}, {"first_name", "Jo"}, {"last_name", "Do"}};
    ASSERT_EQ(client_->post("/api/v1/register", account).status, 201);
    EXPECT_EQ(sign_in().status, 409);
}

TEST_F(SocialLogin, SaysThatTheProviderIsAwayAndGoesOnWhenItIsBack) {
    provider_.broken = true;
    EXPECT_EQ(client_->get("/api/v1/oidc/login").status, 503);
    provider_.broken = false;
    EXPECT_TRUE(eventually([&] { return client_->get("/api/v1/oidc/login").status == 302; }));
}

TEST_F(SocialLogin, IsNotThereUnlessSwitchedOn) {
    user_.set_config("featureFlags:\n  socialLogin: false\n");
    EXPECT_TRUE(eventually([&] { return client_->get("/api/v1/oidc/login").status == 404; }));
    EXPECT_EQ(client_->get("/api/v1/oidc/callback?state=x&code=y").status, 404);
}

}  // namespace
}  // namespace services
