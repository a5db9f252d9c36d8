// Keys and tokens for the tests of identity, well-formed ones and forged ones.
#pragma once

#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "common/identity/token.h"

namespace identity_test {

inline constexpr base::WallTime kNow{std::chrono::seconds{1'800'000'000}};
inline constexpr std::int64_t kSeconds = 1'800'000'000;

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
inline Key ed25519() {
    return {EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"), EVP_PKEY_free};
}
inline Key p256() {
    return {EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"), EVP_PKEY_free};
}
inline Key rsa(std::size_t bits) {
    return {EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", bits), EVP_PKEY_free};
}

// A folder of key files that goes with it.
class Folder {
public:
    Folder() {
        std::string name = "/tmp/identity-XXXXXX";
        path_ = mkdtemp(name.data());
    }
    ~Folder() { std::filesystem::remove_all(path_); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    const std::string& path() const { return path_; }
    // Written so long before kNow.
    void add(const std::string& name, const Key& key, std::chrono::seconds age) const {
        const std::string file = path_ + "/" + name;
        std::FILE* out = std::fopen(file.c_str(), "w");
        PEM_write_PrivateKey(out, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
        std::fclose(out);
        const timespec at{kSeconds - age.count(), 0};
        const timespec times[] = {at, at};
        utimensat(AT_FDCWD, file.c_str(), times, 0);
    }

private:
    std::string path_;
};

inline identity::Signer signer_of(const Key& key) {
    const Folder folder;
    folder.add("a.pem", key, std::chrono::hours{1});
    return identity::Signer::from_folder(folder.path(), kNow);
}

inline identity::Claims claims() {
    return {"0190c0de-0000-7000-8000-000000000001",
            "0190c0de-0000-7000-8000-000000000002",
            "shop",
            "api",
            kSeconds,
            kSeconds,
            kSeconds + 900};
}

inline nlohmann::json claims_json() {
    return {{"iss", "shop"},   {"aud", "api"},    {"sub", claims().subject}, {"sid", claims().session},
            {"iat", kSeconds}, {"nbf", kSeconds}, {"exp", kSeconds + 900}};
}

inline std::string public_key_of(const Key& key) {
    std::string raw(32, '\0');
    std::size_t size = raw.size();
    EVP_PKEY_get_raw_public_key(key.get(), reinterpret_cast<unsigned char*>(raw.data()), &size);
    return raw;
}

inline std::string public_pem(const Key& key) {
    const std::unique_ptr<BIO, decltype(&BIO_free)> memory(BIO_new(BIO_s_mem()), BIO_free);
    PEM_write_bio_PUBKEY(memory.get(), key.get());
    char* data = nullptr;
    const long size = BIO_get_mem_data(memory.get(), &data);
    return {data, static_cast<std::size_t>(size)};
}

// As OpenSSL signs: DER where the key is an EC one.
inline std::string openssl_signature(const Key& key, const std::string& text) {
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    const EVP_MD* digest = EVP_PKEY_get_base_id(key.get()) == EVP_PKEY_ED25519 ? nullptr : EVP_sha256();
    EVP_DigestSignInit(context.get(), nullptr, digest, nullptr, key.get());
    std::size_t size = 0;
    const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
    EVP_DigestSign(context.get(), nullptr, &size, bytes, text.size());
    std::string signature(size, '\0');
    EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size, bytes, text.size());
    signature.resize(size);
    return signature;
}

inline std::string hmac(const std::string& key, const std::string& text) {
    unsigned char mac[32];
    unsigned int size = sizeof mac;
    HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(text.data()), text.size(),
         mac, &size);
    return {reinterpret_cast<const char*>(mac), size};
}

inline std::string unsigned_part(const std::string& header, const std::string& body) {
    return identity::base64url(header) + '.' + identity::base64url(body);
}

// A token with any header and body, signed by that key's own way (EdDSA and RS256, not ES256).
inline std::string forged(const Key& key, const std::string& header, const std::string& body) {
    const std::string text = unsigned_part(header, body);
    return text + '.' + identity::base64url(openssl_signature(key, text));
}

}  // namespace identity_test
