#include "reconcile/credentials.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <stdexcept>

namespace reconcile {
namespace {

const RootKey kRoot = RootKey::decode(std::string(63, '0') + "1");

TEST(RootKey, HasTwoHundredAndFiftySixRandomBits) {
    std::set<std::string> seen;
    for (int round = 0; round < 100; ++round) seen.insert(RootKey::generate().encoded());
    EXPECT_EQ(seen.size(), 100U);
    EXPECT_EQ(seen.begin()->size(), 64U);
}

TEST(RootKey, SurvivesBeingStored) {
    const RootKey root = RootKey::generate();
    EXPECT_EQ(RootKey::decode(root.encoded()).credential("x"), root.credential("x"));
}

TEST(RootKey, RefusesATextThatIsNone) {
    EXPECT_THROW(RootKey::decode("abc"), BadRootKey);
    EXPECT_THROW(RootKey::decode(std::string(64, 'g')), BadRootKey);
}

// The expected value is RFC 5869's construction computed with an independent implementation (Python's hmac).
TEST(RootKey, DerivesByHkdfSha256) {
    EXPECT_EQ(kRoot.credential("postgres"), "bbe309e2bb5517b8bc3d6339ef46edd60a595a38644e619ff8f01112934cb1d6");
}

TEST(RootKey, GivesEachNameItsOwnCredential) {
    EXPECT_NE(kRoot.credential("postgres"), kRoot.credential("redis"));
    EXPECT_EQ(kRoot.credential("postgres").size(), 64U);
}

TEST(RootKey, WritesAPrivateKeyAsPem) {
    EXPECT_THAT(kRoot.ed25519_key("token"), testing::StartsWith("-----BEGIN PRIVATE KEY-----\n"));
    EXPECT_EQ(kRoot.ed25519_key("token"), kRoot.ed25519_key("token"));
}

TEST(RootKey, ShowsAFingerprintThatHoldsNothingOfTheKey) {
    EXPECT_EQ(kRoot.fingerprint().size(), 32U);
    EXPECT_EQ(kRoot.encoded().find(kRoot.fingerprint().substr(0, 8)), std::string::npos);
}

TEST(Fill, PutsCredentialsIntoATemplate) {
    EXPECT_EQ(fill("redis://catalog:${redis}@host/$$0", kRoot), "redis://catalog:" + kRoot.credential("redis") + "@host/$0");
    EXPECT_EQ(fill("${token:ed25519}", kRoot), kRoot.ed25519_key("token"));
}

TEST(Fill, RefusesAMalformedTemplate) {
    EXPECT_THROW(fill("$x", kRoot), std::invalid_argument);
    EXPECT_THROW(fill("${x", kRoot), std::invalid_argument);
    EXPECT_THROW(fill("${x:rsa}", kRoot), std::invalid_argument);
}

TEST(DigestOf, ChangesWithTheTemplateAndWithTheKeyAlone) {
    resources::SecretTemplate secret{"shop-redis", "redis", {{"password", "${redis}"}}, true};
    const std::string digest = digest_of(secret, "a");
    EXPECT_EQ(digest_of(secret, "a"), digest);
    EXPECT_NE(digest_of(secret, "b"), digest);
    secret.files["password"] = "${other}";
    EXPECT_NE(digest_of(secret, "a"), digest);
}

}  // namespace
}  // namespace reconcile
