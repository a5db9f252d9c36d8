// What attackers send, to every service: requests that a proxy in front could read as others, sizes and paths of nonsense, and
// SQL in every string that a service's OpenAPI document has. It is refused, or is only text, and the service goes on.
#include <gmock/gmock.h>

#include <algorithm>
#include <set>

#include "common/http/input.h"
#include "harness.h"

namespace services {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class Attacked : public testing::TestWithParam<const char*> {
protected:
    void SetUp() override {
        for (const char* variable :
             {"USER_URL", "CATALOG_URL", "INVENTORY_URL", "ORDER_URL", "PAYMENT_URL", "PAYMENT_PROVIDER_URL"}) {
            process.set(variable, "http://127.0.0.1:9");  // Nobody: attacks end here.
        }
        process.start();
    }
    void TearDown() override {
        EXPECT_TRUE(process.running());
        EXPECT_EQ(process.client().get("/openapi.json").status, 200);
        EXPECT_EQ(process.admin().get("/livez").status, 200);
    }

    Sandbox sandbox;
    ServiceProcess process{sandbox, GetParam()};
};

// Each would be answered with 200 if it were taken, and the second request with it if it were one.
TEST_P(Attacked, RefusesShapesThatAProxyCouldReadOtherwise) {
    const std::string get = "GET /openapi.json HTTP/1.1\r\nHost: x\r\n";
    for (const std::string& text : {
             get + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
             get + "Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcd",
             get + "Content-Length: 4, 5\r\n\r\nabcd",
             get + "Content-Length: +4\r\n\r\nabcd",
             get + "Content-Length: -1\r\n\r\n",
             get + "Content-Length: 18446744073709551617\r\n\r\n",
             get + "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
             get + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
             get + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
             get + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
             get + "Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
             get + "Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n",
             get + "Transfer-Encoding: chunked\r\n\r\n0x0\r\n\r\n",
             get + "Transfer-Encoding: chunked\r\n\r\nnonsense\r\n\r\n",
             get + "X\x01: b\r\n\r\n",
             get + "Host: y\r\n\r\n",
             std::string("GET /openapi.json HTTP/1.1\r\n\r\n"),
             std::string("GET /openapi.json HTTP/9.9\r\nHost: x\r\n\r\n"),
             std::string("GET  /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n"),
         }) {
        SCOPED_TRACE(text);
        support::Wire wire(process.port());
        wire.send(text + get + "\r\n");
        const int status = wire.receive().status;
        EXPECT_TRUE(status / 100 == 4 || status == 501) << status;
        std::string rest;
        try {
            rest = wire.drain();
        } catch (const support::NoAnswer&) {  // Reset, since bytes were left unread.
        }
        EXPECT_THAT(rest, Not(HasSubstr("HTTP/1.1"))) << "the second request was answered";
    }
}

TEST_P(Attacked, RefusesWhatIsTooLarge) {
    EXPECT_EQ(process.client().get("/openapi.json", {{"X", std::string(20'000, 'x')}}).status, 431);
    EXPECT_EQ(process.client().get("/openapi.json?" + std::string(20'000, 'x')).status, 431);
    support::Wire announced(process.port());
    announced.send("POST /openapi.json HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000\r\n\r\n");
    EXPECT_EQ(announced.receive().status, 413);
    support::Wire in_chunks(process.port());
    in_chunks.send("POST /openapi.json HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1e8480\r\n");
    EXPECT_EQ(in_chunks.receive().status, 413);
}

TEST_P(Attacked, HasNothingBesidesItsPaths) {
    for (const char* path : {"/../openapi.json", "/%2e%2e/openapi.json", "/./openapi.json", "//openapi.json", "/openapi.json/",
                             "/openapi.json%00", "/x/../openapi.json", "/x/..%2fopenapi.json", "/x\\..\\openapi.json",
                             "/openapi.json%0d%0aX:y", "/OPENAPI.JSON", "/../../../../etc/passwd", "/api/v1/../../../etc/passwd",
                             "/%252e%252e/openapi.json", "/livez", "/metrics", "/loglevel"}) {
        const int status = process.client().get(path).status;
        EXPECT_TRUE(status == 400 || status == 404) << path << ": " << status;
    }
}

INSTANTIATE_TEST_SUITE_P(Each, Attacked,
                         testing::Values("user", "catalog", "inventory", "order", "payment", "simulator", "gateway"),
                         [](const auto& service) { return std::string(service.param); });

// Whoever sends a byte now and then is cut off, and keeps nobody else waiting meanwhile.
TEST(SlowClients, AreCutOffByTheGateway) {
    Sandbox sandbox;
    ServiceProcess gateway(sandbox, "gateway");
    for (const char* variable : {"USER_URL", "CATALOG_URL", "INVENTORY_URL", "ORDER_URL", "PAYMENT_URL"}) {
        gateway.set(variable, "http://127.0.0.1:9");
    }
    gateway.start();
    std::vector<support::Wire> slow;
    for (int i = 0; i < 200; ++i) {
        slow.emplace_back(gateway.port(), 60s);
        slow.back().send("GET /openapi.json HTTP/1.1\r\nHost: ");
    }
    for (int i = 0; i < 20; ++i) EXPECT_EQ(gateway.client().get("/openapi.json").status, 200);
    for (support::Wire& wire : slow) {
        try {
            wire.send("x");
            EXPECT_THAT(wire.drain(), Not(HasSubstr("200 OK")));
        } catch (const support::NoAnswer& ended) {  // Before the byte came.
            EXPECT_THAT(ended.what(), Not(HasSubstr("nothing came")));
        }
    }
    EXPECT_EQ(gateway.client().get("/openapi.json").status, 200);
}

// A service's document as a source of requests.
class Document {
public:
    explicit Document(Json json, std::string user) : json_(std::move(json)), user_(std::move(user)) {}

    const Json& paths() const { return json_.at("paths"); }
    const Json& resolved(const Json& value) const {
        const auto reference = value.find("$ref");
        if (reference == value.end()) return value;
        return resolved(json_.at(Json::json_pointer(reference->get<std::string>().substr(1))));
    }
    // Something that fits the schema of what is called `name`.
    Json sample(const Json& given, const std::string& name) const {
        const Json& schema = resolved(given);
        if (schema.contains("allOf")) return sample(schema["allOf"][0], name);
        if (schema.contains("enum")) return schema["enum"][0];
        const std::string type = schema.value("type", "string");
        if (type == "integer" || type == "number") return std::max(schema.value("minimum", 1), 1);
        if (type == "boolean") return false;
        if (type == "array") return Json::array({sample(schema.at("items"), name)});
        if (type != "object") return text(schema, name);
        Json object = Json::object();
        for (const auto& [property, of] : schema.at("properties").items()) object[property] = sample(of, property);
        return object;
    }

private:
    Json text(const Json& schema, const std::string& name) const {
        static const std::map<std::string, std::string> known{{"sku", "A"},          {"currency", "EUR"},
                                                              {"country", "GB"},     {"If-Match", "*"},
                                                              {"token", "tok_visa"}, {"password", "correct horse battery"}};
        if (name == "email") return http::new_uuid() + "@example.com";
        if (name == "X-User-Id" || name == "user_id") return user_;
        if (schema.value("format", "") == "uuid" || name == "Idempotency-Key") return http::new_uuid();
        const auto found = known.find(name);
        return found == known.end() ? "text" : found->second;
    }

    Json json_;
    std::string user_;
};

std::string percent_encoded(const std::string& text) {
    std::string encoded;
    for (const char c : text) {
        char hex[4];
        std::snprintf(hex, sizeof hex, "%%%02X", static_cast<unsigned char>(c));
        encoded += hex;
    }
    return encoded;
}

// One operation's request, whose strings can be replaced one at a time.
struct Attempt {
    std::string method, path;
    std::vector<std::pair<std::string, std::string>> query, headers;
    Json body;

    // A place to put a text: its name, and what puts it there.
    using Place = std::pair<std::string, std::function<void(Attempt&, const std::string&)>>;
    std::vector<Place> places;

    void add_parameter(const std::string& in, const std::string& name, const std::string& value) {
        if (in == "path") {
            const std::string hole = "{" + name + "}";
            const std::size_t at = path.find(hole);
            path.replace(at, hole.size(), value);
            places.emplace_back("path " + name, [at, size = value.size()](Attempt& attempt, const std::string& text) {
                attempt.path.replace(at, size, percent_encoded(text));
            });
        } else if (in == "query" || in == "header") {
            auto& list = in == "query" ? query : headers;
            list.emplace_back(name, value);
            places.emplace_back(in + " " + name,
                                [is_query = in == "query", i = list.size() - 1](Attempt& attempt, const std::string& text) {
                                    (is_query ? attempt.query : attempt.headers)[i].second = text;
                                });
        }
    }
    void add_body(Json value) {
        body = std::move(value);
        const Json flat = body.flatten();
        for (const auto& [pointer, leaf] : flat.items()) {
            if (!leaf.is_string()) continue;
            places.emplace_back("body " + pointer, [pointer = pointer](Attempt& attempt, const std::string& text) {
                attempt.body[Json::json_pointer(pointer)] = text;
            });
        }
    }
    support::Answer send(HttpClient& client) const {
        std::string target = path;
        for (const auto& [name, value] : query) {
            target += (target.find('?') == target.npos ? "?" : "&") + name + "=" + percent_encoded(value);
        }
        support::Headers all(headers.begin(), headers.end());
        if (!body.is_null()) all.emplace_back("Content-Type", "application/json");
        return client.request(method, target, body.is_null() ? "" : body.dump(), all);
    }
};

Attempt attempt_of(const Document& document, std::string method, const std::string& path, const Json& operation) {
    std::transform(method.begin(), method.end(), method.begin(), [](char c) { return static_cast<char>(c - 'a' + 'A'); });
    Attempt attempt{method, path, {}, {}, {}, {}};
    const Json parameters = operation.value("parameters", Json::array());
    for (const Json& given : parameters) {
        const Json& parameter = document.resolved(given);
        const std::string name = parameter.at("name");
        Json value = document.sample(parameter.at("schema"), name);
        if (value.is_array()) value = value[0];
        attempt.add_parameter(parameter.at("in"), name, value.is_string() ? value.get<std::string>() : value.dump());
    }
    if (operation.contains("requestBody")) {
        Json body = document.sample(operation["requestBody"]["content"]["application/json"]["schema"], "");
        if (body.contains("sku")) body["sku"] = http::new_uuid();  // Of a product that is to be added.
        attempt.add_body(std::move(body));
    }
    return attempt;
}

const std::vector<std::string> kSql{
    "' OR '1'='1", "'; DROP TABLE users CASCADE; --", "\\'; SELECT pg_sleep(20); --", "\" OR \"\"=\"",
    "$1",          "%' UNION SELECT NULL --"};

std::set<std::string> tables_of(Sandbox& sandbox) {
    std::set<std::string> tables;
    for (const char* database : {"users", "catalog", "inventory", "orders", "payments"}) {
        for (const auto& row : sandbox.query(database, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")) {
            tables.insert(database + ("." + row[0].as<std::string>()));
        }
    }
    return tables;
}

TEST(Sql, IsTextInEveryStringOfEveryService) {
    Shop shop;
    shop.start();
    shop.add_product("A", 250, 100'000);
    HttpClient customer = shop.sign_up("attacked@example.com");
    const Json signed_in =
        shop.user.client().post("/api/v1/login", Json{{"email", "attacked@example.com"}, {"password", "correct horse 1"}}).json();
    const std::string user = signed_in["user"]["id"];
    const std::set<std::string> before = tables_of(shop.sandbox);
    int places = 0, taken = 0;
    for (ServiceProcess* process : {&shop.user, &shop.catalog, &shop.inventory, &shop.order, &shop.payment, &shop.simulator}) {
        HttpClient client = process->client();
        const Document document(client.get("/openapi.json").json(), user);
        if (process == &shop.user) client.set_header("Authorization", "Bearer " + signed_in["token"].get<std::string>());
        for (const auto& [path, item] : document.paths().items()) {
            for (const auto& [method, operation] : item.items()) {
                if (method == "parameters" || path == "/api/v1/logout") continue;  // The rest needs the session.
                const std::size_t count = attempt_of(document, method, path, operation).places.size();
                for (std::size_t i = 0; i < count; ++i) {
                    ++places;
                    for (const std::string& sql : kSql) {
                        if (path == "/api/v1/checkout") customer.put("/api/v1/cart/items/A", {{"quantity", 1}});
                        Attempt attempt = attempt_of(document, method, path, operation);
                        SCOPED_TRACE(method + " " + path + ", " + attempt.places[i].first + ": " + sql);
                        const auto put = attempt.places[i].second;
                        put(attempt, sql);
                        const support::Answer answer = attempt.send(client);
                        EXPECT_LT(answer.status, 500) << answer.body;
                        if (answer.status < 300) ++taken;
                    }
                }
            }
        }
        EXPECT_THAT(process->log(), Not(HasSubstr("syntax error")));
    }
    std::cout << places << " places for a text, " << taken << " times one was taken for what it is\n";
    EXPECT_GT(places, 60);
    EXPECT_GT(taken, 60);
    EXPECT_EQ(tables_of(shop.sandbox), before);
    EXPECT_EQ(customer.get("/api/v1/profile").status, 200);
    EXPECT_EQ(customer.get("/api/v1/stock/A").status, 200);
}

}  // namespace
}  // namespace services
