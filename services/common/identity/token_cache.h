// Tokens that were checked already, so that a busy client's are not checked at each request: a signature costs about 100 µs.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "common/base/clock.h"
#include "common/identity/token.h"

namespace identity {

// A verifier that remembers, by the token's SHA-256 and until it expires. Safe from several threads. Only tokens that were good
// are remembered, at most 2 * `capacity`; those not asked for lately go first. Says nothing of sessions.
class CachedVerifier {
public:
    explicit CachedVerifier(Verifier verifier, std::size_t capacity = 8192);

    Verified verify(std::string_view token, base::WallTime now);
    // Forgets what was checked with keys that are no longer there.
    void replace(Verifier verifier);
    bool has_key(std::string_view kid) const;

private:
    using Digest = std::array<unsigned char, 32>;
    struct Hash {
        std::size_t operator()(const Digest& digest) const;
    };
    using Known = std::unordered_map<Digest, Claims, Hash>;

    const Claims* find(const Digest& digest);
    void remember(const Digest& digest, const Claims& claims);

    const std::size_t capacity_;
    mutable std::mutex mutex_;
    std::shared_ptr<const Verifier> verifier_;
    Known recent_;
    Known older_;
};

}  // namespace identity
