// Signed tokens (JWT, RFC 7519) by OpenSSL. A key has one algorithm, which the token's header must name: it never chooses.
#pragma once

#include <chrono>
#include <cstddef>
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

    // Of a JWK set (RFC 7517): OKP/Ed25519 with EdDSA, EC/P-256 with ES256, and RSA of 2048 to 8192 bits with RS256, which most
    // OpenID issuers sign with. Others, those without kid, with another use, or with a kid that came before are left out. Nothing
    // where the text is no JWK set.
    static std::optional<KeySet> from_jwks(std::string_view text);
    nlohmann::json jwks() const;

    bool has(std::string_view kid) const;
    bool empty() const { return keys_.empty(); }
    std::size_t size() const { return keys_.size(); }

private:
    friend class Signer;
    friend class Verifier;
    friend bool same_keys(const KeySet& a, const KeySet& b);
    struct Key;
    std::vector<std::shared_ptr<const Key>> keys_;
};

bool same_keys(const KeySet& a, const KeySet& b);

enum class Rejection { Malformed, UnknownKey, Algorithm, Signature, Issuer, Audience, Expired, NotYet };
std::string_view to_string(Rejection rejection);

struct Verified {
    std::optional<Claims> claims;  // Nothing: rejected.
    Rejection rejection = Rejection::Malformed;
};

// Checks a token: the header's alg must be its key's, then signature, iss, aud, exp, nbf. Limited to 8 KiB.
// JSON that can be read in two ways (a name twice), and headers that ask for more than is known here (crit), are malformed.
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
    struct Checked {
        std::optional<nlohmann::json> claims;
        Rejection rejection;
    };
    Checked check(std::string_view token, base::WallTime now) const;

    KeySet keys_;
    Expected expected_;
};

// Signs with one of a folder's PEM private keys (PKCS#8, Ed25519 or P-256; *.pem), and knows the public halves of all. Removing a
// key revokes its tokens.
//
// Which one signs says the file kNamesSigningKey: "2.pem". No request fails when keys change, if a key is added; named after
// kPublishedFirst, when every verifier has it; and the one before removed a token's life after every process has read that.
// Without that file the newest, which is the last by name, signs once its file is kPublishedFirst old. Where none is that old
// (the first start; a mounted Secret, whose files are all written anew), the first by name signs, since it was there before the
// others. So a process that has just started may still sign with the one before: whoever removes that one soon has to name the
// other.
class Signer {
public:
    static constexpr base::Duration kPublishedFirst = std::chrono::minutes{10};  // Twice the time that verifiers keep a JWK set.
    static constexpr const char* kNamesSigningKey = "signing-key";

    // Throws std::runtime_error that names the file where one can't be read, where there is none, or not that which is to sign.
    static Signer from_folder(const std::string& folder, base::WallTime now);

    std::string sign(const Claims& claims) const;
    const KeySet& public_keys() const { return public_keys_; }
    const std::string& key_id() const;  // Of the one that signs.

private:
    std::shared_ptr<const KeySet::Key> key_;
    KeySet public_keys_;
};

std::string base64url(std::string_view bytes);
// Strict: no padding, no other characters, no bits set that no byte has. One text has one encoding.
std::optional<std::string> base64url_decoded(std::string_view text);

}  // namespace identity
