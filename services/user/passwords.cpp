// Argon2id by libargon2, bcrypt by libxcrypt.
#include "user/passwords.h"

#include <argon2.h>
#include <crypt.h>
#include <malloc.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <array>
#include <memory>
#include <stdexcept>
#include <string_view>

namespace user {
namespace {

// The OWASP Password Storage Cheat Sheet's parameters for Argon2id.
constexpr std::uint32_t kMemory = 19'456;  // KiB
constexpr std::uint32_t kPasses = 2;
constexpr std::uint32_t kLanes = 1;
constexpr std::string_view kPrefix = "$argon2id$v=19$m=19456,t=2,p=1$";
constexpr std::size_t kSalt = 16;
constexpr std::size_t kHash = 32;

constexpr std::size_t kBcryptLength = 60;
constexpr int kHighestCost = 14;  // A second or so; a hash of a higher one would hold up everybody else's logins.

bool is_bcrypt(std::string_view hash) {
    const auto digit = [&](std::size_t at) { return hash[at] >= '0' && hash[at] <= '9'; };
    if (hash.size() != kBcryptLength || !(hash.starts_with("$2a$") || hash.starts_with("$2b$") || hash.starts_with("$2y$")) ||
        !digit(4) || !digit(5) || hash[6] != '$')
        return false;
    return (hash[4] - '0') * 10 + (hash[5] - '0') <= kHighestCost;
}

bool matches_bcrypt(const std::string& password, const std::string& hash) {
    const auto work = std::make_unique<crypt_data>();  // 32 KiB, more than a stack should hold by the way.
    const char* const made = crypt_r(password.c_str(), hash.c_str(), work.get());
    return made != nullptr && std::string_view(made).size() == hash.size() && CRYPTO_memcmp(made, hash.data(), hash.size()) == 0;
}

}  // namespace

std::string hash_of(const std::string& password) {
    std::array<unsigned char, kSalt> salt{};
    if (RAND_bytes(salt.data(), static_cast<int>(salt.size())) != 1) throw std::runtime_error("no random bytes for a salt");
    std::string encoded(argon2_encodedlen(kPasses, kMemory, kLanes, kSalt, kHash, Argon2_id), '\0');
    const int error = argon2id_hash_encoded(kPasses, kMemory, kLanes, password.data(), password.size(), salt.data(), salt.size(),
                                            kHash, encoded.data(), encoded.size());
    if (error != ARGON2_OK) throw std::runtime_error(std::string("Argon2id: ") + argon2_error_message(error));
    encoded.resize(encoded.find('\0'));
    return encoded;
}

bool matches(const std::string& password, const std::string& hash) {
    if (hash.starts_with("$argon2id$")) {
        const int result = argon2id_verify(hash.c_str(), password.data(), password.size());
        if (result == ARGON2_MEMORY_ALLOCATION_ERROR) throw std::bad_alloc();
        return result == ARGON2_OK;
    }
    return is_bcrypt(hash) && matches_bcrypt(password, hash);
}

bool is_outdated(const std::string& hash) {
    return !hash.starts_with(kPrefix);
}

const std::string& nobodys_hash() {
    // Any 32 bytes will do: no password that hashes to them is known.
    static const std::string hash = std::string(kPrefix) + "c29tZSBzYWx0IGZvciBubw$AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
    return hash;
}

// glibc raises the threshold above which it maps and unmaps to the size of what was freed; then 19 MiB would stay.
void return_hash_memory() {
    mallopt(M_MMAP_THRESHOLD, 1024 * 1024);
}

}  // namespace user
