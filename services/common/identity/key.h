// One key of OpenSSL's and the algorithm that it is for. Internal to identity.
#pragma once

#include <openssl/evp.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "common/identity/token.h"

namespace identity {

struct FreeKey {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using EvpKey = std::unique_ptr<EVP_PKEY, FreeKey>;

enum class Algorithm { EdDsa, Es256, Rs256 };
std::string_view to_string(Algorithm algorithm);

struct KeySet::Key {
    std::string kid;
    Algorithm algorithm;
    EvpKey key;  // OpenSSL's own state of it is safe from several threads.

    // Null where it is none that is of use here.
    static std::shared_ptr<const Key> from_jwk(const nlohmann::json& jwk);
    // Takes a private key of Ed25519 or P-256; its kid is the thumbprint of RFC 7638. Throws std::runtime_error for others.
    static std::shared_ptr<const Key> from_private(EvpKey key);

    nlohmann::json jwk() const;  // The public half.
    bool verifies(std::string_view signed_text, std::string_view signature) const;
    std::string signature_of(std::string_view text) const;
};

}  // namespace identity
