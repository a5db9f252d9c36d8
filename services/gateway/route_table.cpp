// The table of public routes.
#include "gateway/route_table.h"

#include <stdexcept>

namespace gateway {

const std::vector<PublicRoute>& public_routes() {
    static const std::vector<PublicRoute> routes{
        {"POST", "/api/v1/register", "user", Access::Public, true},
        {"POST", "/api/v1/login", "user", Access::Public, true},
        {"POST", "/api/v1/refresh", "user", Access::Public, true},
        {"POST", "/api/v1/logout", "user", Access::User},
        {"GET", "/api/v1/profile", "user", Access::User},
        {"PATCH", "/api/v1/profile", "user", Access::User},
        {"GET", "/api/v1/preferences", "user", Access::User},
        {"PUT", "/api/v1/preferences", "user", Access::User},
        {"GET", "/api/v1/jwks.json", "user", Access::Public},
        {"GET", "/api/v1/oidc/login", "user", Access::Public, true},
        {"GET", "/api/v1/oidc/callback", "user", Access::Public, true},
        {"GET", "/api/v1/products", "catalog", Access::Public},
        {"GET", "/api/v1/products/{id:uuid}", "catalog", Access::Known},
        {"GET", "/api/v1/categories", "catalog", Access::Public},
        {"GET", "/api/v1/search", "catalog", Access::Public},
        {"GET", "/api/v1/recommendations", "catalog", Access::User},
        {"GET", "/api/v1/history", "catalog", Access::User},
        {"GET", "/api/v1/stock/{sku:word}", "inventory", Access::Public},
        {"GET", "/api/v1/cart", "order", Access::User},
        {"DELETE", "/api/v1/cart", "order", Access::User},
        {"PUT", "/api/v1/cart/items/{sku:word}", "order", Access::User},
        {"DELETE", "/api/v1/cart/items/{sku:word}", "order", Access::User},
        {"POST", "/api/v1/checkout", "order", Access::User},
        {"GET", "/api/v1/orders", "order", Access::User},
        {"GET", "/api/v1/orders/{id:uuid}", "order", Access::User},
        {"GET", "/api/v1/payments/{id:uuid}", "payment", Access::User},
    };
    return routes;
}

std::string upstream_path(std::string_view path_template, const std::map<std::string, std::string, std::less<>>& parameters) {
    std::string path;
    for (std::string_view rest = path_template; !rest.empty();) {
        const std::size_t open = rest.find('{');
        path += rest.substr(0, open);
        if (open == rest.npos) break;
        const std::size_t close = rest.find('}', open);
        const std::string_view name = rest.substr(open + 1, rest.find(':', open) - open - 1);
        const auto found = parameters.find(name);
        if (found == parameters.end()) throw std::logic_error("no parameter " + std::string(name));
        path += found->second;
        rest.remove_prefix(close + 1);
    }
    return path;
}

bool is_repeatable(std::string_view method, bool has_idempotency_key) {
    return has_idempotency_key || method == "GET" || method == "HEAD" || method == "PUT" || method == "DELETE";
}

}  // namespace gateway
