// Registration, login, refresh, logout.
#include "user/sign_in.h"

#include <prometheus/registry.h>

#include "common/http/input.h"
#include "common/identity/session.h"
#include "user/passwords.h"

namespace user {
namespace {

prometheus::Family<prometheus::Counter>& counter(prometheus::Registry& registry, const char* name, const char* help) {
    return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
}

http::Problem wrong_login() {
    return http::unauthorized("The e-mail address or the password is wrong.");
}

}  // namespace

SignIn::SignIn(Store& store, Sessions& sessions, Attempts& attempts, TokenKeys& keys, prometheus::Registry& registry)
    : store_(store),
      sessions_(sessions),
      attempts_(attempts),
      keys_(keys),
      registrations_(counter(registry, "user_registrations_total", "Accounts that were asked for.")),
      logins_(counter(registry, "user_logins_total", "Logins.")),
      reused_(
          counter(registry, "refresh_tokens_reused_total", "Refresh tokens that came twice: their sessions were ended.").Add({})),
      rehashes_(counter(registry, "password_rehashes_total", "Hashes of an old kind that were replaced at a login.").Add({})) {}

nlohmann::json SignIn::add(const http::Call& call, Account account, const std::string& password) {
    account.id = http::new_uuid();
    const Fresh begun = fresh();
    const std::optional<Account> added = store_.add(call.deadline, std::move(account), hash_of(password), begun.session);
    registrations_.Add({{"outcome", added ? "added" : "taken"}}).Increment();
    if (!added) throw http::conflict("There is an account with this e-mail address already.");
    return signed_in(call, *added, begun);
}

nlohmann::json SignIn::log_in(const http::Call& call, const std::string& email, const std::string& password) {
    const std::string address = address_of(call.header("X-Forwarded-For"), call.request.peer);
    attempts_.check(call.deadline, email, address);
    const std::optional<StoredAccount> stored = store_.find_by_email(call.deadline, email);
    const bool has_password = stored && stored->password_hash;
    const bool right = matches(password, has_password ? *stored->password_hash : nobodys_hash());
    logins_.Add({{"outcome", right && has_password ? "succeeded" : "failed"}}).Increment();
    if (!right || !has_password) {
        attempts_.failed(call.deadline, email, address);
        throw wrong_login();
    }
    attempts_.succeeded(call.deadline, email);
    renew_hash(call, *stored, password);
    const Fresh begun = fresh();
    store_.add_session(call.deadline, stored->account.id, begun.session);
    return signed_in(call, stored->account, begun);
}

nlohmann::json SignIn::refresh(const http::Call& call, const std::string& refresh_token) {
    const std::string next = new_secret();
    const Rotation rotation = store_.rotate(call.deadline, digest_of(refresh_token), digest_of(next));
    if (rotation.revoked) {
        reused_.Increment();
        sessions_.end(call.deadline, rotation.revoked->id);
        call.log().warn("a refresh token came twice; its session has ended",
                        {{"session", rotation.revoked->id}, {"user", rotation.revoked->user_id}});
    }
    if (!rotation.session) throw http::unauthorized("The refresh token is not valid.");
    // Also brings the session back where Redis lost it. Asked afterwards, since a logout may have come between: what it removed
    // must not be there again.
    sessions_.begin(call.deadline, rotation.session->id, rotation.session->user_id);
    if (store_.is_revoked(call.deadline, rotation.session->id)) {
        sessions_.end(call.deadline, rotation.session->id);
        throw http::unauthorized("The session has ended.");
    }
    return tokens(rotation.session->user_id, rotation.session->id, next);
}

void SignIn::log_out(const http::Call& call) {
    const identity::Claims claims = authenticated(call);
    store_.revoke(call.deadline, claims.session);
    sessions_.end(call.deadline, claims.session);
}

nlohmann::json SignIn::log_in_as(const http::Call& call, const std::string& issuer, const std::string& subject, Account account) {
    account.id = http::new_uuid();
    const Fresh begun = fresh();
    const std::optional<Account> known = store_.find_or_add(call.deadline, issuer, subject, std::move(account), begun.session);
    logins_.Add({{"outcome", known ? "succeeded" : "failed"}}).Increment();
    if (!known) throw http::conflict("There is an account with this e-mail address already: log in with its password.");
    return signed_in(call, *known, begun);
}

identity::Claims SignIn::authenticated(const http::Call& call) {
    const std::string authorization = call.header("Authorization");
    const auto token = bearer_token(authorization);
    if (!token) throw http::unauthorized("The request needs an access token.");
    identity::Verified verified = keys_.verify(*token);
    if (!verified.claims)
        throw http::unauthorized("The access token is not valid: " + std::string(to_string(verified.rejection)) + ".");
    if (!sessions_.lasts(call.deadline, verified.claims->session, verified.claims->subject))
        throw http::unauthorized("The session has ended.");
    return std::move(*verified.claims);
}

SignIn::Fresh SignIn::fresh() {
    Fresh fresh{{http::new_uuid(), {}}, new_secret()};
    fresh.session.refresh_digest = digest_of(fresh.refresh_token);
    return fresh;
}

nlohmann::json SignIn::tokens(const std::string& user, const std::string& session, const std::string& refresh_token) const {
    return {{"token", keys_.sign(user, session)},
            {"token_type", "Bearer"},
            {"expires_in", identity::kTokenLife.count()},
            {"refresh_token", refresh_token}};
}

nlohmann::json SignIn::signed_in(const http::Call& call, const Account& account, const Fresh& fresh) {
    sessions_.begin(call.deadline, fresh.session.id, account.id);
    nlohmann::json body = tokens(account.id, fresh.session.id, fresh.refresh_token);
    body["user"] = json_of(account);
    return body;
}

void SignIn::renew_hash(const http::Call& call, const StoredAccount& stored, const std::string& password) {
    if (!is_outdated(*stored.password_hash)) return;
    store_.replace_hash(call.deadline, stored.account.id, *stored.password_hash, hash_of(password));
    rehashes_.Increment();
}

}  // namespace user
