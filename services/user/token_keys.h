// The keys that sign access tokens, as their folder has them now, and the check of tokens by them.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/identity/token.h"
#include "common/identity/token_cache.h"

namespace user {

class TokenKeys {
public:
    // Throws std::runtime_error where the folder has no usable key.
    TokenKeys(std::string folder, base::Log log);

    // Reads the folder again: keys come and go, and a key that was too fresh to sign grows older. What can't be read leaves what
    // was there before.
    void refresh();

    std::string sign(const std::string& user, const std::string& session) const;
    identity::Verified verify(std::string_view token);
    std::string jwks() const;  // JSON text.

private:
    struct State {
        identity::Signer signer;
        std::string jwks;
    };
    std::shared_ptr<const State> state() const;

    const std::string folder_;
    base::Log log_;
    mutable std::mutex mutex_;
    std::shared_ptr<const State> state_;
    identity::CachedVerifier verifier_;
};

}  // namespace user
