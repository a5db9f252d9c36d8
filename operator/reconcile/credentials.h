// The values of generated Secrets: derived from one random root key per platform, so that a Secret that someone deletes or edits
// comes back with the same values, and a platform created anew over retained volumes opens them.
#pragma once

#include <array>
#include <stdexcept>
#include <string>

#include "kube/object.h"
#include "resources/desired.h"

namespace reconcile {

// What a Secret has for a root key is none.
class BadRootKey : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

// Somebody else is to bring it, and has not.
class MissingRootKey : public BadRootKey {
public:
    using BadRootKey::BadRootKey;
};

// 256 bits, wiped when they go.
class RootKey {
public:
    static RootKey generate();  // From OpenSSL's private random source. Throws std::runtime_error if that fails.
    // From the text of encoded(). Throws BadRootKey if the text is none.
    static RootKey decode(const std::string& encoded);
    ~RootKey();
    RootKey(const RootKey&) = default;
    RootKey& operator=(const RootKey&) = default;

    std::string encoded() const;      // 64 hexadecimal digits.
    std::string fingerprint() const;  // Tells keys apart and gives nothing away: part of their SHA-256.

    // The credential of that name, by HKDF-SHA256: 64 hexadecimal digits.
    std::string credential(const std::string& name) const;
    // The same bytes as an Ed25519 private key, PEM (PKCS#8).
    std::string ed25519_key(const std::string& name) const;

private:
    RootKey() = default;
    std::array<unsigned char, 32> bytes(const std::string& name) const;

    std::array<unsigned char, 32> key_{};
};

// Fills "${NAME}", "${NAME:ed25519}" and "$$". Throws std::invalid_argument on a template that is malformed.
std::string fill(const std::string& text, const RootKey& root);

// What a Secret made of this template is derived from: changes with the template or the root key, known without reading values.
std::string digest_of(const resources::SecretTemplate& secret, const std::string& root_fingerprint);

// The Secret with its values, as it is applied; and with empty values, as it is compared.
kube::Object filled(const api::Platform& platform, const resources::SecretTemplate& secret, const RootKey& root);
kube::Object unfilled(const api::Platform& platform, const resources::SecretTemplate& secret,
                      const std::string& root_fingerprint);

// The two Secrets that hold the root key: either alone is enough, so that deleting one loses nothing. Immutable.
std::array<std::string, 2> root_key_names(const api::Platform& platform);
// `age` is CredentialAge::encoded(). Without a key, as it is compared.
kube::Object root_key_object(const api::Platform& platform, const std::string& name, const std::string& fingerprint,
                             const std::string& age, const RootKey* root);
std::string root_key_in(const kube::Json& secret);  // The encoded key; "" where the Secret has none.

}  // namespace reconcile
