// Percent-encoding, UTF-8, UUIDs, and JSON as a response.
#include "common/http/encoding.h"

#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <stdexcept>

#include "common/http/input.h"

namespace http {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";

int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

// Drawn in bulk, since each draw from OpenSSL takes a lock.
void random_bytes(unsigned char* out, std::size_t size) {
    constexpr std::size_t kBulk = 512;
    thread_local std::array<unsigned char, kBulk> bulk;
    thread_local std::size_t used = kBulk;
    if (used + size > kBulk) {
        if (RAND_bytes(bulk.data(), kBulk) != 1) throw std::runtime_error("no random bytes from OpenSSL");
        used = 0;
    }
    std::memcpy(out, bulk.data() + used, size);
    used += size;
}

}  // namespace

std::optional<std::size_t> code_points(std::string_view text) {
    std::size_t count = 0;
    for (std::size_t at = 0; at < text.size(); ++count) {
        const auto first = static_cast<unsigned char>(text[at]);
        std::size_t length = 1;
        char32_t point = first;
        if (first >= 0xF0) {
            length = 4;
            point = first & 0x07U;
        } else if (first >= 0xE0) {
            length = 3;
            point = first & 0x0FU;
        } else if (first >= 0x80) {
            length = 2;
            point = first & 0x1FU;
        }
        if ((first >= 0x80 && first < 0xC2) || first > 0xF4 || at + length > text.size()) return {};
        for (std::size_t i = 1; i < length; ++i) {
            const auto next = static_cast<unsigned char>(text[at + i]);
            if ((next & 0xC0U) != 0x80) return {};
            point = point << 6U | (next & 0x3FU);
        }
        // Overlong forms, surrogates, and what lies beyond Unicode.
        if ((length == 3 && point < 0x800) || (length == 4 && (point < 0x10000 || point > 0x10FFFF))) return {};
        if (point >= 0xD800 && point <= 0xDFFF) return {};
        at += length;
    }
    return count;
}

bool has_control(std::string_view text, bool lines) {
    return std::any_of(text.begin(), text.end(), [lines](char c) {
        if (lines && (c == '\n' || c == '\r' || c == '\t')) return false;
        return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
    });
}

std::optional<std::string> percent_decoded(std::string_view text) {
    std::string decoded;
    decoded.reserve(text.size());
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] != '%') {
            decoded += text[at];
            continue;
        }
        if (at + 2 >= text.size()) return {};
        const int high = hex_value(text[at + 1]);
        const int low = hex_value(text[at + 2]);
        if (high < 0 || low < 0) return {};
        decoded += static_cast<char>(high * 16 + low);
        at += 2;
    }
    if (decoded.find('\0') != decoded.npos || !code_points(decoded)) return {};
    return decoded;
}

bool is_uuid(std::string_view text) {
    if (text.size() != 36) return false;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const bool dash = at == 8 || at == 13 || at == 18 || at == 23;
        if (dash ? text[at] != '-' : kHexDigits.find(text[at]) == kHexDigits.npos) return false;
    }
    return true;
}

// RFC 9562, 5.7: 48 bits of milliseconds since 1970, version, 12 bits of chance, variant, 62 bits of chance.
std::string new_uuid() {
    std::array<unsigned char, 16> bytes{};
    random_bytes(bytes.data() + 6, 10);
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const auto millis = static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
    for (std::size_t i = 0; i < 6; ++i) bytes[i] = static_cast<unsigned char>(millis >> (40 - 8 * i));
    bytes[6] = static_cast<unsigned char>(0x70U | (bytes[6] & 0x0FU));
    bytes[8] = static_cast<unsigned char>(0x80U | (bytes[8] & 0x3FU));
    std::string text;
    text.reserve(36);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
        text += kHexDigits[bytes[i] >> 4U];
        text += kHexDigits[bytes[i] & 0x0FU];
    }
    return text;
}

Response json_response(int status, const nlohmann::json& body, Headers headers) {
    Response response;
    response.status = status;
    response.body = body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    response.content_type = "application/json";
    response.headers = std::move(headers);
    return response;
}

}  // namespace http
