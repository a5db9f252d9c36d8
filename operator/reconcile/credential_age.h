// PURE: how old a platform's generated credentials are, and when a step is due that brings new ones. Kept as an annotation of the
// Secrets that hold the root key, so that it lives as long as the credentials do.
#pragma once

#include <optional>
#include <string>

#include "api/platform.h"
#include "common/base/clock.h"
#include "quality/observed.h"
#include "resources/rotation.h"

namespace reconcile {

struct CredentialAge {
    resources::Rotation rotation{};
    base::WallTime made{};     // When the newest credentials were,
    base::WallTime before{};   // and the ones before; only while those are still accepted.
    base::WallTime stepped{};  // When the last step was taken.
    std::string request;       // Digest of the last value of the platform's annotation that was followed; empty: there was none.

    // Of credentials that are being made.
    static CredentialAge of_new(const api::Platform& platform, base::WallTime now);
    // Nothing where the text is none of encoded().
    static std::optional<CredentialAge> decode(const std::string& text);
    std::string encoded() const;

    friend bool operator==(const CredentialAge&, const CredentialAge&) = default;
};

// As the platform's status last told; nothing where it never did.
std::optional<CredentialAge> reported_age(const api::Platform& platform);

// Of what two Secrets say, who may have been written one after the other: what is further on; of the same step, what is older.
std::optional<CredentialAge> later(const std::optional<CredentialAge>& a, const std::optional<CredentialAge>& b);

// When the next step is due, at the earliest; nothing: no step is asked for.
std::optional<base::WallTime> next_step(const CredentialAge& age, const api::Platform& platform);
// What it leads to. Must only be taken while every pod runs as declared, so that each uses what is to go on being accepted.
CredentialAge stepped(const CredentialAge& age, const api::Platform& platform, base::WallTime now);

// When the oldest that are accepted exceed the spec's maximum; nothing: it sets none.
std::optional<base::WallTime> too_old_at(const CredentialAge& age, const api::Platform& platform);
quality::Credentials observed(const CredentialAge& age, const api::Platform& platform, base::WallTime now);

// What a step has led to, for an Event.
std::string in_words(const resources::Rotation& rotation);

}  // namespace reconcile
