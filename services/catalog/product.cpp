// Products as JSON, and their versions as entity tags.
#include "catalog/product.h"

#include <algorithm>
#include <charconv>

namespace catalog {

namespace {

constexpr std::size_t kLongestSku = 64;
constexpr std::string_view kCacheFormat = "1";  // Counts up when what is kept changes.

bool is_among(std::string_view header, std::string_view tag, bool weakly) {
    while (!header.empty()) {
        const std::size_t comma = header.find(',');
        std::string_view one = header.substr(0, comma);
        header = comma == header.npos ? std::string_view{} : header.substr(comma + 1);
        while (one.starts_with(' ') || one.starts_with('\t')) one.remove_prefix(1);
        while (one.ends_with(' ') || one.ends_with('\t')) one.remove_suffix(1);
        if (weakly && one.starts_with("W/")) one.remove_prefix(2);
        if (one == "*" || one == tag) return true;
    }
    return false;
}

}  // namespace

nlohmann::json to_json(const Product& product) {
    return {{"id", product.id},
            {"sku", product.sku},
            {"name", product.name},
            {"description", product.description},
            {"category", product.category},
            {"price", {{"amount", product.amount}, {"currency", product.currency}}},
            {"updated_at", product.updated_at}};
}

nlohmann::json to_json(const std::vector<Product>& products) {
    nlohmann::json items = nlohmann::json::array();
    for (const Product& product : products) items.push_back(to_json(product));
    return items;
}

std::string entity_tag(std::int64_t version) {
    return "\"" + std::to_string(version) + "\"";
}

bool none_match_holds(std::string_view header, std::string_view tag) {
    return header.empty() || !is_among(header, tag, true);
}

bool match_holds(std::string_view header, std::string_view tag) {
    return is_among(header, tag, false);
}

bool is_sku(std::string_view text) {
    const auto fits = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
    };
    return !text.empty() && text.size() <= kLongestSku && std::all_of(text.begin(), text.end(), fits) && text != "." &&
           text != "..";
}

bool is_currency(std::string_view text) {
    return text.size() == 3 && std::all_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

std::string to_text(const Cached& cached) {
    std::string text(kCacheFormat);
    text.append("\n")
        .append(std::to_string(cached.version))
        .append("\n")
        .append(cached.category)
        .append("\n")
        .append(cached.body);
    return text;
}

std::optional<Cached> cached_from(std::string_view text) {
    Cached cached;
    const auto line = [&text](std::string_view& into) {
        const std::size_t end = text.find('\n');
        if (end == text.npos) return false;
        into = text.substr(0, end);
        text.remove_prefix(end + 1);
        return true;
    };
    std::string_view format, version, category;
    if (!line(format) || format != kCacheFormat || !line(version) || !line(category)) return {};
    const auto [end, error] = std::from_chars(version.data(), version.data() + version.size(), cached.version);
    if (version.empty() || error != std::errc{} || end != version.data() + version.size() || cached.version < 1) return {};
    if (!text.starts_with('{')) return {};
    cached.category = category;
    cached.body = text;
    return cached;
}

}  // namespace catalog
