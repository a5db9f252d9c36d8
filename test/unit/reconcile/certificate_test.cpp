// What is said of a certificate as its time goes by, and of what is none.
#include "reconcile/certificate.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "client/base64.h"
#include "unit/client/certificates.h"

using namespace std::chrono_literals;
using testing::HasSubstr;

namespace reconcile {
namespace {

constexpr const char* kHost = "shop.example.com";

std::string chain(const std::string& common_name, const std::string& names) {
    const client::test::Authority authority;
    return authority.issue(common_name, names).cert_pem + authority.pem();
}

TEST(CertificateTest, IsFlawlessUntilItShouldHaveBeenRenewed) {
    const auto read = read_certificate(chain("any", "DNS:shop.example.com"), kHost);
    ASSERT_TRUE(read);
    const auto life = read->until - read->from;
    const auto said = [&](base::WallTime now) { return observed(read, kHost, now).flaw; };
    EXPECT_THAT(said(read->from - 1s), HasSubstr("not valid before " + base::rfc3339(read->from)));
    EXPECT_EQ(said(read->from), "");
    EXPECT_EQ(said(read->until - life / 6 - 1s), "");
    EXPECT_THAT(said(read->until - life / 6), HasSubstr("should have been renewed"));
    EXPECT_THAT(said(read->until), HasSubstr("was valid until " + base::rfc3339(read->until)));
    EXPECT_EQ(observed(read, kHost, read->from).until, base::rfc3339(read->until));

    EXPECT_EQ(next_turn(*read, read->from - 1s), read->from);
    EXPECT_EQ(next_turn(*read, read->from), read->until - life / 6);
    EXPECT_EQ(next_turn(*read, read->until - life / 6), read->until);
    EXPECT_EQ(next_turn(*read, read->until), std::nullopt);
}

TEST(CertificateTest, MustBeForTheHostByItsAlternativeNames) {
    const auto is_for_host = [](const std::string& common_name, const std::string& names) {
        return read_certificate(chain(common_name, names), kHost)->is_for_host;
    };
    EXPECT_TRUE(is_for_host("any", "DNS:www.example.com,DNS:shop.example.com"));
    EXPECT_TRUE(is_for_host("any", "DNS:*.example.com"));
    EXPECT_FALSE(is_for_host("any", "DNS:example.com"));
    EXPECT_FALSE(is_for_host("any", "DNS:*.com"));
    EXPECT_FALSE(is_for_host(kHost, "")) << "browsers do not look at the subject";
    const auto other = read_certificate(chain("any", "DNS:example.com"), kHost);
    EXPECT_THAT(observed(other, kHost, other->from).flaw, HasSubstr("not for shop.example.com"));
}

TEST(CertificateTest, IsNoOtherText) {
    for (const std::string text : {"", "x", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"}) {
        EXPECT_FALSE(read_certificate(text, kHost)) << text;
    }
    std::string encrypted = chain("any", "DNS:shop.example.com");
    encrypted.insert(encrypted.find('\n') + 1,
                     "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00000000000000000000000000000000\n\n");
    EXPECT_FALSE(read_certificate(encrypted, kHost));
    EXPECT_THAT(observed(std::nullopt, kHost, {}).flaw, HasSubstr("no certificate under tls.crt"));
}

TEST(CertificateTest, IsLookedAtOnceForWhatIsSaidAndUntilWhen) {
    TlsPair pair{chain("any", "DNS:shop.example.com")};
    const auto read = read_certificate(pair.chain, kHost);
    const CertificateSeen seen = look_at_certificate(&pair, kHost, read->from);
    EXPECT_EQ(seen.observed.flaw, "");
    EXPECT_EQ(seen.turn, next_turn(*read, read->from));

    pair.key_flaw = "has a bad key";
    EXPECT_EQ(look_at_certificate(&pair, kHost, read->from).observed.flaw, "has a bad key");
    EXPECT_THAT(look_at_certificate(&pair, "else", read->from).observed.flaw, HasSubstr("not for else"));

    const TlsPair nothing{.key_flaw = "holds no key under tls.key that can be read"};
    EXPECT_THAT(look_at_certificate(&nothing, kHost, {}).observed.flaw, HasSubstr("no certificate under tls.crt"));
    EXPECT_EQ(look_at_certificate(&nothing, kHost, {}).turn, std::nullopt);
    EXPECT_EQ(look_at_certificate(nullptr, kHost, {}).observed.flaw, "does not exist");
}

TEST(CertificateTest, IsTakenFromItsSecret) {
    EXPECT_EQ(tls_pair_in({{"data", {{"tls.crt", client::base64_encode("PEM")}, {"tls.key", "x"}}}}).chain, "PEM");
    EXPECT_EQ(tls_pair_in({{"data", {{"tls.crt", "?"}}}}).chain, "");
    EXPECT_EQ(tls_pair_in({{"data", {{"tls.crt", 1}}}}).chain, "");
    EXPECT_EQ(tls_pair_in({{"metadata", {{"name", "shop-tls"}}}}).chain, "");
}

TEST(CertificateTest, MustHaveItsOwnKey) {
    const client::test::Authority authority;
    const auto [certificate, key] = authority.issue("any", "DNS:shop.example.com");
    const auto flaw_with = [&](const std::string& chain, const std::string& other_key) {
        return tls_pair_in({{"data", {{"tls.crt", client::base64_encode(chain)}, {"tls.key", client::base64_encode(other_key)}}}})
            .key_flaw;
    };
    EXPECT_EQ(flaw_with(certificate + authority.pem(), key), "");
    EXPECT_EQ(flaw_with(certificate, authority.issue("other", "").key_pem), "has a key that does not belong to its certificate");
    const std::string unread = "holds no key under tls.key that can be read";
    EXPECT_EQ(flaw_with(certificate, ""), unread);
    EXPECT_EQ(flaw_with(certificate, certificate), unread);
    EXPECT_EQ(flaw_with(certificate, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"), unread);
    EXPECT_EQ(tls_pair_in({{"data", {{"tls.crt", client::base64_encode(certificate)}}}}).key_flaw, unread);
    EXPECT_EQ(flaw_with("no certificate", key), "") << "that is told already";
}

}  // namespace
}  // namespace reconcile
