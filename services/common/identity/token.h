// Signed tokens (JWT, RFC 7519) by OpenSSL. A key has one algorithm, which the token's header must name: it never chooses.
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"

namespace identity {

struct Claims {
    std::string subject;  // The user's UUID.
    std::string session;  // "sid"
    std::string issuer;
    std::string audience;
    std::int64_t issued_at = 0;  // Seconds since 1970.
    std::int64_t not_before = 0;
    std::int64_t expires = 0;
};

// Keys that verify, by `kid`. A value: swapped as a whole when a new set is fetched.
class KeySet {
public:
    KeySet() = default;

    // Of a JWK set (RFC 7517): OKP/Ed25519 with EdDSA and EC/P-256 with ES256; others, and those without kid, are left out.
    // Nothing where the text is no JWK set.
    static std::optional<KeySet> from_jwks(std::string_view text);
    nlohmann::json jwks() const;

    bool has(std::string_view kid) const;
    bool empty() const { return keys_.empty(); }

private:
    friend class Signer;
    friend class Verifier;
    struct Key;
    std::vector<std::shared_ptr<const Key>> keys_;
};

enum class Rejection { Malformed, UnknownKey, Algorithm, Signature, Issuer, Audience, Expired, NotYet };
std::string_view to_string(Rejection rejection);

struct Verified {
    std::optional<Claims> claims;  // Nothing: rejected.
    Rejection rejection = Rejection::Malformed;
};

// Checks a token: the header's alg must be its key's, then signature, iss, aud, exp, nbf. Limited to 8 KiB.
class Verifier {
public:
    struct Expected {
        std::string issuer;
        std::string audience;
        std::int64_t leeway = 5;  // Seconds that clocks may differ.
    };
    Verifier(KeySet keys, Expected expected) : keys_(std::move(keys)), expected_(std::move(expected)) {}

    Verified verify(std::string_view token, base::WallTime now) const;
    // Any claims, as OpenID Connect's ID tokens have more: signature, iss, aud, exp, nbf are checked.
    std::optional<nlohmann::json> verify_raw(std::string_view token, base::WallTime now) const;
    const KeySet& keys() const { return keys_; }

private:
    KeySet keys_;
    Expected expected_;
};

// Signs with the newest of a folder's PEM private keys (PKCS#8, Ed25519 or P-256; *.pem, newest by name), and knows the public
// halves of all: a key is added, waits until every verifier has fetched it, then signs.
class Signer {
public:
    // Throws std::runtime_error that names the file where one can't be read, or where there is none.
    static Signer from_folder(const std::string& folder);

    std::string sign(const Claims& claims) const;
    const KeySet& public_keys() const { return public_keys_; }

private:
    struct Private;
    std::shared_ptr<const Private> key_;
    KeySet public_keys_;
};

std::string base64url(std::string_view bytes);
std::optional<std::string> base64url_decoded(std::string_view text);  // Strict: no padding, no other characters.

}  // namespace identity
