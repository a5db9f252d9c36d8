// The attributes of quality that a platform is judged by, in the order in which its status lists them. They are types of
// conditions.
#pragma once

#include <array>
#include <string_view>

namespace api {

inline constexpr std::string_view kPerformant = "Performant";
inline constexpr std::string_view kScalable = "Scalable";
inline constexpr std::string_view kReliable = "Reliable";
inline constexpr std::string_view kSecure = "Secure";
inline constexpr std::string_view kMaintainable = "Maintainable";
inline constexpr std::string_view kCostEfficient = "CostEfficient";
inline constexpr std::string_view kRecoverable = "Recoverable";
inline constexpr std::string_view kObservable = "Observable";

inline constexpr std::array<std::string_view, 8> kAttributes{kPerformant,   kScalable,      kReliable,    kSecure,
                                                             kMaintainable, kCostEfficient, kRecoverable, kObservable};

}  // namespace api
