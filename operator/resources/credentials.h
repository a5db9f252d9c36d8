// The Secrets that the operator generates: one per consumer, so that each sees its own credentials alone.
#pragma once

#include <string>
#include <string_view>

#include "api/platform.h"

namespace resources {

// Keys in the data stores' own Secrets, and thus file names in their pods.
inline constexpr std::string_view kPasswordFile = "password";
inline constexpr std::string_view kRedisUsersFile = "users.acl";
inline constexpr std::string_view kErlangCookieFile = "erlang-cookie";
inline constexpr std::string_view kRabbitmqDefinitionsFile = "definitions.json";
// In the folder of the user service's keys: names the one that signs.
inline constexpr std::string_view kSigningKeyFile = "signing-key";

// The placeholder, in a SecretTemplate, of a credential of the service: "${catalog-redis}", and since it was changed once
// "${catalog-redis@1}".
std::string credential(const api::Service& service, std::string_view purpose, int generation);

// "shop-catalog-database"
std::string consumer_secret(const api::Platform& platform, const api::Service& service, std::string_view purpose);

}  // namespace resources
