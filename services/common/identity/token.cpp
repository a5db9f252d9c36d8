// Checks tokens: first whose key, then by that key's algorithm the signature, and only then what the token says.
#include "common/identity/token.h"

#include <algorithm>
#include <cmath>

#include "common/identity/key.h"
#include "common/identity/strict_json.h"

namespace identity {
namespace {

constexpr std::size_t kLongest = std::size_t{8} * 1024;
constexpr double kLatest = 9007199254740992.0;  // 2^53: up to there a double holds every second, and sums do not overflow.

std::optional<std::string> claim_text(const nlohmann::json& object, const char* name) {
    const auto found = object.find(name);
    if (found == object.end() || !found->is_string()) return std::nullopt;
    return found->get<std::string>();
}

// NumericDate of RFC 7519: seconds, which may have a fraction.
std::optional<std::int64_t> time_of(const nlohmann::json& object, const char* name) {
    const auto found = object.find(name);
    if (found == object.end() || !found->is_number()) return std::nullopt;
    const auto seconds = found->get<double>();
    if (!(seconds >= 0) || seconds > kLatest) return std::nullopt;
    return static_cast<std::int64_t>(std::floor(seconds));
}

bool names_audience(const nlohmann::json& claims, const std::string& audience) {
    const auto found = claims.find("aud");
    if (found == claims.end()) return false;
    if (found->is_string()) return *found == audience;
    return found->is_array() && std::find(found->begin(), found->end(), nlohmann::json(audience)) != found->end();
}

struct Parts {
    nlohmann::json header;
    nlohmann::json claims;
    std::string_view signed_text;
    std::string signature;
};

std::optional<Parts> parts_of(std::string_view token) {
    if (token.size() > kLongest) return std::nullopt;
    const auto first = token.find('.');
    if (first == std::string_view::npos) return std::nullopt;
    const auto second = token.find('.', first + 1);
    if (second == std::string_view::npos) return std::nullopt;
    const auto header = base64url_decoded(token.substr(0, first));
    const auto claims = base64url_decoded(token.substr(first + 1, second - first - 1));
    const auto signature = base64url_decoded(token.substr(second + 1));
    if (!header || !claims || !signature) return std::nullopt;
    auto header_object = strict_object(*header);
    auto claims_object = strict_object(*claims);
    if (!header_object || !claims_object || header_object->contains("crit")) return std::nullopt;
    return Parts{std::move(*header_object), std::move(*claims_object), token.substr(0, second), *signature};
}

std::optional<Rejection> wrong_claim(const nlohmann::json& claims, const Verifier::Expected& expected, base::WallTime now) {
    if (claim_text(claims, "iss") != expected.issuer) return Rejection::Issuer;
    if (!names_audience(claims, expected.audience)) return Rejection::Audience;
    const std::int64_t seconds = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
    const auto expires = time_of(claims, "exp");
    if (!expires) return Rejection::Malformed;
    if (seconds >= *expires + expected.leeway) return Rejection::Expired;
    if (!claims.contains("nbf")) return std::nullopt;
    const auto not_before = time_of(claims, "nbf");
    if (!not_before) return Rejection::Malformed;
    if (seconds + expected.leeway < *not_before) return Rejection::NotYet;
    return std::nullopt;
}

}  // namespace

std::optional<KeySet> KeySet::from_jwks(std::string_view text) {
    const auto set = strict_object(text);
    if (!set || !set->contains("keys") || !(*set)["keys"].is_array()) return std::nullopt;
    KeySet result;
    for (const nlohmann::json& jwk : (*set)["keys"]) {
        auto key = Key::from_jwk(jwk);
        if (key && !result.has(key->kid)) result.keys_.push_back(std::move(key));
    }
    return result;
}

nlohmann::json KeySet::jwks() const {
    nlohmann::json keys = nlohmann::json::array();
    for (const auto& key : keys_) keys.push_back(key->jwk());
    return {{"keys", std::move(keys)}};
}

bool KeySet::has(std::string_view kid) const {
    return std::any_of(keys_.begin(), keys_.end(), [&](const auto& key) { return key->kid == kid; });
}

bool same_keys(const KeySet& a, const KeySet& b) {
    return a.jwks() == b.jwks();
}

std::string_view to_string(Rejection rejection) {
    switch (rejection) {
        case Rejection::Malformed:
            return "malformed";
        case Rejection::UnknownKey:
            return "unknown key";
        case Rejection::Algorithm:
            return "algorithm";
        case Rejection::Signature:
            return "signature";
        case Rejection::Issuer:
            return "issuer";
        case Rejection::Audience:
            return "audience";
        case Rejection::Expired:
            return "expired";
        case Rejection::NotYet:
            break;
    }
    return "not yet valid";
}

Verifier::Checked Verifier::check(std::string_view token, base::WallTime now) const {
    auto parts = parts_of(token);
    if (!parts) return {std::nullopt, Rejection::Malformed};
    const auto algorithm = claim_text(parts->header, "alg");
    const auto kid = claim_text(parts->header, "kid");
    if (!algorithm) return {std::nullopt, Rejection::Malformed};
    const auto key = std::find_if(keys_.keys_.begin(), keys_.keys_.end(), [&](const auto& each) { return each->kid == kid; });
    if (key == keys_.keys_.end()) return {std::nullopt, Rejection::UnknownKey};
    if (*algorithm != to_string((*key)->algorithm)) return {std::nullopt, Rejection::Algorithm};
    if (!(*key)->verifies(parts->signed_text, parts->signature)) return {std::nullopt, Rejection::Signature};
    if (const auto wrong = wrong_claim(parts->claims, expected_, now)) return {std::nullopt, *wrong};
    return {std::move(parts->claims), Rejection::Malformed};
}

Verified Verifier::verify(std::string_view token, base::WallTime now) const {
    const Checked checked = check(token, now);
    if (!checked.claims) return {std::nullopt, checked.rejection};
    const nlohmann::json& all = *checked.claims;
    const auto subject = claim_text(all, "sub");
    const auto session = claim_text(all, "sid");
    if (!subject || subject->empty() || !session || session->empty()) return {std::nullopt, Rejection::Malformed};
    Claims claims{*subject, *session, expected_.issuer, expected_.audience};
    claims.issued_at = time_of(all, "iat").value_or(0);
    claims.not_before = time_of(all, "nbf").value_or(0);
    claims.expires = *time_of(all, "exp");
    return {std::move(claims), Rejection::Malformed};
}

std::optional<nlohmann::json> Verifier::verify_raw(std::string_view token, base::WallTime now) const {
    return check(token, now).claims;
}

}  // namespace identity
