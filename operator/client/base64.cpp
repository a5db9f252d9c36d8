#include "client/base64.h"

#include <openssl/evp.h>

namespace client {

std::optional<std::string> base64_decode(std::string_view text) {
    std::string packed;
    packed.reserve(text.size());
    for (const char c : text) {
        if (c != ' ' && c != '\n' && c != '\r' && c != '\t') packed += c;
    }
    if (packed.empty()) return std::string();
    if (packed.size() % 4 != 0) return std::nullopt;
    const std::size_t padding = packed.ends_with("==") ? 2 : packed.ends_with('=') ? 1 : 0;
    if (packed.find('=') < packed.size() - padding) return std::nullopt;

    std::string decoded(packed.size() / 4 * 3, '\0');
    const auto* in = reinterpret_cast<const unsigned char*>(packed.data());
    const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(decoded.data()), in, static_cast<int>(packed.size()));
    if (size < 0 || static_cast<std::size_t>(size) != decoded.size()) return std::nullopt;
    decoded.resize(decoded.size() - padding);  // EVP_DecodeBlock counts the padding as zeros.
    return decoded;
}

std::string base64_encode(std::string_view bytes) {
    std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');  // EVP_EncodeBlock ends with a zero.
    const auto* in = reinterpret_cast<const unsigned char*>(bytes.data());
    const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), in, static_cast<int>(bytes.size()));
    text.resize(static_cast<std::size_t>(size));
    return text;
}

}  // namespace client
