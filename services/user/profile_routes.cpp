// Profile and preferences of whoever asks, and what other services ask about a user.
#include "common/http/input.h"
#include "user/user_routes.h"

namespace user {
namespace {

using http::Call;
using http::Response;

const http::Headers kPrivate{{"Cache-Control", "no-store"}};

// A token whose user is gone.
http::Problem nobody() {
    return http::unauthorized("The account does not exist any more.");
}
http::Problem no_user() {
    return http::not_found("There is no such user.");
}

Response profile(SignIn& sign_in, Store& store, const Call& call) {
    const identity::Claims claims = sign_in.authenticated(call);
    const std::optional<Account> account = store.find(call.deadline, claims.subject);
    if (!account) throw nobody();
    return http::json_response(200, json_of(*account), kPrivate);
}

Response change_profile(SignIn& sign_in, Store& store, const Call& call) {
    const identity::Claims claims = sign_in.authenticated(call);
    http::Input input(call.request);
    const auto first_name = input.optional_text("first_name", {.max = kLongestName});
    const auto last_name = input.optional_text("last_name", {.max = kLongestName});
    input.done();
    if (!first_name && !last_name) throw http::invalid({{"", "needs first_name or last_name"}});
    const std::optional<Account> account = store.rename(call.deadline, claims.subject, first_name, last_name);
    if (!account) throw nobody();
    return http::json_response(200, json_of(*account), kPrivate);
}

Response preferences(SignIn& sign_in, Store& store, const Call& call) {
    const identity::Claims claims = sign_in.authenticated(call);
    const std::optional<Preferences> found = store.preferences(call.deadline, claims.subject);
    if (!found) throw nobody();
    return http::json_response(200, json_of(*found), kPrivate);
}

Response set_preferences(SignIn& sign_in, Store& store, const Call& call) {
    const identity::Claims claims = sign_in.authenticated(call);
    http::Input input(call.request);
    Preferences wanted;
    wanted.categories = input.texts("categories", 0, kMostCategories, {.max = kLongestCategory});
    const std::optional<bool> newsletter = input.optional_boolean("newsletter");
    if (!newsletter) input.wrong("newsletter", "is required");
    input.done();
    wanted.newsletter = *newsletter;
    if (!store.set_preferences(call.deadline, claims.subject, wanted)) throw nobody();
    return http::json_response(200, json_of(wanted), kPrivate);
}

Response preferences_of(Store& store, const Call& call) {
    const std::optional<Preferences> found = store.preferences(call.deadline, call.parameter("id"));
    if (!found) throw no_user();
    return http::json_response(200, json_of(*found));
}

Response history_of(Store& store, const Call& call) {
    const auto visits = store.history(call.deadline, call.parameter("id"));
    if (!visits) throw no_user();
    return http::json_response(200, json_of(*visits));
}

Response add_visit(Store& store, const Call& call) {
    http::Input input(call.request);
    const std::string product = input.uuid("product_id");
    const std::string category = input.text("category", {.max = kLongestCategory});
    input.done();
    if (!store.add_visit(call.deadline, call.parameter("id"), product, category)) throw no_user();
    Response response;
    response.status = 204;
    return response;
}

}  // namespace

void add_profile_routes(http::Router& router, SignIn& sign_in, Store& store) {
    const auto own = [&](Response (*handle)(SignIn&, Store&, const Call&)) {
        return [&sign_in, &store, handle](const Call& call) { return handle(sign_in, store, call); };
    };
    const auto internal = [&](Response (*handle)(Store&, const Call&)) {
        return [&store, handle](const Call& call) { return handle(store, call); };
    };
    router.on("GET", "/api/v1/profile", own(profile));
    router.on("PATCH", "/api/v1/profile", own(change_profile));
    router.on("GET", "/api/v1/preferences", own(preferences));
    router.on("PUT", "/api/v1/preferences", own(set_preferences));
    router.on("GET", "/internal/v1/users/{id:uuid}/preferences", internal(preferences_of));
    router.on("GET", "/internal/v1/users/{id:uuid}/history", internal(history_of));
    router.on("POST", "/internal/v1/users/{id:uuid}/history", internal(add_visit));
}

}  // namespace user
