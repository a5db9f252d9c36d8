// PURE: the certificate that an Ingress shows to customers, as its Secret holds it.
#pragma once

#include <optional>
#include <string>

#include "common/base/clock.h"
#include "kube/object.h"
#include "quality/observed.h"

namespace reconcile {

struct Certificate {
    base::WallTime from{};
    base::WallTime until{};
    bool is_for_host = false;
};

// What a Secret of TLS holds. Of the key it is only kept whether it will do.
struct TlsPair {
    std::string chain{};     // What stands under tls.crt; empty where there is nothing.
    std::string key_flaw{};  // As quality::Certificate has it, of what stands under tls.key.

    friend bool operator==(const TlsPair&, const TlsPair&) = default;
};
TlsPair tls_pair_in(const kube::Json& secret);

// The first of a chain in PEM, which is the server's own; nothing where there is none.
std::optional<Certificate> read_certificate(const std::string& chain, const std::string& host);

quality::Certificate observed(const std::optional<Certificate>& certificate, const std::string& host, base::WallTime now);
// When observed() will say something else, if ever.
std::optional<base::WallTime> next_turn(const Certificate& certificate, base::WallTime now);

struct CertificateSeen {
    quality::Certificate observed;
    std::optional<base::WallTime> turn{};  // When that will be something else by the passing of time alone.
};

// `pair` null: the Secret does not exist.
CertificateSeen look_at_certificate(const TlsPair* pair, const std::string& host, base::WallTime now);

}  // namespace reconcile
