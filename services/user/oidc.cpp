// Talks to the issuer and checks what comes back.
#include "user/oidc.h"

#include <openssl/crypto.h>

#include <algorithm>

#include "common/http/problem.h"
#include "user/account_rules.h"

namespace user {
namespace {

constexpr std::chrono::minutes kAttemptLife{10};    // To type a password at the issuer.
constexpr std::chrono::minutes kKnownFor{10};       // The discovery document, and the issuer's keys.
constexpr std::chrono::seconds kBetweenFetches{5};  // Of keys, however many tokens name unknown ones.
constexpr std::string_view kCookie = "oidc_state";

std::string key_of(const std::string& state) {
    return "oidc:" + digest_of(state);
}

Endpoint discovery_of(const std::string& issuer) {
    Endpoint endpoint = endpoint_from(issuer);
    while (endpoint.path.ends_with('/')) endpoint.path.pop_back();
    endpoint.path += "/.well-known/openid-configuration";
    return endpoint;
}

// A cookie that is only sent over TLS is never sent back to a local one without.
std::string attributes_for(const std::string& redirect_url) {
    const bool secure = endpoint_from(redirect_url).origin.starts_with("https");
    return std::string("; Path=/api/v1/oidc; HttpOnly; SameSite=Lax") + (secure ? "; Secure" : "");
}

std::string cookie_of(const http::Call& call) {
    const std::string header = call.header("Cookie");
    std::string_view rest = header;
    while (!rest.empty()) {
        std::string_view pair = rest.substr(0, rest.find(';'));
        rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
        while (pair.starts_with(' ')) pair.remove_prefix(1);
        if (pair.starts_with(kCookie) && pair.substr(kCookie.size()).starts_with('='))
            return std::string(pair.substr(kCookie.size() + 1));
    }
    return {};
}

http::Problem unknown_state() {
    return http::Problem(400, "This sign-in is not known, was used, or took too long: begin again.");
}

http::Problem away() {
    return http::unavailable("The identity provider can't be reached.");
}

}  // namespace

Oidc::Oidc(Options options, data::Redis& redis, std::shared_ptr<base::Tracer> tracer, base::Log log,
           prometheus::Registry& registry)
    : options_(std::move(options)),
      discovery_(discovery_of(options_.issuer)),
      cookie_attributes_(attributes_for(options_.client.redirect_url)),
      redis_(redis),
      tracer_(std::move(tracer)),
      log_(std::move(log)),
      registry_(registry) {}

Oidc::Started Oidc::start(const http::Call& call) {
    const Issuer issuer = discover(call);
    const Attempt attempt{new_secret(), new_secret(), new_secret()};
    const nlohmann::json kept{{"nonce", attempt.nonce}, {"verifier", attempt.verifier}};
    redis_.set(call.deadline, key_of(attempt.state), kept.dump(), kAttemptLife);
    return {authorization_url(issuer, options_.client, attempt),
            std::string(kCookie) + "=" + attempt.state +
                "; Max-Age=" + std::to_string(std::chrono::seconds(kAttemptLife).count()) + cookie_attributes_};
}

Person Oidc::finish(const http::Call& call, const std::string& state, const std::string& code) {
    const Attempt attempt = take(call, state);
    try {
        const Issuer issuer = discover(call);
        return person_from(checked(call, issuer, id_token_for(call, issuer, code, attempt)), attempt.nonce, options_.client.id);
    } catch (const OidcError& error) {
        call.log().warn("a sign-in by the identity provider is refused", {{"reason", error.what()}});
        throw http::unauthorized("The identity provider's answer can't be accepted.");
    }
}

std::string Oidc::expired_cookie() const {
    return std::string(kCookie) + "=; Max-Age=0" + cookie_attributes_;
}

Attempt Oidc::take(const http::Call& call, const std::string& state) {
    const std::string cookie = cookie_of(call);
    const bool same_browser = cookie.size() == state.size() && CRYPTO_memcmp(cookie.data(), state.data(), state.size()) == 0;
    if (!same_browser) throw unknown_state();
    const data::Redis::Reply reply = redis_.call(call.deadline, {"GETDEL", key_of(state)});
    const auto kept = nlohmann::json::parse(reply.text, nullptr, false);
    if (reply.kind != data::Redis::Reply::Kind::Text || !kept.is_object()) throw unknown_state();
    return {state, kept.value("nonce", ""), kept.value("verifier", "")};
}

std::string Oidc::id_token_for(const http::Call& call, const Issuer& issuer, const std::string& code, const Attempt& attempt) {
    rest::Request request;
    request.method = "POST";
    request.form = token_form(options_.client, code, attempt.verifier);
    if (!options_.client.secret.empty()) request.headers = {{"Authorization", basic_authorization(options_.client)}};
    request.endpoint = "token";
    const rest::Answer answer = ask(call, issuer.token, std::move(request));
    if (answer.status != 200 || !answer.body.is_object())
        throw OidcError("the token endpoint answered " + std::to_string(answer.status));
    const auto found = answer.body.find("id_token");
    if (found == answer.body.end() || !found->is_string()) throw OidcError("the token endpoint gave no ID token");
    return found->get<std::string>();
}

nlohmann::json Oidc::checked(const http::Call& call, const Issuer& issuer, const std::string& id_token) {
    const identity::Verifier::Expected expected{issuer.name, options_.client.id};
    for (const bool anew : {false, true}) {  // The issuer may have a new key.
        const auto claims =
            identity::Verifier(keys(call, issuer, anew), expected).verify_raw(id_token, base::SystemClock().wall());
        if (claims) return *claims;
    }
    throw OidcError("the ID token is not valid");
}

Issuer Oidc::discover(const http::Call& call) {
    const Time now = std::chrono::steady_clock::now();
    {
        const std::lock_guard lock(mutex_);
        if (known_issuer_ && now - known_issuer_->since < kKnownFor) return known_issuer_->value;
    }
    rest::Request request;
    request.method = "GET";
    request.endpoint = "discovery";
    request.repeatable = true;
    const rest::Answer answer = ask(call, discovery_, std::move(request));
    if (answer.status != 200) throw away();
    try {
        Issuer issuer = issuer_from(answer.body, options_.issuer);
        const std::lock_guard lock(mutex_);
        known_issuer_ = Kept<Issuer>{issuer, now};
        return issuer;
    } catch (const OidcError& error) {
        log_.error("the identity provider can't be used", {{"issuer", options_.issuer}, {"reason", error.what()}});
        throw away();
    }
}

identity::KeySet Oidc::keys(const http::Call& call, const Issuer& issuer, bool anew) {
    const Time now = std::chrono::steady_clock::now();
    {
        const std::lock_guard lock(mutex_);
        if (known_keys_ && now - known_keys_->since < (anew ? Time::duration(kBetweenFetches) : Time::duration(kKnownFor)))
            return known_keys_->value;
    }
    rest::Request request;
    request.method = "GET";
    request.endpoint = "keys";
    request.repeatable = true;
    const rest::Answer answer = ask(call, issuer.keys, std::move(request));
    const auto read = identity::KeySet::from_jwks(answer.body.dump());
    if (answer.status != 200 || !read) throw away();
    const std::lock_guard lock(mutex_);
    known_keys_ = Kept<identity::KeySet>{*read, now};
    return *read;
}

rest::Answer Oidc::ask(const http::Call& call, const Endpoint& endpoint, rest::Request request) {
    request.path = endpoint.path;
    rest::Answer answer;
    try {
        answer = client_of(endpoint.origin).call(request, call.deadline, call.trace);
    } catch (const rest::Unreachable&) {
        throw away();
    }
    if (answer.status >= 500) throw away();
    return answer;
}

rest::Client& Oidc::client_of(const std::string& origin) {
    const std::lock_guard lock(mutex_);
    std::unique_ptr<rest::Client>& client = clients_[origin];
    if (!client) {
        rest::Client::Options options;
        options.name = "identity-provider";
        options.base_url = origin;
        options.timeout = base::Duration{5'000};
        options.tells_deadline = false;
        client = std::make_unique<rest::Client>(std::move(options), tracer_, log_, registry_);
    }
    return *client;
}

}  // namespace user
