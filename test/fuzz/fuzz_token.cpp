// Any bytes as a token and as a key set: neither is ever accepted with a signature that nobody made, and what decodes has one
// spelling.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "common/identity/token.h"

namespace {

// One public key of each kind; the private halves are nowhere.
constexpr std::string_view kKeys = R"({"keys":[
  {"kty":"OKP","crv":"Ed25519","kid":"e","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
  {"kty":"EC","crv":"P-256","kid":"p","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]})";

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const identity::Verifier verifier(*identity::KeySet::from_jwks(kKeys), {"shop", "api"});
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const base::WallTime now{std::chrono::seconds{1'800'000'000}};
    if (verifier.verify(text, now).claims || verifier.verify_raw(text, now)) std::abort();
    const auto dot = text.find('\n');
    if (dot != std::string_view::npos) {  // Lines of plain text as header and claims, so that the decoding is no barrier.
        const std::string token = identity::base64url(text.substr(0, dot)) + '.' + identity::base64url(text.substr(dot + 1)) +
                                  '.' + identity::base64url(std::string(64, 'x'));
        if (verifier.verify(token, now).claims) std::abort();
    }
    if (const auto bytes = identity::base64url_decoded(text); bytes && identity::base64url(*bytes) != text) std::abort();
    if (const auto keys = identity::KeySet::from_jwks(text)) {
        const auto again = identity::KeySet::from_jwks(keys->jwks().dump());
        if (!again || !same_keys(*again, *keys)) std::abort();
    }
    return 0;
}
