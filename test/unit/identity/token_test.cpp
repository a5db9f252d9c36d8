// Tokens: what is signed here is accepted, and whatever an attacker may try is not.
#include "common/identity/token.h"

#include <gtest/gtest.h>

#include "unit/identity/keys.h"

namespace identity {
namespace {

using namespace identity_test;
using nlohmann::json;

class Tokens : public testing::Test {
protected:
    Tokens() : key_(ed25519()), signer_(signer_of(key_)), token_(signer_.sign(claims())) {}

    Verifier verifier() const { return Verifier(signer_.public_keys(), {"shop", "api"}); }
    std::string header(const std::string& alg = "EdDSA") const { return json{{"alg", alg}, {"kid", signer_.key_id()}}.dump(); }
    // Empty: accepted.
    std::string rejected(const std::string& token) const {
        const Verified result = verifier().verify(token, kNow);
        return result.claims ? "" : std::string(to_string(result.rejection));
    }
    std::string rejected_claims(const std::string& body) const { return rejected(forged(key_, header(), body)); }
    std::string with(const char* name, const json& value) const {
        json body = claims_json();
        body[name] = value;
        return rejected_claims(body.dump());
    }
    std::string without(const char* name) const {
        json body = claims_json();
        body.erase(name);
        return rejected_claims(body.dump());
    }

