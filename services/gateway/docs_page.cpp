// Writes HTML: an entry for each route, with its parameters, body and answers.
#include "gateway/docs_page.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <vector>

#include "common/base/html.h"
#include "common/base/json.h"

namespace gateway {

namespace {

using Json = nlohmann::json;
using base::text_of;

constexpr std::string_view kStyle =
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a;background:#fff}"
    "h1{margin-bottom:.2rem}h2{border-bottom:1px solid #ccc;margin-top:2.5rem}"
    "details{border:1px solid #ddd;border-radius:6px;margin:.5rem 0;padding:.4rem .8rem}summary{cursor:pointer}"
    "summary b{display:inline-block;min-width:4.5rem;font-family:ui-monospace,monospace}"
    "code,pre{font-family:ui-monospace,monospace;font-size:.92em}pre{background:#f5f5f5;padding:.7rem;overflow:auto;border-"
    "radius:4px}"
    "table{border-collapse:collapse;width:100%}td,th{border-bottom:1px solid #eee;padding:.25rem .5rem;text-align:left;"
    "vertical-align:top}.lock{color:#8a4b00}nav a{margin-right:1rem}"
    "@media(prefers-color-scheme:dark){body{color:#e6e6e6;background:#16181c}pre{background:#22262c}details{border-color:#333}"
    "td,th{border-color:#2a2d33}a{color:#8ab4f8}.lock{color:#f0b56a}}";

constexpr std::array<const char*, 5> kMethods{"get", "post", "put", "patch", "delete"};
constexpr int kDeepest = 6;  // Of nested schemas; recursive ones end there.

std::string sha256_base64(std::string_view text) {
    std::array<unsigned char, 32> digest{};
    unsigned size = 0;
    EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(), nullptr);
    std::array<unsigned char, 64> encoded{};
    const int length = EVP_EncodeBlock(encoded.data(), digest.data(), static_cast<int>(size));
    return {reinterpret_cast<const char*>(encoded.data()), static_cast<std::size_t>(length)};
}

// What a "$ref" within the document refers to; the object itself where there is none.
const Json& resolved(const Json& document, const Json& object) {
    const std::string reference = text_of(object, "$ref");
    if (!reference.starts_with("#/")) return object;
    static const Json kNothing = Json::object();
    const Json::json_pointer pointer(reference.substr(1));
    return document.contains(pointer) ? document.at(pointer) : kNothing;
}

// An example of what fits a schema.
Json example_of(const Json& document, const Json& given, int depth) {
    const Json& schema = resolved(document, given);
    if (depth > kDeepest || !schema.is_object()) return nullptr;
    if (schema.contains("example")) return schema["example"];
    if (schema.contains("enum") && !schema["enum"].empty()) return schema["enum"][0];
    for (const char* choice : {"oneOf", "anyOf"}) {
        if (schema.contains(choice) && !schema[choice].empty()) return example_of(document, schema[choice][0], depth + 1);
    }
    Json object = Json::object();
    if (schema.contains("allOf")) {
        for (const Json& part : schema["allOf"]) {
            const Json one = example_of(document, part, depth + 1);
            if (one.is_object()) object.update(one);
        }
    }
    const std::string type = text_of(schema, "type");
    if (schema.contains("properties")) {
        for (const auto& [name, property] : schema["properties"].items())
            object[name] = example_of(document, property, depth + 1);
    }
    if (type == "object" || !object.empty()) return object;
    if (type == "array") return Json::array({example_of(document, schema.value("items", Json::object()), depth + 1)});
    if (type == "integer" || type == "number") return schema.value("minimum", Json(1));
    if (type == "boolean") return true;
    const std::string format = text_of(schema, "format");
    if (format == "uuid") return "01890a5d-ac96-774b-bcce-b302099a8057";
    if (format == "date-time") return "2026-01-02T03:04:05Z";
    if (format == "email") return "ada@example.org";
    return type.empty() ? Json(nullptr) : Json("text");
}

std::string example_block(const Json& document, const Json& content) {
    if (!content.is_object() || content.empty()) return {};
    const Json media = content.begin().value();
    Json example = media.contains("example") ? media["example"] : example_of(document, media.value("schema", Json::object()), 0);
    return "<pre>" + base::html_escaped(example.dump(2)) + "</pre>";
}

std::string parameters_table(const Json& document, const Json& operation, const Json& path) {
    std::string rows;
    for (const Json* owner : {&path, &operation}) {
        for (const Json& given : owner->value("parameters", Json::array())) {
            const Json& parameter = resolved(document, given);
            const Json schema = resolved(document, parameter.value("schema", Json::object()));
            rows += "<tr><td><code>" + base::html_escaped(text_of(parameter, "name")) + "</code></td><td>" +
                    base::html_escaped(text_of(parameter, "in")) + (parameter.value("required", false) ? ", required" : "") +
                    "</td><td>" + base::html_escaped(text_of(schema, "type")) + "</td><td>" +
                    base::html_escaped(text_of(parameter, "description")) + "</td></tr>";
        }
    }
    return rows.empty() ? rows : "<h4>Parameters</h4><table>" + rows + "</table>";
}

std::string responses_table(const Json& document, const Json& operation) {
    std::string rows, example;
    const Json responses = operation.value("responses", Json::object());
    for (const auto& [status, given] : responses.items()) {
        const Json& response = resolved(document, given);
        rows += "<tr><td><code>" + base::html_escaped(status) + "</code></td><td>" +
                base::html_escaped(text_of(response, "description")) + "</td></tr>";
        if (example.empty() && status.starts_with("2"))
            example = example_block(document, response.value("content", Json::object()));
    }
    return "<h4>Answers</h4><table>" + rows + "</table>" + example;
}

std::string entry(const Json& document, const std::string& path, const Json& item, const std::string& method) {
    const Json& operation = item[method];
    std::string name = method;
    for (char& c : name) c = static_cast<char>(c - 'a' + 'A');
    std::string html = "<details><summary><b>" + name + "</b> <code>" + base::html_escaped(path) + "</code> " +
                       base::html_escaped(text_of(operation, "summary"));
    const Json security = operation.value("security", Json::array());
    const bool is_optional = std::find(security.begin(), security.end(), Json::object()) != security.end();
    if (!security.empty())
        html += std::string(" <span class=\"lock\">") + (is_optional ? "token, optional" : "token") + "</span>";
    html += "</summary>";
    const std::string description = text_of(operation, "description");
    if (!description.empty()) html += "<p>" + base::html_escaped(description) + "</p>";
    html += parameters_table(document, operation, item);
    if (operation.contains("requestBody")) {
        const Json& body = resolved(document, operation["requestBody"]);
        html += "<h4>Body</h4>" + example_block(document, body.value("content", Json::object()));
    }
    return html + responses_table(document, operation) + "</details>\n";
}

}  // namespace

