// OpenID Connect, authorization code flow with PKCE: what is asked of an issuer, and what of its answers is believed.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace user {

// The issuer's answer is not what it must be. The words are for the log; nothing secret is in them.
class OidcError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

struct Endpoint {
    std::string origin;  // "https://id.example.com:8443"
    std::string path;    // "/token?x=y"
};
// Of https, or of http to the machine itself. Throws OidcError.
Endpoint endpoint_from(std::string_view url);

struct Issuer {
    std::string name;
    std::string authorization_endpoint;
    Endpoint token;
    Endpoint keys;
};
// Of the discovery document. Its issuer must be `expected`, byte for byte. Throws OidcError.
Issuer issuer_from(const nlohmann::json& document, const std::string& expected);

// As this service is registered with the issuer.
struct OidcClientIdentity {
    std::string id;
    std::string secret;  // Empty: a public client.
    std::string redirect_url;
};

// One sign-in under way. All are new_secret().
struct Attempt {
    std::string state;
    std::string nonce;
    std::string verifier;
};

std::string challenge_of(const std::string& verifier);  // PKCE's S256.
std::string percent_encoded(std::string_view text);
std::string authorization_url(const Issuer& issuer, const OidcClientIdentity& client, const Attempt& attempt);
std::string token_form(const OidcClientIdentity& client, const std::string& code, const std::string& verifier);
// "Basic …" (RFC 6749 §2.3.1).
std::string basic_authorization(const OidcClientIdentity& client);

struct Person {
    std::string subject;
    std::string email;  // Lower case.
    std::string first_name;
    std::string last_name;
};
// Of an ID token's claims, whose signature, issuer, audience and times have been checked. Throws OidcError: another nonce, issued
// to another client, no verified e-mail address.
Person person_from(const nlohmann::json& claims, const std::string& nonce, const std::string& client_id);

}  // namespace user
