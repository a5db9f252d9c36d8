// Through OpenSSL.
#include "reconcile/certificate.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <chrono>
#include <ctime>
#include <memory>

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

}  // namespace

std::string chain_in(const kube::Json& secret) {
    return client::base64_decode(kube::string_at(secret, {"data", "tls.crt"})).value_or("");
}

std::optional<Certificate> read_certificate(const std::string& chain, const std::string& host) {
    const std::unique_ptr<BIO, decltype(&BIO_free)> text(BIO_new_mem_buf(chain.data(), static_cast<int>(chain.size())), BIO_free);
    char password[] = "";  // Or else someone would be asked for it.
    const std::unique_ptr<X509, decltype(&X509_free)> first(PEM_read_bio_X509(text.get(), nullptr, nullptr, password), X509_free);
    if (!first) {
        ERR_clear_error();
        return std::nullopt;
    }
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

CertificateSeen look_at_certificate(const std::string* chain, const std::string& host, base::WallTime now) {
    if (!chain) return {.observed = {.flaw = "does not exist"}};
    const std::optional<Certificate> certificate = read_certificate(*chain, host);
    return {.observed = observed(certificate, host, now), .turn = certificate ? next_turn(*certificate, now) : std::nullopt};
}

}  // namespace reconcile
