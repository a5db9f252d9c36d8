#include "gateway/verification.h"

#include <algorithm>
#include <initializer_list>
#include <stdexcept>

#include "common/base/json.h"

namespace gateway {

namespace {

using base::text_of;
using nlohmann::json;

constexpr base::Duration kTimeOfARequest{20'000};  // With the retries of a client that meets a pod which has just gone.

class Customer {
public:
    explicit Customer(rest::Client& gateway) : gateway_(gateway) {}

    void bring(const std::string& token) { token_ = token; }

    // The answer, whose status is one of `expected`.
    rest::Answer ask(const std::string& method, const std::string& path, std::initializer_list<int> expected,
                     const json& body = nullptr) {
        rest::Request request{.method = method, .path = path, .body = body, .repeatable = method == "GET"};
        if (!token_.empty()) request.headers.emplace_back("Authorization", "Bearer " + token_);
        what_ = method + " " + path;
        rest::Answer answer;
        try {
            answer = gateway_.call(request, base::Deadline::in(kTimeOfARequest), {});
        } catch (const rest::Unreachable& error) {
            throw std::runtime_error(what_ + ": " + error.what());
        }
        if (std::ranges::find(expected, answer.status) == expected.end()) {
            throw std::runtime_error(what_ + ": status " + std::to_string(answer.status) + " " + answer.body.dump());
        }
        return answer;
    }
    rest::Answer get(const std::string& path) { return ask("GET", path, {200}); }

    // Of the last answer.
    void expect(bool holds, const std::string& that) const {
        if (!holds) throw std::runtime_error(what_ + ": " + that);
    }

private:
    rest::Client& gateway_;
    std::string token_;
    std::string what_;
};

void browse(Customer& customer) {
    const json page = customer.get("/api/v1/products?limit=1").body;
    customer.expect(page.is_object() && page.contains("items") && page["items"].is_array(), "no list of products");
    customer.get("/api/v1/categories");
    customer.get("/api/v1/search?q=a");
    if (page["items"].empty()) return;  // A shop that sells nothing yet.
    const json listed = page["items"][0];
    const json shown = customer.get("/api/v1/products/" + text_of(listed, "id")).body;
    customer.expect(!text_of(shown, "sku").empty() && text_of(shown, "sku") == text_of(listed, "sku"),
                    "another product than the list has");
    customer.ask("GET", "/api/v1/stock/" + text_of(shown, "sku"), {200, 404});  // Nothing is stored of what never came in.
}

void enter(Customer& customer, const Account& account) {
    const json login{{"email", account.email}, {"password", account.password}};
    rest::Answer answer = customer.ask("POST", "/api/v1/login", {200, 401}, login);
    if (answer.status == 401) {
        json registration = login;
        registration["first_name"] = "Shop";
        registration["last_name"] = "Verification";
        answer = customer.ask("POST", "/api/v1/register", {201}, registration);
    }
    const std::string token = text_of(answer.body, "token");
    customer.expect(!token.empty(), "no token");
    customer.bring(token);
}

}  // namespace

void verify(rest::Client& gateway, const Account& account) {
    Customer customer(gateway);
    browse(customer);
    enter(customer, account);
    customer.expect(text_of(customer.get("/api/v1/profile").body, "email") == account.email, "another customer's profile");
    customer.get("/api/v1/cart");
    customer.get("/api/v1/orders");
    customer.ask("POST", "/api/v1/logout", {204});
}

}  // namespace gateway
