// Any text as a body and as a query: values that are accepted keep their rules, and the rest is said in a problem that is JSON.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "common/http/input.h"
#include "holds.h"

namespace {

void check(const http::Problem& problem) {
    holds(problem.status() == 400 || problem.status() == 415);
    const nlohmann::json body = nlohmann::json::parse(problem.response("id").body);
    holds(body["status"] == problem.status());
    holds(problem.status() != 400 || !body["errors"].empty());
}

void read_body(const http::Request& request) {
    http::Input input{request};
    const std::string name = input.text("name", {.min = 1, .max = 20});
    const auto note = input.optional_text("note", {.lines = true});
    const std::string email = input.email("email");
    const std::string id = input.uuid("id");
    const std::string kind = input.one_of("kind", {"a", "b"});
    const std::int64_t count = input.integer("count", -5, 5);
    const auto more = input.optional_integer("more", 0, INT64_MAX);
    input.optional_boolean("on");
    std::size_t lines = 0;
    input.each("lines", 0, 3, [&lines](http::Input& line) {
        ++lines;
        line.integer("n", 1, 9);
        line.optional_object("in", [](http::Input& in) { in.text("t"); });
    });
    holds(lines <= 3);
    if (input.has("free")) static_cast<void>(input.any("free").dump());
    input.done();
    holds(!name.empty() && name.size() <= 80 && is_clean(name));
    holds(!note || note->find('\0') == note->npos);
    holds(is_clean(email) && email.size() <= 254 && std::count(email.begin(), email.end(), '@') == 1);
    holds(http::is_uuid(id));
    holds(kind == "a" || kind == "b");
    holds(count >= -5 && count <= 5);
    holds(!more || *more >= 0);
}

void read_query(const http::Request& request) {
    http::Query query{request};
    const auto q = query.text("q", {.min = 1, .max = 10});
    const auto all = query.texts("sku", 3);
    const std::int64_t limit = query.integer("limit", 1, 100, 20);
    query.done();
    holds(!q || (is_clean(*q) && !q->empty()));
    holds(all.size() <= 3);
    holds(limit >= 1 && limit <= 100);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    http::Request request;
    request.headers = {{"Content-Type", "application/json"}};
    request.body.assign(reinterpret_cast<const char*>(data), size);
    request.query = request.body;
    try {
        read_body(request);
    } catch (const http::Problem& problem) {
        check(problem);
    }
    try {
        read_query(request);
    } catch (const http::Problem& problem) {
        check(problem);
    }
    return 0;
}
