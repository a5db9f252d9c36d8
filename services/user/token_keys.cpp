// Follows the folder of signing keys.
#include "user/token_keys.h"

#include "common/identity/session.h"
#include "user/account_rules.h"

namespace user {
namespace {

identity::Verifier verifier_of(const identity::Signer& signer) {
    return identity::Verifier(signer.public_keys(), {std::string(identity::kIssuer), std::string(identity::kAudience)});
}

base::WallTime wall_now() {
    return base::SystemClock().wall();
}

}  // namespace

TokenKeys::TokenKeys(std::string folder, base::Log log)
    : folder_(std::move(folder)),
      log_(std::move(log)),
      state_([&] {
          identity::Signer signer = identity::Signer::from_folder(folder_, wall_now());
          std::string jwks = signer.public_keys().jwks().dump();
          return std::make_shared<const State>(State{std::move(signer), std::move(jwks)});
      }()),
      verifier_(verifier_of(state_->signer)) {}

void TokenKeys::refresh() {
    try {
        identity::Signer signer = identity::Signer::from_folder(folder_, wall_now());
        const std::shared_ptr<const State> before = state();
        std::string jwks = signer.public_keys().jwks().dump();
        if (jwks == before->jwks && signer.key_id() == before->signer.key_id()) return;
        log_.info("token keys have changed", {{"keys", signer.public_keys().size()}, {"signs", signer.key_id()}});
        verifier_.replace(verifier_of(signer));
        const auto after = std::make_shared<const State>(State{std::move(signer), std::move(jwks)});
        const std::lock_guard lock(mutex_);
        state_ = after;
    } catch (const std::runtime_error& error) {
        log_.error("token keys can't be read; the former ones stay", {{"error", error.what()}});
    }
}

std::string TokenKeys::sign(const std::string& user, const std::string& session) const {
    return state()->signer.sign(claims_of(user, session, wall_now()));
}

identity::Verified TokenKeys::verify(std::string_view token) {
    return verifier_.verify(token, wall_now());
}

std::string TokenKeys::jwks() const {
    return state()->jwks;
}

std::shared_ptr<const TokenKeys::State> TokenKeys::state() const {
    const std::lock_guard lock(mutex_);
    return state_;
}

}  // namespace user
