// Keys: from and to JWK (RFC 7517, RFC 8037), and the signatures of JWS (RFC 7518 §3.3, §3.4, RFC 8037 §3.1) by OpenSSL.
#include "common/identity/key.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/param_build.h>
#include <openssl/sha.h>

#include <stdexcept>

#include "common/base/json.h"

namespace identity {
namespace {

using base::text_of;

constexpr std::size_t kCoordinate = 32;  // Bytes of a coordinate or scalar of P-256, and of a public key of Ed25519.
constexpr int kLeastRsaBits = 2048;      // NIST SP 800-131A; the upper bound keeps a check from taking long.
constexpr int kMostRsaBits = 8192;

template <auto Function>
struct Free {
    template <class T>
    void operator()(T* pointer) const {
        Function(pointer);
    }
};
using Number = std::unique_ptr<BIGNUM, Free<BN_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Free<EVP_PKEY_CTX_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, Free<EVP_MD_CTX_free>>;
using Signature = std::unique_ptr<ECDSA_SIG, Free<ECDSA_SIG_free>>;
using Builder = std::unique_ptr<OSSL_PARAM_BLD, Free<OSSL_PARAM_BLD_free>>;
using Parameters = std::unique_ptr<OSSL_PARAM, Free<OSSL_PARAM_free>>;

const unsigned char* bytes_of(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* bytes_of(std::string& text) {
    return reinterpret_cast<unsigned char*>(text.data());
}

std::optional<std::string> bytes_from(const nlohmann::json& jwk, const char* name, std::size_t size) {
    auto bytes = base64url_decoded(text_of(jwk, name));
    if (bytes && size != 0 && bytes->size() != size) bytes.reset();
    return bytes;
}

EvpKey from_parameters(const char* type, OSSL_PARAM_BLD* builder) {
    const Parameters parameters(OSSL_PARAM_BLD_to_param(builder));
    const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
    EVP_PKEY* key = nullptr;
    if (!parameters || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
        EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters.get()) != 1)
        return nullptr;
    return EvpKey(key);
}

EvpKey ed25519_key(const nlohmann::json& jwk) {
    const auto x = bytes_from(jwk, "x", kCoordinate);
    if (text_of(jwk, "crv") != "Ed25519" || !x) return nullptr;
    return EvpKey(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes_of(*x), x->size()));
}

EvpKey p256_key(const nlohmann::json& jwk) {
    const auto x = bytes_from(jwk, "x", kCoordinate);
    const auto y = bytes_from(jwk, "y", kCoordinate);
    if (text_of(jwk, "crv") != "P-256" || !x || !y) return nullptr;
    const std::string point = '\x04' + *x + *y;
    const Builder builder(OSSL_PARAM_BLD_new());
    if (!builder || OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) != 1 ||
        OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()) != 1)
        return nullptr;
    return from_parameters("EC", builder.get());
}

EvpKey rsa_key(const nlohmann::json& jwk) {
    const auto n = bytes_from(jwk, "n", 0);
    const auto e = bytes_from(jwk, "e", 0);
    if (!n || !e || n->empty() || e->empty() || n->size() > kMostRsaBits / 8 || e->size() > 8) return nullptr;
    const Number modulus(BN_bin2bn(bytes_of(*n), static_cast<int>(n->size()), nullptr));
    const Number exponent(BN_bin2bn(bytes_of(*e), static_cast<int>(e->size()), nullptr));
    const Builder builder(OSSL_PARAM_BLD_new());
    if (!modulus || !exponent || !builder || BN_num_bits(modulus.get()) < kLeastRsaBits || BN_is_odd(modulus.get()) != 1 ||
        BN_is_odd(exponent.get()) != 1 || BN_is_one(exponent.get()) == 1 ||
        OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get()) != 1 ||
        OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, exponent.get()) != 1)
        return nullptr;
    return from_parameters("RSA", builder.get());
}

std::string raw_number(const BIGNUM* number) {
    std::string bytes(kCoordinate, '\0');
    if (BN_bn2binpad(number, bytes_of(bytes), static_cast<int>(bytes.size())) < 0)
        throw std::runtime_error("sign: number too large");
    return bytes;
}

// OpenSSL reads and writes ECDSA signatures in DER, JWS as both numbers one after the other, 64 bytes.
std::optional<std::string> der_from(std::string_view raw) {
    if (raw.size() != 2 * kCoordinate) return std::nullopt;
    const Signature signature(ECDSA_SIG_new());
    Number r(BN_bin2bn(bytes_of(raw), kCoordinate, nullptr));
    Number s(BN_bin2bn(bytes_of(raw) + kCoordinate, kCoordinate, nullptr));
    if (!signature || !r || !s || ECDSA_SIG_set0(signature.get(), r.get(), s.get()) != 1) return std::nullopt;
    static_cast<void>(r.release());  // They belong to the signature now.
    static_cast<void>(s.release());
    unsigned char* der = nullptr;
    const int size = i2d_ECDSA_SIG(signature.get(), &der);
    if (size <= 0) return std::nullopt;
    std::string result(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
    OPENSSL_free(der);
    return result;
}

std::string raw_from(const std::string& der) {
    const unsigned char* at = bytes_of(std::string_view(der));
    const Signature signature(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())));
    if (!signature) throw std::runtime_error("sign: OpenSSL gave no ECDSA signature");
    return raw_number(ECDSA_SIG_get0_r(signature.get())) + raw_number(ECDSA_SIG_get0_s(signature.get()));
}

