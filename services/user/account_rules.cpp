// Accounts as JSON, and the small rules around them.
#include "user/account_rules.h"

#include <openssl/rand.h>
#include <openssl/sha.h>

#include <stdexcept>

#include "common/base/ascii.h"
#include "common/identity/session.h"

namespace user {
namespace {

constexpr std::size_t kSecret = 32;  // Bytes.

std::string_view trimmed(std::string_view text) {
    while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
    while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
    return text;
}

}  // namespace

nlohmann::json json_of(const Account& account) {
    return {{"id", account.id},
            {"email", account.email},
            {"first_name", account.first_name},
            {"last_name", account.last_name},
            {"created_at", account.created_at}};
}

nlohmann::json json_of(const Preferences& preferences) {
    return {{"categories", preferences.categories}, {"newsletter", preferences.newsletter}};
}

nlohmann::json json_of(const std::vector<Visit>& visits) {
    nlohmann::json items = nlohmann::json::array();
    for (const Visit& visit : visits)
        items.push_back({{"product_id", visit.product_id}, {"category", visit.category}, {"seen_at", visit.seen_at}});
    return {{"items", std::move(items)}};
}

std::optional<std::string_view> bearer_token(std::string_view authorization) {
    constexpr std::string_view kScheme = "bearer ";
    if (authorization.size() <= kScheme.size() || !base::same_ignoring_case(authorization.substr(0, kScheme.size()), kScheme))
        return std::nullopt;
    return trimmed(authorization.substr(kScheme.size()));
}

identity::Claims claims_of(const std::string& user, const std::string& session, base::WallTime now) {
    const std::int64_t seconds = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
    identity::Claims claims{user, session, std::string(identity::kIssuer), std::string(identity::kAudience)};
    claims.issued_at = claims.not_before = seconds;
    claims.expires = seconds + identity::kTokenLife.count();
    return claims;
}

std::string new_secret() {
    std::string bytes(kSecret, '\0');
    if (RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(bytes.size())) != 1)
        throw std::runtime_error("no random bytes for a secret");
    return identity::base64url(bytes);
}

std::string digest_of(std::string_view secret) {
    std::string digest(SHA256_DIGEST_LENGTH, '\0');
    SHA256(reinterpret_cast<const unsigned char*>(secret.data()), secret.size(), reinterpret_cast<unsigned char*>(digest.data()));
    return identity::base64url(digest);
}

std::string attempts_key_of_account(std::string_view email) {
    return "attempts:account:" + digest_of(email);
}
std::string attempts_key_of_address(std::string_view address) {
    return "attempts:address:" + digest_of(address);
}

std::string address_of(std::string_view forwarded_for, std::string_view peer) {
    const auto comma = forwarded_for.rfind(',');
    const std::string_view last = trimmed(comma == std::string_view::npos ? forwarded_for : forwarded_for.substr(comma + 1));
    return std::string(last.empty() ? peer : last);
}

}  // namespace user
