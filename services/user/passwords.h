// Hashes of passwords: Argon2id for new ones; bcrypt of accounts that came from elsewhere is accepted.
#pragma once

#include <cstddef>
#include <string>

namespace user {

// In characters; NIST SP 800-63B asks for at least 8 and to accept at least 64.
inline constexpr std::size_t kShortestPassword = 8;
inline constexpr std::size_t kLongestPassword = 128;

// "$argon2id$v=19$m=19456,t=2,p=1$…", with a salt of its own. Takes 19 MiB for the time that it takes.
std::string hash_of(const std::string& password);

// Whether the password is that of the hash: Argon2id, or bcrypt ($2a$, $2b$, $2y$, of a cost up to 14). False for any other text.
bool matches(const std::string& password, const std::string& hash);

// Whether the hash should be replaced by a new one at the next login.
bool is_outdated(const std::string& hash);

// Of no password, for accounts that do not exist: they take the same time as others.
const std::string& nobodys_hash();

// Gives the memory that hashing took back to the system each time, instead of keeping it for the next.
void return_hash_memory();

}  // namespace user