    Key key_;
    Signer signer_;
    std::string token_;
};

TEST_F(Tokens, AreAcceptedWithWhatTheySay) {
    const Verified result = verifier().verify(token_, kNow);
    ASSERT_TRUE(result.claims);
    EXPECT_EQ(result.claims->subject, claims().subject);
    EXPECT_EQ(result.claims->session, claims().session);
    EXPECT_EQ(result.claims->issued_at, kSeconds);
    EXPECT_EQ(result.claims->expires, kSeconds + 900);
}

TEST_F(Tokens, OfEs256AreAcceptedToo) {
    const Signer signer = signer_of(p256());
    for (int i = 0; i < 64; ++i) {  // Numbers of a signature with leading zeros come by chance.
        EXPECT_TRUE(Verifier(signer.public_keys(), {"shop", "api"}).verify(signer.sign(claims()), kNow).claims);
    }
}

TEST_F(Tokens, CountWithTheLeewayAtBothEnds) {
    const auto at = [&](std::int64_t second) {
        return verifier().verify(token_, base::WallTime{std::chrono::seconds{second}}).claims.has_value();
    };
    EXPECT_FALSE(at(kSeconds - 6));
    EXPECT_TRUE(at(kSeconds - 5));
    EXPECT_TRUE(at(kSeconds + 904));
    EXPECT_FALSE(at(kSeconds + 905));
}

TEST_F(Tokens, WithoutASignatureAreRejected) {
    const std::string body = claims_json().dump();
    EXPECT_EQ(rejected(unsigned_part(header("none"), body) + "."), "algorithm");
    EXPECT_EQ(rejected(unsigned_part(R"({"alg":"none"})", body) + "."), "unknown key");
    EXPECT_EQ(rejected(unsigned_part(header("None"), body) + "."), "algorithm");
    EXPECT_EQ(rejected(unsigned_part(header("EdDSA"), body) + "."), "signature");
    EXPECT_EQ(rejected(unsigned_part(header("EdDSA"), body)), "malformed");
}

TEST_F(Tokens, SignedWithThePublicKeyAsASecretAreRejected) {
    const std::string text = unsigned_part(header("HS256"), claims_json().dump());
    EXPECT_EQ(rejected(text + '.' + base64url(hmac(public_key_of(key_), text))), "algorithm");
    EXPECT_EQ(rejected(text + '.' + base64url(hmac(public_pem(key_), text))), "algorithm");
}

TEST_F(Tokens, WhoseHeaderNamesAnotherAlgorithmThanTheirKeyAreRejected) {
    for (const char* const alg : {"ES256", "RS256", "ES384", "eddsa", "EdDSA ", ""}) {
        EXPECT_EQ(rejected(forged(key_, header(alg), claims_json().dump())), "algorithm") << alg;
    }
    EXPECT_EQ(rejected(forged(key_, json{{"kid", signer_.key_id()}}.dump(), claims_json().dump())), "malformed");
    EXPECT_EQ(rejected(forged(key_, json{{"alg", 1}, {"kid", signer_.key_id()}}.dump(), claims_json().dump())), "malformed");
}

TEST_F(Tokens, WithAKeyOfTheirOwnAreRejected) {
    const Key other = ed25519();
    EXPECT_EQ(rejected(signer_of(other).sign(claims())), "unknown key");
    EXPECT_EQ(rejected(forged(other, header(), claims_json().dump())), "signature");
    const json jwk = signer_of(other).public_keys().jwks()["keys"][0];
    EXPECT_EQ(
        rejected(forged(other, json{{"alg", "EdDSA"}, {"kid", signer_.key_id()}, {"jwk", jwk}}.dump(), claims_json().dump())),
        "signature");
    EXPECT_EQ(rejected(forged(other, json{{"alg", "EdDSA"}, {"kid", jwk["kid"]}, {"jwk", jwk}}.dump(), claims_json().dump())),
              "unknown key");
}

TEST_F(Tokens, FindNoKeyByStrangeIds) {
    for (const json& kid : {json(""), json("../../dev/null"), json("' OR 1=1"), json(1), json(nullptr), json::array()}) {
        EXPECT_EQ(rejected(forged(key_, json{{"alg", "EdDSA"}, {"kid", kid}}.dump(), claims_json().dump())), "unknown key")
            << kid;
    }
}

TEST_F(Tokens, ThatAskForWhatIsNotKnownHereAreRejected) {
    const json demanding{{"alg", "EdDSA"}, {"kid", signer_.key_id()}, {"crit", {"exp"}}};
    EXPECT_EQ(rejected(forged(key_, demanding.dump(), claims_json().dump())), "malformed");
}

TEST_F(Tokens, OfAnotherIssuerOrAudienceAreRejected) {
    EXPECT_EQ(with("iss", "other"), "issuer");
    EXPECT_EQ(with("iss", "shop "), "issuer");
    EXPECT_EQ(with("iss", json::array({"shop"})), "issuer");
    EXPECT_EQ(without("iss"), "issuer");
    EXPECT_EQ(with("aud", "other"), "audience");
    EXPECT_EQ(with("aud", json::array({"other"})), "audience");
    EXPECT_EQ(with("aud", json::array()), "audience");
    EXPECT_EQ(with("aud", 1), "audience");
    EXPECT_EQ(without("aud"), "audience");
    EXPECT_EQ(with("aud", json::array({"other", "api"})), "");
}

TEST_F(Tokens, OutOfTimeAreRejected) {
    EXPECT_EQ(with("exp", kSeconds - 5), "expired");
    EXPECT_EQ(with("exp", 0), "expired");
    EXPECT_EQ(with("nbf", kSeconds + 6), "not yet valid");
    EXPECT_EQ(with("exp", kSeconds + 0.5), "");
    for (const json& nonsense :
         {json("9999999999"), json(-1), json(1e300), json(nullptr), json(true), json(std::uint64_t{1} << 63U)}) {
        EXPECT_EQ(with("exp", nonsense), "malformed") << nonsense;
        EXPECT_EQ(with("nbf", nonsense), "malformed") << nonsense;
    }
    EXPECT_EQ(without("exp"), "malformed");
    EXPECT_EQ(without("nbf"), "");
}

TEST_F(Tokens, OfNobodyAreRejected) {
    for (const char* const name : {"sub", "sid"}) {
        EXPECT_EQ(without(name), "malformed");
        EXPECT_EQ(with(name, ""), "malformed");
        EXPECT_EQ(with(name, 1), "malformed");
    }
}

TEST_F(Tokens, AreRejectedWhereverTheyAreCut) {
    for (std::size_t size = 0; size < token_.size(); ++size) EXPECT_NE(rejected(token_.substr(0, size)), "") << size;
}

TEST_F(Tokens, AreRejectedWhereverALetterIsChanged) {
    for (std::size_t at = 0; at < token_.size(); ++at) {
        std::string changed = token_;
        changed[at] = changed[at] == 'A' ? 'B' : 'A';
        EXPECT_NE(rejected(changed), "") << at;
    }
}

TEST_F(Tokens, AreRejectedWithAnythingMore) {
    for (const std::string& more : std::initializer_list<std::string>{"=", "==", ".", " ", "\n", "A", "AA", ".AA"}) {
        EXPECT_NE(rejected(token_ + more), "") << more;
        EXPECT_NE(rejected(more + token_), "") << more;
    }
    EXPECT_EQ(rejected(token_ + std::string(1, '\0')), "malformed");
    EXPECT_EQ(rejected(std::string(9000, 'A')), "malformed");
}

TEST_F(Tokens, HaveOneSpellingOnly) {
    // The last of 86 letters of a 64-byte signature carries 2 bits; the other 4 must be zero.
    std::string other = token_;
    const std::string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const auto value = alphabet.find(other.back());
    other.back() = alphabet[value + 1];
    EXPECT_EQ(rejected(other), "malformed");
    std::string standard = token_;
    for (char& letter : standard) letter = letter == '-' ? '+' : letter == '_' ? '/' : letter;
    if (standard != token_) {
        EXPECT_EQ(rejected(standard), "malformed");
    }
}

TEST_F(Tokens, ThatCanBeReadInTwoWaysAreRejected) {
    const std::string body = claims_json().dump();
    EXPECT_EQ(rejected_claims(R"({"sub":"admin",)" + body.substr(1)), "malformed");
    EXPECT_EQ(rejected_claims(R"({"\u0073ub":"admin",)" + body.substr(1)), "malformed");
    EXPECT_EQ(rejected_claims(body + "{}"), "malformed");
    EXPECT_EQ(rejected_claims(body + '\0' + "x"), "malformed");
    EXPECT_EQ(rejected_claims("[" + body + "]"), "malformed");
    EXPECT_EQ(rejected_claims(body.substr(0, body.size() - 1) + R"(,"x":"\xff"})"), "malformed");
    EXPECT_EQ(rejected_claims(body.substr(0, body.size() - 1) + ",\"x\":" + std::string(40, '[') + std::string(40, ']') + "}"),
              "malformed");
    EXPECT_EQ(rejected(forged(key_, R"({"alg":"none",)" + header().substr(1), body)), "malformed");
}

TEST_F(Tokens, OfAnOpenIdIssuerKeepAllTheirClaims) {
    json body = claims_json();
    body["nonce"] = "n";
    body.erase("sid");
    EXPECT_EQ(verifier().verify_raw(forged(key_, header(), body.dump()), kNow), body);
    body["iss"] = "other";
    EXPECT_FALSE(verifier().verify_raw(forged(key_, header(), body.dump()), kNow));
}

class Es256Tokens : public testing::Test {
protected:
    Es256Tokens() : key_(p256()), signer_(signer_of(key_)), text_(unsigned_part(header(), claims_json().dump())) {}
    std::string header() const { return json{{"alg", "ES256"}, {"kid", signer_.key_id()}}.dump(); }
    bool accepts(const std::string& signature) const {
        return Verifier(signer_.public_keys(), {"shop", "api"})
            .verify(text_ + '.' + base64url(signature), kNow)
            .claims.has_value();
    }

