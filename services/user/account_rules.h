// What accounts are, as far as it can be said without asking anyone.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "common/identity/token.h"

namespace user {

inline constexpr std::size_t kLongestName = 100;
inline constexpr std::size_t kMostCategories = 50;
inline constexpr std::size_t kLongestCategory = 64;
inline constexpr std::size_t kKeptHistory = 50;

struct Account {
    std::string id;
    std::string email;
    std::string first_name;
    std::string last_name;
    std::string created_at;  // RFC 3339
};
nlohmann::json json_of(const Account& account);

struct Preferences {
    std::vector<std::string> categories;
    bool newsletter = false;
};
nlohmann::json json_of(const Preferences& preferences);

struct Visit {
    std::string product_id;
    std::string category;
    std::string seen_at;  // RFC 3339
};
nlohmann::json json_of(const std::vector<Visit>& visits);  // {"items":[…]}

// The token of "Authorization: Bearer TOKEN"; nothing for anything else.
std::optional<std::string_view> bearer_token(std::string_view authorization);

// What an access token of that session says.
identity::Claims claims_of(const std::string& user, const std::string& session, base::WallTime now);

// A refresh token is 32 random bytes; only its digest is kept.
std::string new_secret();
std::string digest_of(std::string_view secret);

// Whom failed logins are counted for. Beyond that many in kAttemptsTime further ones are refused: for an account few enough that
// guessing is hopeless (NIST SP 800-63B §5.2.2 allows 100 in a row), for an address enough for many people behind one.
inline constexpr std::int64_t kAttemptsOfAccount = 50;
inline constexpr std::int64_t kAttemptsOfAddress = 1000;
inline constexpr std::chrono::minutes kAttemptsTime{15};
std::string attempts_key_of_account(std::string_view email);
std::string attempts_key_of_address(std::string_view address);

// Who asks: what the gateway, the nearest proxy, added to X-Forwarded-For as the last, or else who is connected.
std::string address_of(std::string_view forwarded_for, std::string_view peer);

}  // namespace user
