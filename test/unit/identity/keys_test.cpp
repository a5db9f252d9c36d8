// Key sets, the folder of signing keys, the cache of checked tokens, base64url.
#include "unit/identity/keys.h"

#include <gtest/gtest.h>

#include "common/identity/token_cache.h"

namespace identity {
namespace {

using namespace identity_test;
using namespace std::chrono_literals;
using nlohmann::json;

Verifier verifier_of(const KeySet& keys) {
    return Verifier(keys, {"shop", "api"});
}

TEST(Base64Url, GivesBackWhatWasWritten) {
    for (std::size_t size = 0; size < 70; ++size) {
        std::string bytes;
        for (std::size_t i = 0; i < size; ++i) bytes += static_cast<char>(i * 37 + size);
        EXPECT_EQ(base64url_decoded(base64url(bytes)), bytes);
    }
    EXPECT_EQ(base64url("\xfb\xff"), "-_8");
}

TEST(Base64Url, RefusesEveryOtherSpelling) {
    for (const char* const text : {"A", "AAAAA", "AB", "AAB", "AA==", "AA=", "+A", "/A", "A A", "AA\n", "\xc3\xa4"}) {
        EXPECT_FALSE(base64url_decoded(text)) << text;
    }
    EXPECT_FALSE(base64url_decoded(std::string_view("A\0AA", 4)));
}

TEST(KeySet, ComesThroughItsJsonUnchanged) {
    for (const Key& key : {ed25519(), p256()}) {
        const Signer signer = signer_of(key);
        const auto read = KeySet::from_jwks(signer.public_keys().jwks().dump());
        ASSERT_TRUE(read);
        EXPECT_TRUE(same_keys(*read, signer.public_keys()));
        EXPECT_TRUE(verifier_of(*read).verify(signer.sign(claims()), kNow).claims);
    }
}

TEST(KeySet, SaysNothingOfThePrivateHalf) {
    const json jwk = signer_of(ed25519()).public_keys().jwks()["keys"][0];
    EXPECT_EQ(jwk.size(), 6U);
    EXPECT_FALSE(jwk.contains("d"));
}

// The key and its thumbprint are those of RFC 8037, appendix A.3.
TEST(KeySet, NamesKeysByTheirThumbprint) {
    const std::string secret = *base64url_decoded("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A");
    const Key key{
        EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, reinterpret_cast<const unsigned char*>(secret.data()), 32),
        EVP_PKEY_free};
    const json jwk = signer_of(key).public_keys().jwks()["keys"][0];
    EXPECT_EQ(jwk["x"], "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
    EXPECT_EQ(jwk["kid"], "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
}

TEST(KeySet, LeavesOutWhatItCannotUse) {
    const json good = signer_of(ed25519()).public_keys().jwks()["keys"][0];
    const json curve = signer_of(p256()).public_keys().jwks()["keys"][0];
    const auto usable = [](const json& jwk) { return !KeySet::from_jwks(json{{"keys", {jwk}}}.dump())->empty(); };
    const auto with = [](json jwk, const char* name, const json& value) {
        jwk[name] = value;
        return jwk;
    };
    EXPECT_TRUE(usable(good));
    EXPECT_FALSE(usable(with(good, "use", "enc")));
    EXPECT_FALSE(usable(with(good, "alg", "ES256")));
    EXPECT_FALSE(usable(with(good, "alg", "HS256")));
    EXPECT_FALSE(usable(with(good, "crv", "X25519")));
    EXPECT_FALSE(usable(with(good, "kid", "")));
    EXPECT_FALSE(usable(with(good, "kid", 1)));
    EXPECT_FALSE(usable(with(good, "x", base64url(std::string(31, 'x')))));
    EXPECT_FALSE(usable(with(curve, "x", base64url(std::string(32, 'x')))));  // Not on the curve.
    EXPECT_FALSE(usable(with(curve, "crv", "P-384")));
    EXPECT_FALSE(usable(json{{"kty", "oct"}, {"kid", "a"}, {"k", base64url(std::string(32, 'x'))}}));
    EXPECT_FALSE(usable(json{{"kty", "RSA"}, {"kid", "a"}, {"n", "AQAB"}, {"e", "AQAB"}}));
    EXPECT_FALSE(usable(1));
}

TEST(KeySet, IsNothingOfOtherTexts) {
    for (const char* const text : {"", "[]", "{}", "null", R"({"keys":{}})", R"({"keys":[],"keys":[]})", "{"}) {
        EXPECT_FALSE(KeySet::from_jwks(text)) << text;
    }
}

TEST(KeySet, KeepsTheFirstOfTwoWithOneName) {
    json first = signer_of(ed25519()).public_keys().jwks()["keys"][0];
    json second = signer_of(ed25519()).public_keys().jwks()["keys"][0];
    second["kid"] = first["kid"];
    const auto keys = KeySet::from_jwks(json{{"keys", {first, second}}}.dump());
    EXPECT_EQ(keys->jwks()["keys"], json::array({first}));
}

TEST(KeySet, ChecksRsaKeysOfOpenIdIssuers) {
    const Key key = rsa(2048);
    const auto number = [&](const char* name) {
        BIGNUM* value = nullptr;
        EVP_PKEY_get_bn_param(key.get(), name, &value);
        std::string bytes(static_cast<std::size_t>(BN_num_bytes(value)), '\0');
        BN_bn2bin(value, reinterpret_cast<unsigned char*>(bytes.data()));
        BN_free(value);
        return base64url(bytes);
    };
    const json jwk{{"kty", "RSA"}, {"kid", "r"}, {"n", number("n")}, {"e", number("e")}};
    const auto keys = KeySet::from_jwks(json{{"keys", {jwk}}}.dump());
    ASSERT_FALSE(keys->empty());
    const std::string token = forged(key, R"({"alg":"RS256","kid":"r"})", claims_json().dump());
    EXPECT_TRUE(verifier_of(*keys).verify_raw(token, kNow));
    const std::string text = unsigned_part(R"({"alg":"HS256","kid":"r"})", claims_json().dump());
    EXPECT_FALSE(verifier_of(*keys).verify_raw(text + '.' + base64url(hmac(public_pem(key), text)), kNow));
    EXPECT_TRUE(same_keys(*KeySet::from_jwks(keys->jwks().dump()), *keys));
}

TEST(Signer, SignsWithTheNewestKeyThatEveryVerifierHas) {
    const Folder folder;
    const Key old_key = ed25519();
    const Key new_key = ed25519();
    folder.add("2026-01.pem", old_key, 24h);
    folder.add("2026-02.pem", new_key, 9min);
    const Signer before = Signer::from_folder(folder.path(), kNow);
    EXPECT_EQ(before.key_id(), signer_of(old_key).key_id());
    EXPECT_TRUE(before.public_keys().has(signer_of(new_key).key_id()));
    const Signer after = Signer::from_folder(folder.path(), kNow + 1min);
    EXPECT_EQ(after.key_id(), signer_of(new_key).key_id());
    EXPECT_TRUE(verifier_of(after.public_keys()).verify(before.sign(claims()), kNow).claims);
    EXPECT_TRUE(verifier_of(before.public_keys()).verify(after.sign(claims()), kNow).claims);
}

TEST(Signer, SignsWithTheFirstWhereAllFilesAreFresh) {
    const Folder folder;
    const Key first = ed25519();
    folder.add("a.pem", first, 0s);
    folder.add("b.pem", p256(), 0s);
    EXPECT_EQ(Signer::from_folder(folder.path(), kNow).key_id(), signer_of(first).key_id());
}

TEST(Signer, SignsWithTheKeyThatIsNamedHoweverOldItIs) {
    const Folder folder;
    const Key keys[] = {ed25519(), ed25519(), p256()};
    folder.add("1.pem", keys[0], 24h);
    folder.add("2.pem", keys[1], 0s);
    folder.add("3.pem", keys[2], 24h);
    std::ofstream(folder.path() + "/signing-key") << "2.pem\n";
    const Signer signer = Signer::from_folder(folder.path(), kNow);
    EXPECT_EQ(signer.key_id(), signer_of(keys[1]).key_id());
    EXPECT_EQ(signer.public_keys().size(), 3U);
    std::ofstream(folder.path() + "/signing-key") << "";
    EXPECT_EQ(Signer::from_folder(folder.path(), kNow).key_id(), signer_of(keys[2]).key_id());
}

TEST(Signer, TellsWhichFileIsWrong) {
    const auto error_of = [](const std::string& path) {
        try {
            Signer::from_folder(path, kNow);
        } catch (const std::runtime_error& error) {
            return std::string(error.what());
        }
        return std::string();
    };
    const Folder folder;
    EXPECT_EQ(error_of(folder.path()), "token keys " + folder.path() + ": no *.pem there");
    EXPECT_EQ(error_of(folder.path() + "/none"), "token keys " + folder.path() + "/none: No such file or directory");
    folder.add("rsa.pem", rsa(2048), 1h);
    EXPECT_EQ(error_of(folder.path()), "token key " + folder.path() + "/rsa.pem: neither Ed25519 nor P-256");
    std::ofstream(folder.path() + "/a.pem") << "nonsense";
    EXPECT_EQ(error_of(folder.path()), "token key " + folder.path() + "/a.pem: no private key in PEM");
    const Folder named;
    named.add("1.pem", ed25519(), 1h);
    std::ofstream(named.path() + "/signing-key") << "2.pem";
    EXPECT_EQ(error_of(named.path()), "token keys " + named.path() + ": no " + named.path() + "/2.pem, which is to sign");
}

TEST(CachedVerifier, RemembersUntilTheTokenExpires) {
    const Signer signer = signer_of(ed25519());
    CachedVerifier verifier(verifier_of(signer.public_keys()));
    const std::string token = signer.sign(claims());
    EXPECT_TRUE(verifier.verify(token, kNow).claims);
    EXPECT_TRUE(verifier.verify(token, kNow).claims);
    const Verified late = verifier.verify(token, kNow + 905s);
    EXPECT_FALSE(late.claims);
    EXPECT_EQ(late.rejection, Rejection::Expired);
}

TEST(CachedVerifier, ForgetsTokensOfKeysThatAreGone) {
    const Signer signer = signer_of(ed25519());
    CachedVerifier verifier(verifier_of(signer.public_keys()));
    const std::string token = signer.sign(claims());
    ASSERT_TRUE(verifier.verify(token, kNow).claims);
    verifier.replace(verifier_of(signer_of(ed25519()).public_keys()));
    EXPECT_EQ(verifier.verify(token, kNow).rejection, Rejection::UnknownKey);
    EXPECT_FALSE(verifier.verify(token, kNow).claims);
}

TEST(CachedVerifier, TellsTokensApartWhenItIsFull) {
    const Signer signer = signer_of(ed25519());
    CachedVerifier verifier(verifier_of(signer.public_keys()), 2);
    for (int round = 0; round < 2; ++round) {
        for (int i = 0; i < 10; ++i) {
            Claims own = claims();
            own.subject = std::to_string(i);
            EXPECT_EQ(verifier.verify(signer.sign(own), kNow).claims->subject, own.subject);
        }
    }
}

}  // namespace
}  // namespace identity
