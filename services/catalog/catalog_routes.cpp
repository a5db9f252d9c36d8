// Reads requests, asks cache, store and user service, writes answers.
#include "catalog/catalog_routes.h"

#include <prometheus/registry.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <optional>
#include <utility>

#include "catalog/cursor.h"
#include "catalog/recommending.h"
#include "common/http/input.h"
#include "common/http/problem.h"

namespace catalog {

namespace asio = boost::asio;
using Steady = std::chrono::steady_clock;

namespace {

http::Problem changed_meanwhile() {
    return {412, "The product was changed meanwhile."};
}

constexpr int kPageSize = 20;
constexpr int kLargestPage = 100;
constexpr std::int64_t kLargestPrice = 1'000'000'000'000;  // Minor units: more than any currency's shop needs.
constexpr http::Text kCategory{1, 64, false};
constexpr base::Duration kRefreshTime{5'000};
constexpr base::Duration kAskUsers{800};  // Recommendations are worth no longer wait.
constexpr const char* kPublicCache = "public, max-age=5";

prometheus::Family<prometheus::Counter>& family(prometheus::Registry& registry, const char* name, const char* help) {
    return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
}

Cached cached_of(const Product& product) {
    return {to_json(product).dump(), product.category, product.version};
}

struct Paging {
    int limit;
    std::optional<std::string> cursor;
};

Paging paging_of(http::Query& query) {
    const auto limit = static_cast<int>(query.integer("limit", 1, kLargestPage, kPageSize));
    return {limit, query.text("cursor", {1, 256, false})};
}

http::Problem bad_cursor() {
    return http::invalid({{"cursor", "is not one that this list gave"}});
}

std::optional<Cursor> cursor_of(const Paging& paging, std::string_view query) {
    if (!paging.cursor) return {};
    std::optional<Cursor> cursor = cursor_from(*paging.cursor, query);
    if (!cursor) throw bad_cursor();
    return cursor;
}

http::Response page_response(Page page, std::string query, http::Headers headers) {
    nlohmann::json next = nullptr;
    if (page.next) {
        page.next->query = std::move(query);
        next = to_text(*page.next);
    }
    return http::json_response(200, {{"items", to_json(page.products)}, {"next_cursor", std::move(next)}}, std::move(headers));
}

Product product_from(http::Input& input) {
    Product product;
    product.sku = input.text("sku", {1, 64, false});
    if (!product.sku.empty() && !is_sku(product.sku)) input.wrong("sku", "must have only A-Z a-z 0-9 . _ - and not be . or ..");
    product.name = input.text("name", {1, 200, false});
    product.description = input.text("description", {0, 4000, true});
    product.category = input.text("category", kCategory);
    input.object("price", [&product](http::Input& price) {
        product.amount = price.integer("amount", 0, kLargestPrice);
        product.currency = price.text("currency", {3, 3, false});
        if (product.currency.size() == 3 && !is_currency(product.currency))
            price.wrong("currency", "must be three capital letters");
    });
    input.done();
    return product;
}

http::Response product_response(int status, const Product& product) {
    http::Headers headers{{"ETag", entity_tag(product.version)}};
    if (status == 201) headers.emplace_back("Location", "/api/v1/products/" + product.id);
    return http::json_response(status, to_json(product), std::move(headers));
}

}  // namespace

Routes::Routes(Parts parts, prometheus::Registry& registry)
    : parts_(std::move(parts)),
      searches_(family(registry, "catalog_searches_total", "Searches, by how they were done and whether anything was found.")),
      recommended_(family(registry, "catalog_recommendations_total", "Recommendations, by what they were made from.")) {}

void Routes::add_to(http::Router& router) {
    const auto on = [&](const char* method, const char* path, http::Response (Routes::*handle)(const http::Call&)) {
        router.on(method, path, [this, handle](const http::Call& call) { return (this->*handle)(call); });
    };
    router.on_loop("GET", "/api/v1/products/{id:uuid}", [this](Kept call) { return product(this, std::move(call)); });
    on("GET", "/api/v1/products", &Routes::products);
    on("GET", "/api/v1/categories", &Routes::categories);
    on("GET", "/api/v1/search", &Routes::search);
    on("GET", "/api/v1/recommendations", &Routes::recommendations);
    on("GET", "/api/v1/history", &Routes::history);
    on("GET", "/internal/v1/prices", &Routes::prices);
    on("POST", "/internal/v1/products", &Routes::add);
    on("PUT", "/internal/v1/products/{id:uuid}", &Routes::replace);
}

http::Response Routes::shown(const http::Call& call, const ProductCache::Entry& entry) {
    if (!entry) throw http::not_found("There is no such product.");
    http::Response response;
    const std::string tag = entity_tag(entry->version);
    response.headers = {{"ETag", tag}, {"Cache-Control", kPublicCache}};
    if (!none_match_holds(call.header("If-None-Match"), tag)) {
        response.status = 304;
    } else {
        response.body = entry->body;
        response.content_type = "application/json";
    }
    if (const std::string user = call.header(http::kUserHeader); http::is_uuid(user)) {
        parts_.history.note({user, call.parameter("id"), entry->category, call.trace});
    }
    return response;
}

// On the loop where this process has the product; on a worker else.
asio::awaitable<http::Response> Routes::product(Routes* self, Kept call) {
    if (!call->request.query.empty()) {
        http::Query query(call->request);
        query.done();
    }
    const std::string& id = call->parameter("id");
    const std::optional<ProductCache::Found> found = self->parts_.cache.find(id, Steady::now());
    if (!found) {
        std::function<http::Response()> load = [self, call] {
            return self->shown(*call, self->parts_.cache.load(call->parameter("id"), call->deadline));
        };
        http::Response loaded = co_await self->parts_.workers.run(std::move(load));
        co_return loaded;
    }
    if (found->refresh) {
        std::function<http::Response()> refresh = [self, id] {
            self->parts_.cache.load(id, base::Deadline::in(kRefreshTime));
            return http::Response{};
        };
        const asio::any_io_executor executor = co_await asio::this_coro::executor;
        // What fails is tried again by the next request.
        asio::co_spawn(executor, self->parts_.workers.run(std::move(refresh)),
                       [](const std::exception_ptr&, const http::Response&) {});
    }
    co_return self->shown(*call, found->entry);
}

http::Response Routes::products(const http::Call& call) {
    http::Query query(call.request);
    const std::string category = query.text("category", kCategory).value_or("");
    const Paging paging = paging_of(query);
    query.done();
    const std::string asked = "products\n" + category;
    const std::optional<Cursor> after = cursor_of(paging, asked);
    if (after && after->list != 'p') throw bad_cursor();
    return page_response(parts_.store.list(category, after, paging.limit, call.deadline), asked,
                         {{"Cache-Control", kPublicCache}});
}

http::Response Routes::categories(const http::Call& call) {
    http::Query query(call.request);
    query.done();
    nlohmann::json items = nlohmann::json::array();
    for (const auto& [name, products] : parts_.store.categories(call.deadline)) {
        items.push_back({{"name", name}, {"products", products}});
    }
    return http::json_response(200, {{"items", std::move(items)}, {"next_cursor", nullptr}}, {{"Cache-Control", kPublicCache}});
}

http::Response Routes::search(const http::Call& call) {
    http::Query query(call.request);
    Search search;
    const std::optional<std::string> text = query.text("q", {1, 200, false});
    if (!text) query.wrong("q", "is required");
    search.text = text.value_or("");
    search.category = query.text("category", kCategory).value_or("");
    search.min_price = query.integer("min_price", 0, kLargestPrice, -1);
    search.max_price = query.integer("max_price", 0, kLargestPrice, -1);
    const Paging paging = paging_of(query);
    query.done();
    const std::string asked = "search\n" + search.text + "\n" + search.category + "\n" + std::to_string(search.min_price) + "\n" +
                              std::to_string(search.max_price);
    const std::optional<Cursor> after = cursor_of(paging, asked);
    if (after && after->list == 'p') throw bad_cursor();

    // A list goes on as it began. One that finds nothing by words is looked for by the beginning of a word, as people type it.
    const bool by_text = after ? after->list == 't' : parts_.settings().advanced_search;
    Page page;
    if (by_text) page = parts_.store.search_text(search, after, paging.limit, call.deadline);
    const bool by_prefix = !by_text || (page.products.empty() && !after);
    if (by_prefix) page = parts_.store.search_prefix(search, after, paging.limit, call.deadline);
    searches_.Add({{"by", by_prefix ? "prefix" : "text"}, {"found", page.products.empty() ? "false" : "true"}}).Increment();
    return page_response(std::move(page), asked, {{"Cache-Control", kPublicCache}});
}

nlohmann::json Routes::ask_users(const http::Call& call, const std::string& user, const std::string& what) {
    rest::Request request;
    request.method = "GET";
    request.path = "/internal/v1/users/" + user + "/" + what;
    request.endpoint = "/internal/v1/users/{id}/" + what;
    request.repeatable = true;
    rest::Answer answer = parts_.users.call(request, call.deadline.at_most(kAskUsers), call.trace);
    if (answer.status == 404) return nlohmann::json::object();
    if (answer.status != 200) throw rest::Unreachable("the user service answered " + std::to_string(answer.status), true);
    return std::move(answer.body);
}

http::Response Routes::recommendations(const http::Call& call) {
    const std::string user = call.user();
    http::Query query(call.request);
    const auto limit = static_cast<int>(query.integer("limit", 1, kLargestPage, kPageSize));
    query.done();
    Taste taste;
    bool personal = false;
    if (parts_.settings().recommendations) {
        try {
            const nlohmann::json preferences = ask_users(call, user, "preferences");
            taste = taste_of(preferences, ask_users(call, user, "history"));
            personal = !taste.categories.empty();
        } catch (const rest::Unreachable& away) {
            call.log().debug("recommends what is popular", {{"problem", away.what()}});
        }
    }
    std::vector<Product> products;
    if (personal) products = parts_.store.popular(taste.categories, taste.seen, limit, call.deadline);
    if (static_cast<int>(products.size()) < limit) {
        std::vector<std::string> without = taste.seen;
        for (const Product& product : products) without.push_back(product.id);
        for (Product& more : parts_.store.popular({}, without, limit - static_cast<int>(products.size()), call.deadline)) {
            products.push_back(std::move(more));
        }
    }
    const char* source = personal ? "personal" : "popular";
    recommended_.Add({{"from", source}}).Increment();
    return http::json_response(200, {{"items", to_json(products)}, {"source", source}, {"next_cursor", nullptr}});
}

http::Response Routes::history(const http::Call& call) {
    const std::string user = call.user();
    http::Query query(call.request);
    query.done();
    const Taste taste = taste_of(nullptr, ask_users(call, user, "history"));
    const std::vector<Product> products = parts_.store.find_all(taste.seen, call.deadline);
    return http::json_response(200, {{"items", to_json(products)}, {"next_cursor", nullptr}});
}

http::Response Routes::prices(const http::Call& call) {
    http::Query query(call.request);
    const std::vector<std::string> skus = query.texts("sku", 100, {1, 64, false});
    if (skus.empty()) query.wrong("sku", "is required, 1 to 100 times");
    if (!std::all_of(skus.begin(), skus.end(), is_sku)) query.wrong("sku", "must have only A-Z a-z 0-9 . _ -");
    query.done();
    nlohmann::json items = nlohmann::json::array();
    for (const Product& product : parts_.store.with_skus(skus, call.deadline)) {
        items.push_back({{"sku", product.sku},
                         {"product_id", product.id},
                         {"name", product.name},
                         {"price", {{"amount", product.amount}, {"currency", product.currency}}}});
    }
    return http::json_response(200, {{"items", std::move(items)}});
}

http::Response Routes::add(const http::Call& call) {
    http::Input input(call.request);
    Product product = product_from(input);
    product.id = http::new_uuid();
    try {
        product = parts_.store.add(product, base::traceparent(call.trace), call.deadline);
    } catch (const DuplicateSku&) {
        throw http::conflict("There is a product of that SKU.");
    }
    parts_.ring();
    return product_response(201, product);
}

http::Response Routes::replace(const http::Call& call) {
    http::Input input(call.request);
    Product product = product_from(input);
    product.id = call.parameter("id");
    const std::string condition = call.header("If-Match");
    if (condition.empty()) throw http::Problem(428, "The request needs If-Match with the product's ETag.");
    const std::optional<Product> old = parts_.store.find(product.id, call.deadline);
    if (!old) throw http::not_found("There is no such product.");
    if (!match_holds(condition, entity_tag(old->version))) throw changed_meanwhile();
    std::optional<Product> replaced;
    try {
        replaced = parts_.store.replace(product, old->version, base::traceparent(call.trace), call.deadline);
    } catch (const DuplicateSku&) {
        throw http::conflict("There is another product of that SKU.");
    }
    if (!replaced) throw changed_meanwhile();
    parts_.ring();
    parts_.cache.put(replaced->id, cached_of(*replaced));
    return product_response(200, *replaced);
}

}  // namespace catalog
