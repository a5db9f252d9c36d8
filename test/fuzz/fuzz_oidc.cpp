// Any JSON as an identity provider's discovery document and as an ID token's claims, and any text as one of its URLs: whoever is
// let in has a verified address of their own, and requests go only to where they are safe.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "holds.h"
#include "user/account_rules.h"
#include "user/oidc_rules.h"

namespace {

void check(const user::Endpoint& endpoint) {
    holds(endpoint.origin.starts_with("https://") || endpoint.origin.starts_with("http://localhost") ||
          endpoint.origin.starts_with("http://127.0.0.1") || endpoint.origin.starts_with("http://[::1]"));
    const std::string_view authority = std::string_view(endpoint.origin).substr(endpoint.origin.find("://") + 3);
    holds(!authority.empty() && authority.find_first_of("@/?#\\ ") == authority.npos && is_clean(authority));
    holds(endpoint.path.starts_with('/') && endpoint.path.find('#') == std::string::npos && is_clean(endpoint.path));
}

void read_url(std::string_view text) {
    try {
        const user::Endpoint endpoint = user::endpoint_from(text);
        check(endpoint);
        const user::Endpoint again = user::endpoint_from(endpoint.origin + endpoint.path);
        holds(again.origin == endpoint.origin && again.path == endpoint.path);
    } catch (const user::OidcError&) {
    }
}

void read_discovery(const nlohmann::json& document) {
    try {
        const user::Issuer issuer = user::issuer_from(document, "https://id.example.com");
        check(issuer.token);
        check(issuer.keys);
        const std::string url = user::authorization_url(issuer, {"shop", "", "https://shop.example/done"}, {"s", "n", "v"});
        holds(is_clean(url) && url.find("state=s") != url.npos);
    } catch (const user::OidcError&) {
    }
}

void read_claims(const nlohmann::json& claims) {
    try {
        const user::Person person = user::person_from(claims, "n", "shop");
        holds(claims.at("nonce") == "n" && claims.at("email_verified") == true);
        holds(!person.subject.empty() && person.subject.size() <= 255);
        holds(is_clean(person.email) && std::count(person.email.begin(), person.email.end(), '@') == 1);
        for (const std::string& name : {person.first_name, person.last_name}) {
            holds(!name.empty() && is_clean(name) && name.size() <= 4 * user::kLongestName);
            static_cast<void>(nlohmann::json(name).dump());  // Throws where it was cut within a character.
        }
    } catch (const user::OidcError&) {
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    read_url(text);
    const nlohmann::json json = nlohmann::json::parse(text, nullptr, false);
    if (json.is_discarded()) return 0;
    read_discovery(json);
    read_claims(json);
    return 0;
}
