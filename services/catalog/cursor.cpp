// Writes and reads cursors: base64url of "list.hash-of-query.id.rank".
#include "catalog/cursor.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "common/http/input.h"

namespace catalog {

namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::size_t kLongest = 256;
constexpr std::size_t kLongestRank = 32;

std::string encoded(std::string_view bytes) {
    std::string text;
    unsigned waiting = 0;
    int bits = 0;
    for (const char byte : bytes) {
        waiting = (waiting << 8) | static_cast<unsigned char>(byte);
        for (bits += 8; bits >= 6; bits -= 6) text += kAlphabet[(waiting >> (bits - 6)) & 63];
    }
    if (bits > 0) text += kAlphabet[(waiting << (6 - bits)) & 63];
    return text;
}

std::optional<std::string> decoded(std::string_view text) {
    std::string bytes;
    unsigned waiting = 0;
    int bits = 0;
    for (const char c : text) {
        const std::size_t value = kAlphabet.find(c);
        if (value == kAlphabet.npos) return {};
        waiting = (waiting << 6) | static_cast<unsigned>(value);
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            bytes += static_cast<char>((waiting >> bits) & 0xFF);
        }
    }
    if (encoded(bytes) != text) return {};  // Bits that no byte has, or a lone character.
    return bytes;
}

// FNV-1a. Against mistakes, not against malice: a cursor says nothing that its holder may not ask for.
std::string hash_of(std::string_view text) {
    std::uint32_t hash = 2166136261U;
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
    std::string hex(8, '0');
    for (std::size_t i = 0; i < 8; ++i) hex[7 - i] = "0123456789abcdef"[(hash >> (4 * i)) & 15];
    return hex;
}

// "0.6079271", "1e-20": what float4 looks like as text.
bool is_rank(std::string_view text) {
    if (text.empty() || text.size() > kLongestRank) return false;
    std::size_t i = 0;
    const auto digits = [&] {
        const std::size_t begin = i;
        while (i < text.size() && text[i] >= '0' && text[i] <= '9') ++i;
        return i > begin;
    };
    if (!digits()) return false;
    if (i < text.size() && text[i] == '.') {
        ++i;
        if (!digits()) return false;
    }
    if (i < text.size() && text[i] == 'e') {
        ++i;
        if (i < text.size() && (text[i] == '-' || text[i] == '+')) ++i;
        const std::size_t exponent = i;
        // A float4 has no larger one, and PostgreSQL would refuse it.
        if (!digits() || i - exponent > 2 || std::stoi(std::string(text.substr(exponent))) > 37) return false;
        if (text.find_first_of(".e") != 1) return false;
    }
    return i == text.size() && text.find_first_of(".e") > 0 && std::min(text.find_first_of(".e"), text.size()) < 8;
}

}  // namespace

std::string to_text(const Cursor& cursor) {
    std::string plain(1, cursor.list);
    plain.append(".").append(hash_of(cursor.query)).append(".").append(cursor.id);
    if (!cursor.rank.empty()) plain.append(".").append(cursor.rank);
    return encoded(plain);
}

std::optional<Cursor> cursor_from(std::string_view text, std::string_view query) {
    constexpr std::size_t kId = 2 + 8 + 1;  // Where it begins.
    constexpr std::size_t kUuid = 36;
    if (text.empty() || text.size() > kLongest) return {};
    const std::optional<std::string> plain = decoded(text);
    if (!plain || plain->size() < kId + kUuid) return {};
    Cursor cursor;
    cursor.list = (*plain)[0];
    cursor.query = query;
    cursor.id = plain->substr(kId, kUuid);
    const std::string rest = plain->substr(kId + kUuid);
    if (rest.starts_with('.')) cursor.rank = rest.substr(1);
    const bool known = cursor.list == 'p' || cursor.list == 't' || cursor.list == 's';
    const bool ranked = cursor.list == 't' ? is_rank(cursor.rank) : rest.empty();
    if (!known || !ranked || !http::is_uuid(cursor.id) || to_text(cursor) != text) return {};
    return cursor;
}

}  // namespace catalog