// Of RFC 7638: the required members alone, in lexicographic order, without white space.
std::string thumbprint(const nlohmann::json& jwk) {
    nlohmann::json required;
    for (const char* const name : {"crv", "kty", "x", "y"}) {
        if (jwk.contains(name)) required[name] = jwk[name];
    }
    const std::string text = required.dump();
    std::string digest(SHA256_DIGEST_LENGTH, '\0');
    SHA256(bytes_of(std::string_view(text)), text.size(), bytes_of(digest));
    return base64url(digest);
}

nlohmann::json number_of(const EVP_PKEY* key, const char* parameter, int size) {
    BIGNUM* number = nullptr;
    if (EVP_PKEY_get_bn_param(key, parameter, &number) != 1) throw std::runtime_error("key: no public half");
    const Number owner(number);
    std::string bytes(static_cast<std::size_t>(size == 0 ? BN_num_bytes(number) : size), '\0');
    BN_bn2binpad(number, bytes_of(bytes), static_cast<int>(bytes.size()));
    return base64url(bytes);
}

const EVP_MD* digest_for(Algorithm algorithm) {
    return algorithm == Algorithm::EdDsa ? nullptr : EVP_sha256();
}

}  // namespace

std::string_view to_string(Algorithm algorithm) {
    switch (algorithm) {
        case Algorithm::EdDsa:
            return "EdDSA";
        case Algorithm::Es256:
            return "ES256";
        case Algorithm::Rs256:
            break;
    }
    return "RS256";
}

std::shared_ptr<const KeySet::Key> KeySet::Key::from_jwk(const nlohmann::json& jwk) {
    if (!jwk.is_object()) return nullptr;
    auto result = std::make_shared<Key>();
    result->kid = text_of(jwk, "kid");
    const std::string type = text_of(jwk, "kty");
    if (type == "OKP") {
        result->algorithm = Algorithm::EdDsa;
        result->key = ed25519_key(jwk);
    } else if (type == "EC") {
        result->algorithm = Algorithm::Es256;
        result->key = p256_key(jwk);
    } else if (type == "RSA") {
        result->algorithm = Algorithm::Rs256;
        result->key = rsa_key(jwk);
    }
    const bool other_use = jwk.contains("use") && jwk["use"] != "sig";
    const bool other_algorithm = jwk.contains("alg") && jwk["alg"] != to_string(result->algorithm);
    if (!result->key || result->kid.empty() || other_use || other_algorithm) return nullptr;
    return result;
}

std::shared_ptr<const KeySet::Key> KeySet::Key::from_private(EvpKey key) {
    auto result = std::make_shared<Key>();
    if (EVP_PKEY_get_base_id(key.get()) == EVP_PKEY_ED25519) {
        result->algorithm = Algorithm::EdDsa;
    } else if (char group[32] = {}; EVP_PKEY_get_base_id(key.get()) == EVP_PKEY_EC &&
                                    EVP_PKEY_get_group_name(key.get(), group, sizeof group, nullptr) == 1 &&
                                    std::string_view(group) == "prime256v1") {
        result->algorithm = Algorithm::Es256;
    } else {
        throw std::runtime_error("neither Ed25519 nor P-256");
    }
    result->key = std::move(key);
    result->kid = thumbprint(result->jwk());
    return result;
}

nlohmann::json KeySet::Key::jwk() const {
    nlohmann::json jwk{{"kid", kid}, {"alg", to_string(algorithm)}, {"use", "sig"}};
    if (algorithm == Algorithm::EdDsa) {
        std::string x(kCoordinate, '\0');
        std::size_t size = x.size();
        if (EVP_PKEY_get_raw_public_key(key.get(), bytes_of(x), &size) != 1) throw std::runtime_error("key: no public half");
        jwk.update({{"kty", "OKP"}, {"crv", "Ed25519"}, {"x", base64url(x)}});
    } else if (algorithm == Algorithm::Es256) {
        jwk.update({{"kty", "EC"},
                    {"crv", "P-256"},
                    {"x", number_of(key.get(), OSSL_PKEY_PARAM_EC_PUB_X, kCoordinate)},
                    {"y", number_of(key.get(), OSSL_PKEY_PARAM_EC_PUB_Y, kCoordinate)}});
    } else {
        jwk.update({{"kty", "RSA"},
                    {"n", number_of(key.get(), OSSL_PKEY_PARAM_RSA_N, 0)},
                    {"e", number_of(key.get(), OSSL_PKEY_PARAM_RSA_E, 0)}});
    }
    return jwk;
}

bool KeySet::Key::verifies(std::string_view signed_text, std::string_view signature) const {
    std::optional<std::string> der;
    if (algorithm == Algorithm::Es256) {
        der = der_from(signature);
        if (!der) return false;
        signature = *der;
    }
    const DigestContext context(EVP_MD_CTX_new());
    return context && EVP_DigestVerifyInit(context.get(), nullptr, digest_for(algorithm), nullptr, key.get()) == 1 &&
           EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(), bytes_of(signed_text), signed_text.size()) == 1;
}

std::string KeySet::Key::signature_of(std::string_view text) const {
    const DigestContext context(EVP_MD_CTX_new());
    std::size_t size = 0;
    if (!context || EVP_DigestSignInit(context.get(), nullptr, digest_for(algorithm), nullptr, key.get()) != 1 ||
        EVP_DigestSign(context.get(), nullptr, &size, bytes_of(text), text.size()) != 1)
        throw std::runtime_error("sign: OpenSSL refused the key");
    std::string signature(size, '\0');
    if (EVP_DigestSign(context.get(), bytes_of(signature), &size, bytes_of(text), text.size()) != 1)
        throw std::runtime_error("sign: OpenSSL failed");
    signature.resize(size);
    return algorithm == Algorithm::Es256 ? raw_from(signature) : signature;
}

}  // namespace identity