    Key key_;
    Signer signer_;
    std::string text_;
};

TEST_F(Es256Tokens, AreRejectedWithASignatureOfAnotherShape) {
    EXPECT_FALSE(accepts(openssl_signature(key_, text_)));  // DER
    EXPECT_FALSE(accepts(std::string(64, '\0')));           // CVE-2022-21449: r = s = 0
    EXPECT_FALSE(accepts(std::string(64, '\xff')));
    EXPECT_FALSE(accepts(""));
    const std::string token = signer_.sign(claims());
    const std::string good = *base64url_decoded(token.substr(token.rfind('.') + 1));
    ASSERT_EQ(good.size(), 64U);
    const auto whole = [&](const std::string& signature) {
        const std::string other = token.substr(0, token.rfind('.') + 1) + base64url(signature);
        return Verifier(signer_.public_keys(), {"shop", "api"}).verify(other, kNow).claims.has_value();
    };
    EXPECT_TRUE(whole(good));
    EXPECT_FALSE(whole(good.substr(0, 63)));
    EXPECT_FALSE(whole(good + '\0'));
    EXPECT_FALSE(whole('\0' + good));
    EXPECT_FALSE(whole(good.substr(32) + good.substr(0, 32)));
}

TEST_F(Es256Tokens, AreRejectedUnderTheNameOfEdDsa) {
    const std::string text = unsigned_part(json{{"alg", "EdDSA"}, {"kid", signer_.key_id()}}.dump(), claims_json().dump());
    const Verified result =
        Verifier(signer_.public_keys(), {"shop", "api"}).verify(text + '.' + base64url(std::string(64, 'x')), kNow);
    EXPECT_FALSE(result.claims);
    EXPECT_EQ(result.rejection, Rejection::Algorithm);
}

}  // namespace
}  // namespace identity
