// Registration, login, refresh, logout, and the keys that others check tokens with.
#include <boost/asio/awaitable.hpp>

#include "common/http/input.h"
#include "common/identity/session.h"
#include "user/passwords.h"
#include "user/user_routes.h"

namespace user {
namespace {

using boost::asio::awaitable;
using http::Call;
using http::Response;

const http::Headers kNotStored{{"Cache-Control", "no-store"}};

awaitable<Response> run_on(http::WorkerPool* pool, http::Handle handle, std::shared_ptr<const Call> call) {
    std::function<Response()> work = [handle = std::move(handle), call] {
        if (call->deadline.passed()) throw http::timed_out("The request waited too long for its turn.");
        return handle(*call);
    };
    awaitable<Response> running = pool->run(std::move(work));
    co_return co_await std::move(running);
}

http::AsyncHandle on_pool(http::WorkerPool& pool, http::Handle handle) {
    return
        [&pool, handle = std::move(handle)](std::shared_ptr<const Call> call) { return run_on(&pool, handle, std::move(call)); };
}

Response add(SignIn& sign_in, const Call& call) {
    http::Input input(call.request);
    Account account;
    account.email = input.email("email");
    const std::string password = input.text("password", {.min = kShortestPassword, .max = kLongestPassword});
    account.first_name = input.text("first_name", {.max = kLongestName});
    account.last_name = input.text("last_name", {.max = kLongestName});
    input.done();
    return http::json_response(201, sign_in.add(call, std::move(account), password), kNotStored);
}

// Shorter ones than are allowed now may come from elsewhere.
Response log_in(SignIn& sign_in, const Call& call) {
    http::Input input(call.request);
    const std::string email = input.email("email");
    const std::string password = input.text("password", {.max = kLongestPassword});
    input.done();
    return http::json_response(200, sign_in.log_in(call, email, password), kNotStored);
}

Response refresh(SignIn& sign_in, const Call& call) {
    http::Input input(call.request);
    const std::string token = input.text("refresh_token");
    input.done();
    return http::json_response(200, sign_in.refresh(call, token), kNotStored);
}

Response log_out(SignIn& sign_in, const Call& call) {
    sign_in.log_out(call);
    Response response;
    response.status = 204;
    return response;
}

awaitable<Response> answer_keys(const TokenKeys* keys) {
    Response response;
    response.body = keys->jwks();
    response.content_type = "application/json";
    response.headers = {{"Cache-Control", "public, max-age=" + std::to_string(identity::kKeySetLife.count())}};
    co_return response;
}

}  // namespace

void add_account_routes(http::Router& router, SignIn& sign_in, http::WorkerPool& hashing) {
    router.on_loop("POST", "/api/v1/register", on_pool(hashing, [&sign_in](const Call& call) { return add(sign_in, call); }));
    router.on_loop("POST", "/api/v1/login", on_pool(hashing, [&sign_in](const Call& call) { return log_in(sign_in, call); }));
    router.on("POST", "/api/v1/refresh", [&sign_in](const Call& call) { return refresh(sign_in, call); });
    router.on("POST", "/api/v1/logout", [&sign_in](const Call& call) { return log_out(sign_in, call); });
}

void add_key_route(http::Router& router, const TokenKeys& keys) {
    router.on_loop("GET", "/api/v1/jwks.json", [&keys](const std::shared_ptr<const Call>&) { return answer_keys(&keys); });
}

}  // namespace user
