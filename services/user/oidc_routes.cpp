// Signing in by an identity provider.
#include <algorithm>

#include "common/http/input.h"
#include "user/user_routes.h"

namespace user {
namespace {

using http::Call;
using http::Response;

// What else an issuer adds must be ignored (RFC 6749 §4.1.2).
http::Request with_known_parameters(const http::Request& request) {
    http::Request known;
    for (std::string_view rest = request.query; !rest.empty();) {
        const std::string_view pair = rest.substr(0, rest.find('&'));
        rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
        if (pair.starts_with("state=") || pair.starts_with("code=") || pair.starts_with("error="))
            known.query += (known.query.empty() ? "" : "&") + std::string(pair);
    }
    return known;
}

Response begin(Oidc& oidc, const Call& call) {
    Oidc::Started started = oidc.start(call);
    Response response;
    response.status = 302;
    response.headers = {{"Location", started.url}, {"Set-Cookie", started.cookie}, {"Cache-Control", "no-store"}};
    return response;
}

Response finish(SignIn& sign_in, Oidc& oidc, const Call& call) {
    const http::Request request = with_known_parameters(call.request);
    http::Query query(request);
    const auto state = query.text("state", {.max = 128});
    const auto code = query.text("code", {.max = 2048});
    const auto error = query.text("error", {.max = 255});
    if (!state) query.wrong("state", "is required");
    if (!code && !error) query.wrong("code", "is required");
    query.done();
    if (!code) throw http::unauthorized("The identity provider did not sign you in.");
    const Person person = oidc.finish(call, *state, *code);
    Account account;
    account.email = person.email;
    account.first_name = person.first_name;
    account.last_name = person.last_name;
    const nlohmann::json body = sign_in.log_in_as(call, oidc.issuer(), person.subject, std::move(account));
    return http::json_response(200, body, {{"Cache-Control", "no-store"}, {"Set-Cookie", oidc.expired_cookie()}});
}

}  // namespace

void add_oidc_routes(http::Router& router, SignIn& sign_in, Oidc* oidc, std::function<bool()> enabled) {
    const auto usable = [oidc, enabled = std::move(enabled)]() -> Oidc& {
        if (oidc == nullptr || !enabled()) throw http::not_found("Signing in by an identity provider is switched off.");
        return *oidc;
    };
    router.on("GET", "/api/v1/oidc/login", [usable](const Call& call) { return begin(usable(), call); });
    router.on("GET", "/api/v1/oidc/callback", [usable, &sign_in](const Call& call) { return finish(sign_in, usable(), call); });
}

}  // namespace user
