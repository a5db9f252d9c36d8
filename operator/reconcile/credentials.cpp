#include "reconcile/credentials.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/pem.h>
#include <openssl/rand.h>

#include <memory>
#include <vector>

#include "api/names.h"
#include "client/base64.h"

namespace reconcile {

namespace {

constexpr std::string_view kKeyField = "key";
constexpr std::string_view kComponent = "credentials";
constexpr const char* kRule = "must be 64 hexadecimal digits, 0 to 9 and a to f";

struct Free {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
    void operator()(EVP_PKEY_CTX* context) const { EVP_PKEY_CTX_free(context); }
    void operator()(BIO* bio) const { BIO_free_all(bio); }
};

void require(bool worked, const char* what) {
    if (!worked) throw std::runtime_error(std::string("OpenSSL could not ") + what);
}

std::string hex(const unsigned char* bytes, std::size_t count) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string text;
    text.reserve(count * 2);
    for (std::size_t index = 0; index < count; ++index) {
        text += kDigits[bytes[index] >> 4U];
        text += kDigits[bytes[index] & 15U];
    }
    return text;
}

// 128 bits are enough to tell texts apart.
std::string short_sha256(const std::string& text) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    require(EVP_Digest(text.data(), text.size(), digest.data(), nullptr, EVP_sha256(), nullptr) == 1, "compute SHA-256");
    return hex(digest.data(), 16);
}

int digit(char character) {
    if (character >= '0' && character <= '9') return character - '0';
    if (character >= 'a' && character <= 'f') return character - 'a' + 10;
    throw BadRootKey(kRule);
}

kube::Object annotated(const api::Platform& platform, const resources::SecretTemplate& secret,
                       const std::string& root_fingerprint) {
    kube::Object object = resources::secret_object(platform, secret.name, secret.component, secret.retained);
    object["metadata"]["annotations"][std::string(api::kDigestAnnotation)] = digest_of(secret, root_fingerprint);
    return object;
}

}  // namespace

RootKey RootKey::generate() {
    RootKey root;
    require(RAND_priv_bytes(root.key_.data(), static_cast<int>(root.key_.size())) == 1, "generate a root key");
    return root;
}

RootKey RootKey::decode(const std::string& encoded) {
    RootKey root;
    if (encoded.size() != root.key_.size() * 2) throw BadRootKey(kRule);
    for (std::size_t index = 0; index < root.key_.size(); ++index) {
        root.key_[index] = static_cast<unsigned char>(digit(encoded[2 * index]) * 16 + digit(encoded[2 * index + 1]));
    }
    return root;
}

RootKey::~RootKey() {
    OPENSSL_cleanse(key_.data(), key_.size());
}

std::string RootKey::encoded() const {
    return hex(key_.data(), key_.size());
}

std::string RootKey::fingerprint() const {
    return short_sha256("ecommerceplatform.io/root-key/" + encoded());
}

std::array<unsigned char, 32> RootKey::bytes(const std::string& name) const {
    const std::string info = "ecommerceplatform.io/credential/" + name;
    const std::unique_ptr<EVP_PKEY_CTX, Free> context(EVP_PKEY_CTX_new_id(EVP_PKEY_HKDF, nullptr));
    std::array<unsigned char, 32> result{};
    std::size_t size = result.size();
    require(context && EVP_PKEY_derive_init(context.get()) == 1 && EVP_PKEY_CTX_set_hkdf_md(context.get(), EVP_sha256()) == 1 &&
                EVP_PKEY_CTX_set1_hkdf_key(context.get(), key_.data(), static_cast<int>(key_.size())) == 1 &&
                EVP_PKEY_CTX_add1_hkdf_info(context.get(), reinterpret_cast<const unsigned char*>(info.data()),
                                            static_cast<int>(info.size())) == 1 &&
                EVP_PKEY_derive(context.get(), result.data(), &size) == 1,
            "derive a credential");
    return result;
}

std::string RootKey::credential(const std::string& name) const {
    const std::array<unsigned char, 32> derived = bytes(name);
    return hex(derived.data(), derived.size());
}

std::string RootKey::ed25519_key(const std::string& name) const {
    const std::array<unsigned char, 32> seed = bytes(name);
    const std::unique_ptr<EVP_PKEY, Free> key(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed.data(), seed.size()));
    const std::unique_ptr<BIO, Free> bio(BIO_new(BIO_s_mem()));
    require(key && bio && PEM_write_bio_PrivateKey(bio.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1,
            "write a private key");
    char* text = nullptr;
    const long size = BIO_get_mem_data(bio.get(), &text);
    return {text, static_cast<std::size_t>(size)};
}

std::string fill(const std::string& text, const RootKey& root) {
    std::string result;
    for (std::size_t position = 0; position < text.size();) {
        if (text[position] != '$') {
            result += text[position++];
        } else if (text.compare(position, 2, "$$") == 0) {
            result += '$';
            position += 2;
        } else {
            const std::size_t end = text.find('}', position);
            if (text.compare(position, 2, "${") != 0 || end == std::string::npos) {
                throw std::invalid_argument("a Secret's template has a $ that starts nothing");
            }
            const std::string reference = text.substr(position + 2, end - position - 2);
            const std::size_t colon = reference.find(':');
            const std::string name = reference.substr(0, colon);
            const std::string form = colon == std::string::npos ? "" : reference.substr(colon + 1);
            if (!form.empty() && form != "ed25519")
                throw std::invalid_argument("a Secret's template has an unknown form: " + form);
            result += form.empty() ? root.credential(name) : root.ed25519_key(name);
            position = end + 1;
        }
    }
    return result;
}

std::string digest_of(const resources::SecretTemplate& secret, const std::string& root_fingerprint) {
    return short_sha256(root_fingerprint + kube::Json(secret.files).dump());
}

kube::Object filled(const api::Platform& platform, const resources::SecretTemplate& secret, const RootKey& root) {
    kube::Object object = annotated(platform, secret, root.fingerprint());
    for (const auto& [file, text] : secret.files) object["data"][file] = client::base64_encode(fill(text, root));
    return object;
}

kube::Object unfilled(const api::Platform& platform, const resources::SecretTemplate& secret,
                      const std::string& root_fingerprint) {
    kube::Object object = annotated(platform, secret, root_fingerprint);
    for (const auto& [file, text] : secret.files) object["data"][file] = nullptr;
    return object;
}

std::array<std::string, 2> root_key_names(const api::Platform& platform) {
    return {api::child_name(platform.key.name, "root-key"), api::child_name(platform.key.name, "root-key-copy")};
}

kube::Object root_key_object(const api::Platform& platform, const std::string& name, const std::string& fingerprint,
                             const std::string& age, const RootKey* root) {
    kube::Object object = resources::secret_object(platform, name, std::string(kComponent), true);
    object["metadata"]["annotations"][std::string(api::kDigestAnnotation)] = fingerprint;
    object["metadata"]["annotations"][std::string(api::kAgeAnnotation)] = age;
    object["immutable"] = true;
    kube::Json& value = object["data"][std::string(kKeyField)];
    if (root) value = client::base64_encode(root->encoded());
    return object;
}

std::string root_key_in(const kube::Json& secret) {
    const std::string encoded = kube::string_at(secret, {"data", kKeyField});
    return encoded.empty() ? "" : client::base64_decode(encoded).value_or("");
}

}  // namespace reconcile
