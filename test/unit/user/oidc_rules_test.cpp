// What is asked of an identity provider, and what of its answers is believed.
#include "user/oidc_rules.h"

#include <gtest/gtest.h>

namespace user {
namespace {

using nlohmann::json;

const OidcClientIdentity kClient{"shop", "s:cret", "https://shop.example.com/api/v1/oidc/callback"};

json document() {
    return {{"issuer", "https://id.example.com"},
            {"authorization_endpoint", "https://id.example.com/authorize"},
            {"token_endpoint", "https://tokens.example.com/token"},
            {"jwks_uri", "https://id.example.com/keys?v=1"}};
}

json claims() {
    return {{"iss", "https://id.example.com"}, {"aud", "shop"},          {"sub", "4711"},      {"nonce", "n"},
            {"email", "Jo@Example.com"},       {"email_verified", true}, {"given_name", "Jo"}, {"family_name", "Do"}};
}

std::string refused(const json& of) {
    try {
        person_from(of, "n", "shop");
        return "";
    } catch (const OidcError& error) {
        return error.what();
    }
}

json with(json object, const char* name, const json& value) {
    object[name] = value;
    return object;
}

TEST(Endpoint, IsSplitWhereAClientNeedsIt) {
    const Endpoint endpoint = endpoint_from("https://id.example.com:8443/a/b?c=d");
    EXPECT_EQ(endpoint.origin, "https://id.example.com:8443");
    EXPECT_EQ(endpoint.path, "/a/b?c=d");
    EXPECT_EQ(endpoint_from("https://id.example.com").path, "/");
    EXPECT_EQ(endpoint_from("https://id.example.com?x").path, "/?x");
}

TEST(Endpoint, IsNeverReachedWithoutTlsButOnThisMachine) {
    EXPECT_EQ(endpoint_from("http://127.0.0.1:80/").origin, "http://127.0.0.1:80");
    EXPECT_EQ(endpoint_from("http://localhost/").origin, "http://localhost");
    for (const char* const url :
         {"http://id.example.com/", "ftp://localhost/", "http://localhost.example.com/", "http://127.0.0.1.example.com/",
          "https://", "https:///x", "https://user@id.example.com/", "//id.example.com", "id.example.com", "",
          "https://id.example.com/#x", "https://id.example.com/\r\nHost: x", "https://id.example.com\\x"}) {
        EXPECT_THROW(endpoint_from(url), OidcError) << url;
    }
}

TEST(Discovery, IsBelievedOfTheIssuerItselfAlone) {
    const Issuer issuer = issuer_from(document(), "https://id.example.com");
    EXPECT_EQ(issuer.token.origin, "https://tokens.example.com");
    EXPECT_EQ(issuer.keys.path, "/keys?v=1");
    EXPECT_THROW(issuer_from(document(), "https://id.example.com/"), OidcError);
    EXPECT_THROW(issuer_from(with(document(), "issuer", "https://evil.example.com"), "https://id.example.com"), OidcError);
    EXPECT_THROW(issuer_from(with(document(), "token_endpoint", "http://id.example.com/token"), "https://id.example.com"),
                 OidcError);
    EXPECT_THROW(issuer_from(with(document(), "authorization_endpoint", "javascript:alert(1)"), "https://id.example.com"),
                 OidcError);
    EXPECT_THROW(issuer_from(with(document(), "jwks_uri", nullptr), "https://id.example.com"), OidcError);
    EXPECT_THROW(issuer_from(json::array(), "https://id.example.com"), OidcError);
}

// The verifier and its challenge are those of RFC 7636, appendix B.
TEST(AuthorizationRequest, CarriesStateNonceAndChallenge) {
    const Attempt attempt{"st", "no", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"};
    EXPECT_EQ(authorization_url(issuer_from(document(), "https://id.example.com"), kClient, attempt),
              "https://id.example.com/authorize?response_type=code&scope=openid%20email%20profile&client_id=shop"
              "&redirect_uri=https%3A%2F%2Fshop.example.com%2Fapi%2Fv1%2Foidc%2Fcallback&state=st&nonce=no"
              "&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256");
}

TEST(TokenRequest, EncodesWhatItCarries) {
    EXPECT_EQ(
        token_form(kClient, "a&b=c ", "v"),
        "grant_type=authorization_code&code=a%26b%3Dc%20&redirect_uri=https%3A%2F%2Fshop.example.com%2Fapi%2Fv1%2Foidc%2Fcallback"
        "&client_id=shop&code_verifier=v");
    EXPECT_EQ(basic_authorization(kClient), "Basic c2hvcDpzJTNBY3JldA==");
}

TEST(Person, IsWhoTheIdTokenSays) {
    const Person person = person_from(claims(), "n", "shop");
    EXPECT_EQ(person.subject, "4711");
    EXPECT_EQ(person.email, "jo@example.com");
    EXPECT_EQ(person.first_name, "Jo");
    EXPECT_EQ(person.last_name, "Do");
}

TEST(Person, HasNamesEvenWhereTheIssuerTellsNone) {
    json bare = claims();
    bare.erase("given_name");
    bare.erase("family_name");
    EXPECT_EQ(person_from(bare, "n", "shop").first_name, "jo");
    EXPECT_EQ(person_from(bare, "n", "shop").last_name, "-");
    const json odd = with(claims(), "given_name", "\n\x01" + std::string(300, 'x'));
    EXPECT_EQ(person_from(odd, "n", "shop").first_name, std::string(100, 'x'));
    std::string wide;
    for (int i = 0; i < 101; ++i) wide += "ä";
    EXPECT_EQ(person_from(with(claims(), "given_name", wide), "n", "shop").first_name, wide.substr(0, 200));
}

TEST(Person, IsNobodyWhoseTokenWasMadeForAnotherSignIn) {
    EXPECT_NE(refused(with(claims(), "nonce", "other")), "");
    EXPECT_NE(refused(with(claims(), "nonce", nullptr)), "");
    EXPECT_THROW(person_from(with(claims(), "nonce", ""), "", "shop"), OidcError);
    EXPECT_NE(refused(with(claims(), "aud", {"shop", "other"})), "");
    EXPECT_NE(refused(with(claims(), "azp", "other")), "");
    EXPECT_EQ(refused(with(with(claims(), "aud", {"shop", "other"}), "azp", "shop")), "");
}

TEST(Person, IsNobodyWhoseAddressIsNotVerified) {
    for (const json& value : {json(false), json(nullptr), json("true"), json(1)})
        EXPECT_NE(refused(with(claims(), "email_verified", value)), "");
    for (const char* const email : {"", "jo", "@x", "jo@", "a@b@c", "jo\n@example.com", "jö@example.com"})
        EXPECT_NE(refused(with(claims(), "email", email)), "") << email;
    EXPECT_NE(refused(with(claims(), "sub", "")), "");
    EXPECT_NE(refused(with(claims(), "sub", std::string(256, 'x'))), "");
}

}  // namespace
}  // namespace user
