// Remembers checked tokens in two generations: when the younger is full it becomes the older one, which is dropped.
#include "common/identity/token_cache.h"

#include <openssl/sha.h>

#include <cstring>

namespace identity {

CachedVerifier::CachedVerifier(Verifier verifier, std::size_t capacity)
    : capacity_(capacity), verifier_(std::make_shared<const Verifier>(std::move(verifier))) {}

std::size_t CachedVerifier::Hash::operator()(const Digest& digest) const {
    std::size_t hash = 0;
    std::memcpy(&hash, digest.data(), sizeof hash);
    return hash;
}

Verified CachedVerifier::verify(std::string_view token, base::WallTime now) {
    Digest digest;
    SHA256(reinterpret_cast<const unsigned char*>(token.data()), token.size(), digest.data());
    std::shared_ptr<const Verifier> verifier;
    {
        const std::lock_guard lock(mutex_);
        verifier = verifier_;
        if (const Claims* known = find(digest)) {
            const base::WallTime expires{std::chrono::seconds{known->expires}};
            if (now < expires) return {*known, Rejection::Malformed};
        }
    }
    Verified verified = verifier->verify(token, now);
    if (verified.claims) {
        const std::lock_guard lock(mutex_);
        if (verifier == verifier_) remember(digest, *verified.claims);
    }
    return verified;
}

void CachedVerifier::replace(Verifier verifier) {
    const std::lock_guard lock(mutex_);
    const bool same = same_keys(verifier.keys(), verifier_->keys());
    verifier_ = std::make_shared<const Verifier>(std::move(verifier));
    if (same) return;
    recent_.clear();
    older_.clear();
}

bool CachedVerifier::has_key(std::string_view kid) const {
    const std::lock_guard lock(mutex_);
    return verifier_->keys().has(kid);
}

const Claims* CachedVerifier::find(const Digest& digest) {
    if (const auto found = recent_.find(digest); found != recent_.end()) return &found->second;
    const auto found = older_.find(digest);
    if (found == older_.end()) return nullptr;
    const Claims claims = found->second;
    remember(digest, claims);
    return &recent_.find(digest)->second;
}

void CachedVerifier::remember(const Digest& digest, const Claims& claims) {
    if (recent_.size() >= capacity_) {
        older_ = std::move(recent_);
        recent_.clear();
    }
    recent_.insert_or_assign(digest, claims);
}

}  // namespace identity
