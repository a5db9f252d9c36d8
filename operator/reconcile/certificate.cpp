// Through OpenSSL.
#include "reconcile/certificate.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <chrono>
#include <ctime>
#include <memory>
#include <string_view>
#include <utility>

#include "client/base64.h"

namespace reconcile {

namespace {

// cert-manager and most clients of ACME renew when a third of the lifetime is left. Once half of that is over, they fail to.
constexpr int kShareLeft = 6;

base::WallTime time_of(const ASN1_TIME* time) {
    std::tm parts{};
    if (ASN1_TIME_to_tm(time, &parts) != 1) return {};
    return base::WallTime{std::chrono::seconds{timegm(&parts)}};
}

base::WallTime due(const Certificate& certificate) {
    return certificate.until - (certificate.until - certificate.from) / kShareLeft;
}

std::string flaw_of(const Certificate& certificate, const std::string& host, base::WallTime now) {
    if (!certificate.is_for_host) return "holds a certificate that is not for " + host;
    if (now < certificate.from) return "holds a certificate that is not valid before " + base::rfc3339(certificate.from);
    if (now >= certificate.until) return "holds a certificate that was valid until " + base::rfc3339(certificate.until);
    if (now < due(certificate)) return "";
    return "holds a certificate that is valid until " + base::rfc3339(certificate.until) + " and should have been renewed by now";
}

using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;
using Leaf = std::unique_ptr<X509, decltype(&X509_free)>;
using PrivateKey = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

// The first thing of a kind that the text holds in PEM; null where there is none.
template <class Read>
auto* first_in(const std::string& text, Read read) {
    const Bio source(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), BIO_free);
    char password[] = "";  // Or else someone would be asked for it.
    auto* found = read(source.get(), nullptr, nullptr, password);
    ERR_clear_error();
    return found;
}

Leaf leaf_of(const std::string& chain) {
    return {first_in(chain, PEM_read_bio_X509), X509_free};
}

std::string flaw_of_key(const std::string& key, const std::string& chain) {
    const PrivateKey own(first_in(key, PEM_read_bio_PrivateKey), EVP_PKEY_free);
    if (!own) return "holds no key under tls.key that can be read";
    const Leaf leaf = leaf_of(chain);
    const bool fits = !leaf || X509_check_private_key(leaf.get(), own.get()) == 1;
    ERR_clear_error();
    return fits ? "" : "has a key that does not belong to its certificate";
}

std::string text_in(const kube::Json& secret, std::string_view file) {
    return client::base64_decode(kube::string_at(secret, {"data", file})).value_or("");
}

}  // namespace

TlsPair tls_pair_in(const kube::Json& secret) {
    std::string chain = text_in(secret, "tls.crt");
    std::string key_flaw = flaw_of_key(text_in(secret, "tls.key"), chain);
    return {std::move(chain), std::move(key_flaw)};
}

std::optional<Certificate> read_certificate(const std::string& chain, const std::string& host) {
    const Leaf first = leaf_of(chain);
    if (!first) return std::nullopt;
    return Certificate{time_of(X509_get0_notBefore(first.get())), time_of(X509_get0_notAfter(first.get())),
                       X509_check_host(first.get(), host.data(), host.size(), X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, nullptr) == 1};
}

quality::Certificate observed(const std::optional<Certificate>& certificate, const std::string& host, base::WallTime now) {
    if (!certificate) return {.flaw = "holds no certificate under tls.crt"};
    return {.flaw = flaw_of(*certificate, host, now), .until = base::rfc3339(certificate->until)};
}

std::optional<base::WallTime> next_turn(const Certificate& certificate, base::WallTime now) {
    for (const base::WallTime time : {certificate.from, due(certificate), certificate.until}) {
        if (time > now) return time;
    }
    return std::nullopt;
}

CertificateSeen look_at_certificate(const TlsPair* pair, const std::string& host, base::WallTime now) {
    if (!pair) return {.observed = {.flaw = "does not exist"}};
    const std::optional<Certificate> certificate = read_certificate(pair->chain, host);
    CertificateSeen seen{.observed = observed(certificate, host, now)};
    if (certificate) seen.turn = next_turn(*certificate, now);
    if (seen.observed.flaw.empty()) seen.observed.flaw = pair->key_flaw;
    return seen;
}

}  // namespace reconcile
