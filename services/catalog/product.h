// A product, as it is told to clients and kept in caches.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace catalog {

struct Product {
    std::string id;
    std::string sku;
    std::string name;
    std::string description;
    std::string category;
    std::int64_t amount = 0;  // Minor units.
    std::string currency;
    std::string updated_at;  // RFC 3339.
    std::int64_t version = 0;
};

nlohmann::json to_json(const Product& product);
nlohmann::json to_json(const std::vector<Product>& products);

std::string entity_tag(std::int64_t version);  // "\"7\""

// By RFC 9110: If-None-Match compares weakly, If-Match strongly; "*" is any.
bool none_match_holds(std::string_view header, std::string_view tag);  // False: 304.
bool match_holds(std::string_view header, std::string_view tag);       // False: 412.

// SKUs stand in paths and are compared as bytes: 1 to 64 of A-Z a-z 0-9 . _ -, but no "." or "..".
bool is_sku(std::string_view text);
bool is_currency(std::string_view text);  // Three capital letters.

// A product with what caches must know, as one text; nothing where the text is none (another version wrote it, or nobody of us).
struct Cached {
    std::string body;  // JSON of the product.
    std::string category;
    std::int64_t version = 0;
};
std::string to_text(const Cached& cached);
std::optional<Cached> cached_from(std::string_view text);

}  // namespace catalog
