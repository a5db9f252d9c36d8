// The service's routes: read what was sent, have it done, answer.
#pragma once

#include <functional>

#include "common/http/router.h"
#include "common/http/worker_pool.h"
#include "user/oidc.h"
#include "user/sign_in.h"
#include "user/user_store.h"

namespace user {

// Hashing takes a core and 19 MiB for a while, so it has a pool of its own: a storm of logins neither takes all memory nor holds
// up the rest.
void add_account_routes(http::Router& router, SignIn& sign_in, http::WorkerPool& hashing);
void add_profile_routes(http::Router& router, SignIn& sign_in, Store& store);
void add_key_route(http::Router& router, const TokenKeys& keys);
// `oidc` may be null; `enabled` is asked each time, since the feature may be switched while the process runs.
void add_oidc_routes(http::Router& router, SignIn& sign_in, Oidc* oidc, std::function<bool()> enabled);

}  // namespace user