DocsPage docs_page(std::string_view openapi) {
    const Json document = Json::parse(openapi);
    const Json info = document.value("info", Json::object());
    std::map<std::string, std::string> groups;
    const Json paths = document.value("paths", Json::object());
    for (const auto& [path, item] : paths.items()) {
        for (const char* method : kMethods) {
            if (!item.contains(method)) continue;
            const Json tags = item[method].value("tags", Json::array());
            const std::string tag = tags.empty() || !tags[0].is_string() ? "api" : tags[0].get<std::string>();
            groups[tag] += entry(document, path, item, method);
        }
    }
    DocsPage page;
    std::string& html = page.html;
    html =
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
        "content=\"width=device-width,initial-scale=1\"><title>" +
        base::html_escaped(text_of(info, "title")) + "</title><style>" + std::string(kStyle) + "</style></head><body>\n<h1>" +
        base::html_escaped(text_of(info, "title")) + "</h1><p>" + base::html_escaped(text_of(info, "description")) +
        "</p>\n<nav><a href=\"/openapi.json\">openapi.json</a>";
    for (const auto& [tag, entries] : groups)
        html += "<a href=\"#" + base::html_escaped(tag) + "\">" + base::html_escaped(tag) + "</a>";
    html += "</nav>\n";
    for (const auto& [tag, entries] : groups)
        html += "<h2 id=\"" + base::html_escaped(tag) + "\">" + base::html_escaped(tag) + "</h2>\n" + entries;
    html += "</body></html>\n";
    page.policy = "default-src 'none'; style-src 'sha256-" + sha256_base64(kStyle) +
                  "'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    return page;
}

}  // namespace gateway
