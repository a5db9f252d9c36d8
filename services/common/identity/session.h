// What the service that issues tokens and those that check them have agreed on.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace identity {

inline constexpr std::string_view kIssuer = "ecommerce-platform";
inline constexpr std::string_view kAudience = "ecommerce-api";
inline constexpr std::chrono::seconds kTokenLife{900};
inline constexpr std::chrono::hours kSessionLife{24};
// How long a verifier may keep a JWK set (its Cache-Control says so too), unless a token names a key that is not in it.
inline constexpr std::chrono::seconds kKeySetLife{300};

// In Redis: the user's id, for as long as the session lasts. A token counts only while its session is there; where Redis can't be
// asked, its signature alone does.
inline std::string session_key(std::string_view session) {
    return "session:" + std::string(session);
}

}  // namespace identity
