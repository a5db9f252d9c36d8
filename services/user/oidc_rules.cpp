// The pure half of signing in by an identity provider.
#include "user/oidc_rules.h"

#include <openssl/evp.h>

#include <array>

#include "user/account_rules.h"

namespace user {
namespace {

constexpr std::size_t kLongestUrl = 2048;
constexpr std::size_t kLongestSubject = 255;  // OpenID Connect Core §2.
constexpr std::size_t kLongestEmail = 254;

std::string text_claim(const nlohmann::json& object, const char* name) {
    const auto found = object.find(name);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::string url_of(const nlohmann::json& document, const char* name) {
    std::string url = text_claim(document, name);
    if (url.empty()) throw OidcError(std::string("the discovery document has no ") + name);
    return url;
}

bool is_control(char letter) {
    return static_cast<unsigned char>(letter) < 0x20 || letter == 0x7F;
}

// A name as an account may have it: cut after so many characters, not within one.
std::string name_from(std::string_view text) {
    std::string name;
    std::size_t characters = 0;
    for (const char letter : text) {
        if (is_control(letter)) continue;
        if ((static_cast<unsigned char>(letter) & 0xC0U) != 0x80U && ++characters > kLongestName) break;
        name += letter;
    }
    return name;
}

std::string email_from(const nlohmann::json& claims) {
    std::string email = text_claim(claims, "email");
    const auto at = email.find('@');
    bool sound = at != std::string::npos && at > 0 && at + 1 < email.size() && email.find('@', at + 1) == std::string::npos &&
                 email.size() <= kLongestEmail;
    for (char& letter : email) {
        if (is_control(letter) || letter == ' ' || static_cast<unsigned char>(letter) >= 0x80U) sound = false;
        if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
    }
    if (!sound) throw OidcError("the ID token has no usable e-mail address");
    return email;
}

void check_client(const nlohmann::json& claims, const std::string& client_id) {
    const bool several = claims.contains("aud") && claims["aud"].is_array() && claims["aud"].size() > 1;
    if ((several || claims.contains("azp")) && text_claim(claims, "azp") != client_id)
        throw OidcError("the ID token was issued to another client");
}

}  // namespace

Endpoint endpoint_from(std::string_view url) {
    const auto scheme_end = url.find("://");
    if (scheme_end == std::string_view::npos || url.size() > kLongestUrl) throw OidcError("no absolute URL");
    const std::string_view scheme = url.substr(0, scheme_end);
    const std::string_view rest = url.substr(scheme_end + 3);
    const auto path_at = rest.find_first_of("/?#");
    const std::string_view authority = rest.substr(0, path_at);
    const std::string_view path = path_at == std::string_view::npos ? "/" : rest.substr(path_at);
    for (const char letter : url) {
        if (is_control(letter) || letter == ' ' || letter == '\\') throw OidcError("a URL with characters that it must not have");
    }
    if (authority.empty() || authority.find('@') != std::string_view::npos || path.find('#') != std::string_view::npos)
        throw OidcError("a URL without a host, with a user or with a fragment");
    const bool here = authority == "localhost" || authority.starts_with("localhost:") || authority == "127.0.0.1" ||
                      authority.starts_with("127.0.0.1:") || authority == "[::1]" || authority.starts_with("[::1]:");
    if (scheme != "https" && !(scheme == "http" && here)) throw OidcError("a URL that is not https");
    return {std::string(scheme) + "://" + std::string(authority),
            path.starts_with('/') ? std::string(path) : "/" + std::string(path)};
}

Issuer issuer_from(const nlohmann::json& document, const std::string& expected) {
    if (!document.is_object()) throw OidcError("the discovery document is no JSON object");
    if (text_claim(document, "issuer") != expected) throw OidcError("the discovery document is of another issuer");
    Issuer issuer{expected, url_of(document, "authorization_endpoint"), endpoint_from(url_of(document, "token_endpoint")),
                  endpoint_from(url_of(document, "jwks_uri"))};
    endpoint_from(issuer.authorization_endpoint);
    return issuer;
}

std::string challenge_of(const std::string& verifier) {
    return digest_of(verifier);
}

std::string percent_encoded(std::string_view text) {
    constexpr std::string_view kHex = "0123456789ABCDEF";
    std::string encoded;
    for (const char letter : text) {
        const auto byte = static_cast<unsigned char>(letter);
        const bool plain = (letter >= 'A' && letter <= 'Z') || (letter >= 'a' && letter <= 'z') ||
                           (letter >= '0' && letter <= '9') || letter == '-' || letter == '.' || letter == '_' || letter == '~';
        if (plain) {
            encoded += letter;
        } else {
            encoded += {'%', kHex[byte >> 4U], kHex[byte & 15U]};
        }
    }
    return encoded;
}

std::string authorization_url(const Issuer& issuer, const OidcClientIdentity& client, const Attempt& attempt) {
    const bool has_query = issuer.authorization_endpoint.find('?') != std::string::npos;
    return issuer.authorization_endpoint + (has_query ? "&" : "?") +
           "response_type=code&scope=openid%20email%20profile&client_id=" + percent_encoded(client.id) +
           "&redirect_uri=" + percent_encoded(client.redirect_url) + "&state=" + attempt.state + "&nonce=" + attempt.nonce +
           "&code_challenge=" + challenge_of(attempt.verifier) + "&code_challenge_method=S256";
}

std::string token_form(const OidcClientIdentity& client, const std::string& code, const std::string& verifier) {
    return "grant_type=authorization_code&code=" + percent_encoded(code) +
           "&redirect_uri=" + percent_encoded(client.redirect_url) + "&client_id=" + percent_encoded(client.id) +
           "&code_verifier=" + verifier;
}

std::string basic_authorization(const OidcClientIdentity& client) {
    const std::string text = percent_encoded(client.id) + ":" + percent_encoded(client.secret);
    std::string encoded(4 * ((text.size() + 2) / 3) + 1, '\0');
    const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(encoded.data()),
                                     reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
    encoded.resize(static_cast<std::size_t>(size));
    return "Basic " + encoded;
}

Person person_from(const nlohmann::json& claims, const std::string& nonce, const std::string& client_id) {
    if (nonce.empty() || text_claim(claims, "nonce") != nonce) throw OidcError("the ID token has another nonce");
    check_client(claims, client_id);
    Person person{
        text_claim(claims, "sub"), {}, name_from(text_claim(claims, "given_name")), name_from(text_claim(claims, "family_name"))};
    if (person.subject.empty() || person.subject.size() > kLongestSubject || person.subject.find('\0') != std::string::npos)
        throw OidcError("the ID token has no usable subject");
    if (!claims.contains("email_verified") || claims["email_verified"] != true)
        throw OidcError("the issuer has not verified the e-mail address");
    person.email = email_from(claims);
    if (person.first_name.empty()) person.first_name = name_from(text_claim(claims, "name"));
    if (person.first_name.empty()) person.first_name = person.email.substr(0, person.email.find('@'));
    if (person.last_name.empty()) person.last_name = "-";  // An account has both.
    return person;
}

}  // namespace user
