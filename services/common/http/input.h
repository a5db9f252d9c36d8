// Reads what a client sent, field by field, and answers with every wrong one at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "common/http/message.h"
#include "common/http/problem.h"

namespace http {

struct Text {
    std::size_t min = 1;  // In characters (code points).
    std::size_t max = 255;
    bool lines = false;  // Line breaks and tabs. Other control characters, U+0000 to U+001F and U+007F, never.
};

// A JSON object. Getters note what is wrong and return a value that can be used; done() throws Problem 400 with all of it,
// unknown fields included. Names that are not asked for are unknown.
class Input {
public:
    // Throws Problem 415 where the content type is not application/json, 400 where the body is no JSON object: invalid UTF-8,
    // twice the same name, nested deeper than 32, a NUL in a string.
    explicit Input(const Request& request);
    Input(const Input&) = delete;
    Input& operator=(const Input&) = delete;

    std::string text(std::string_view field, Text rule = {});
    std::optional<std::string> optional_text(std::string_view field, Text rule = {});
    std::string email(std::string_view field);  // Lower case, at most 254 bytes, one "@" between sensible parts.
    std::string uuid(std::string_view field);   // Returned in lower case, however it was written.
    std::string one_of(std::string_view field, const std::vector<std::string>& values);
    std::int64_t integer(std::string_view field, std::int64_t min, std::int64_t max);
    std::optional<std::int64_t> optional_integer(std::string_view field, std::int64_t min, std::int64_t max);
    std::optional<bool> optional_boolean(std::string_view field);
    std::vector<std::string> texts(std::string_view field, std::size_t min, std::size_t max, Text rule = {});
    // An object within, read by `read`, which need not call done().
    void object(std::string_view field, const std::function<void(Input&)>& read);
    bool optional_object(std::string_view field, const std::function<void(Input&)>& read);  // False: it is not there.
    // Each element is an object, read by `read`; min to max of them.
    void each(std::string_view field, std::size_t min, std::size_t max, const std::function<void(Input&)>& read);
    // Anything at all, for values that are kept as they are.
    nlohmann::json any(std::string_view field);

    bool has(std::string_view field);
    void wrong(std::string_view field, std::string message);
    void done() const;

private:
    Input(const nlohmann::json& object, std::string prefix, std::vector<FieldError>& errors);
    const nlohmann::json* find(std::string_view field, bool required);
    std::string checked_text(std::string_view field, const nlohmann::json& value, const Text& rule);
    std::int64_t checked_integer(std::string_view field, const nlohmann::json& value, std::int64_t min, std::int64_t max);
    void read_within(const nlohmann::json& value, const std::string& at, const std::function<void(Input&)>& read);
    void add_unknown(std::vector<FieldError>& errors) const;

    nlohmann::json owned_;
    const nlohmann::json* object_;
    std::string prefix_;
    std::vector<FieldError> own_errors_;
    std::vector<FieldError>* errors_;
    std::set<std::string, std::less<>> asked_;
};

// The query's parameters, percent-decoded, by the same rules: done() throws what is wrong, unknown names and repeated ones too.
class Query {
public:
    explicit Query(const Request& request);

    std::optional<std::string> text(std::string_view name, Text rule = {});
    std::vector<std::string> texts(std::string_view name, std::size_t max_count, Text rule = {});  // May be repeated.
    std::int64_t integer(std::string_view name, std::int64_t min, std::int64_t max, std::int64_t otherwise);
    void wrong(std::string_view name, std::string message);
    void done() const;

private:
    std::vector<std::pair<std::string, std::string>> values_;
    std::vector<FieldError> errors_;
    std::set<std::string, std::less<>> asked_;
};

std::optional<std::string> percent_decoded(std::string_view text);  // Nothing: malformed, or not UTF-8, or with a NUL.
bool is_uuid(std::string_view text);                                // Lower-case hex, 8-4-4-4-12.
std::string new_uuid();                                             // Version 7: sorts by time, which B-trees like.
Response json_response(int status, const nlohmann::json& body, Headers headers = {});

}  // namespace http
