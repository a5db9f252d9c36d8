// Reads a JSON body field by field.
#include "common/http/input.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "common/http/encoding.h"

namespace http {
namespace {

using nlohmann::json;

constexpr int kDeepest = 32;
constexpr std::size_t kLongestEmail = 254;  // RFC 3696, erratum 1690.
constexpr std::size_t kLongestLocalPart = 64;
constexpr std::size_t kLongestLabel = 63;

[[noreturn]] void refuse_body(std::string message) {
    throw Problem(400, "The body is not usable.", {{"", std::move(message)}});
}

bool is_json(const Request& request) {
    std::string_view type = http::find(request.headers, "Content-Type").value_or("");
    type = type.substr(0, type.find(';'));
    while (type.ends_with(' ')) type.remove_suffix(1);
    return find({{std::string(type), ""}}, "application/json").has_value();
}

// Refuses while reading what the parser would let through.
class Scrutiny {
public:
    bool operator()(int depth, json::parse_event_t event, const json& value) {
        if (depth > kDeepest) refuse_body("nests deeper than 32 levels");
        if (event == json::parse_event_t::object_start) names_.emplace_back();
        if (event == json::parse_event_t::object_end) names_.pop_back();
        const bool is_name = event == json::parse_event_t::key;
        if (is_name || (event == json::parse_event_t::value && value.is_string())) {
            const auto& text = value.get_ref<const std::string&>();
            if (text.find('\0') != text.npos) refuse_body("holds a NUL character");
            if (is_name && !names_.back().insert(text).second) refuse_body("has the same name twice in one object");
        }
        return true;
    }

private:
    std::vector<std::set<std::string, std::less<>>> names_;
};

json parsed(const Request& request) {
    if (!is_json(request)) throw Problem(415, "The body must be of type application/json.");
    json body;
    try {
        Scrutiny scrutiny;
        body = json::parse(request.body, [&scrutiny](int depth, json::parse_event_t event, json& value) {
            return scrutiny(depth, event, value);
        });
    } catch (const json::parse_error& error) {
        refuse_body("is not JSON in UTF-8: byte " + std::to_string(error.byte) + " is unexpected");
    } catch (const json::exception&) {  // A number that no double holds.
        refuse_body("holds a number that is out of range");
    }
    if (!body.is_object()) refuse_body("must be a JSON object");
    return body;
}

// As a part of a JSON pointer, RFC 6901.
std::string escaped(std::string_view name) {
    std::string text;
    for (const char c : name) {
        if (c == '~' || c == '/') {
            text += c == '~' ? "~0" : "~1";
        } else {
            text += c;
        }
    }
    return text;
}

bool is_alphanumeric(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// The pieces between the dots, each by its own rule, and at least `least` of them.
bool dotted(std::string_view text, std::size_t least, bool (*fits)(std::string_view)) {
    std::size_t pieces = 0;
    while (true) {
        const std::size_t dot = text.find('.');
        if (!fits(text.substr(0, dot))) return false;
        ++pieces;
        if (dot == text.npos) return pieces >= least;
        text.remove_prefix(dot + 1);
    }
}

bool is_atom(std::string_view text) {
    static constexpr std::string_view kMore = "!#$%&'*+-/=?^_`{|}~";  // atext of RFC 5322.
    return !text.empty() &&
           std::all_of(text.begin(), text.end(), [](char c) { return is_alphanumeric(c) || kMore.find(c) != kMore.npos; });
}

bool is_label(std::string_view text) {
    if (text.empty() || text.size() > kLongestLabel || text.starts_with('-') || text.ends_with('-')) return false;
    return std::all_of(text.begin(), text.end(), [](char c) { return is_alphanumeric(c) || c == '-'; });
}

bool is_email(std::string_view text) {
    const std::size_t at = text.find('@');
    if (at == text.npos || text.size() > kLongestEmail || at > kLongestLocalPart) return false;
    return dotted(text.substr(0, at), 1, is_atom) && dotted(text.substr(at + 1), 2, is_label);
}

std::string lower_case(std::string text) {
    for (char& c : text) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return text;
}

std::string range(std::size_t min, std::size_t max, const char* what) {
    return std::to_string(min) + " to " + std::to_string(max) + " " + what;
}

}  // namespace

Input::Input(const Request& request) : owned_(parsed(request)), object_(&owned_), errors_(&own_errors_) {}

Input::Input(const json& object, std::string prefix, std::vector<FieldError>& errors)
    : object_(&object), prefix_(std::move(prefix)), errors_(&errors) {}

const json* Input::find(std::string_view field, bool required) {
    asked_.emplace(field);
    const auto found = object_->find(std::string(field));
    if (found != object_->end()) return &*found;
    if (required) wrong(field, "is required");
    return nullptr;
}

bool Input::has(std::string_view field) {
    return find(field, false) != nullptr;
}

void Input::wrong(std::string_view field, std::string message) {
    errors_->push_back({prefix_ + "/" + escaped(field), std::move(message)});
}

std::string Input::checked_text(std::string_view field, const json& value, const Text& rule) {
    if (!value.is_string()) {
        wrong(field, "must be a string");
        return {};
    }
    const auto& text = value.get_ref<const std::string&>();
    const std::size_t length = code_points(text).value_or(0);  // The parser has seen to UTF-8.
    if (length < rule.min || length > rule.max) {
        wrong(field, "must have " + range(rule.min, rule.max, "characters"));
    } else if (has_control(text, rule.lines)) {
        wrong(field, "must not hold control characters");
    }
    return text;
}

std::string Input::text(std::string_view field, Text rule) {
    const json* value = find(field, true);
    return value == nullptr ? std::string{} : checked_text(field, *value, rule);
}

std::optional<std::string> Input::optional_text(std::string_view field, Text rule) {
    const json* value = find(field, false);
    if (value == nullptr) return {};
    return checked_text(field, *value, rule);
}

std::string Input::email(std::string_view field) {
    const json* value = find(field, true);
    if (value == nullptr) return {};
    if (value->is_string() && is_email(value->get_ref<const std::string&>())) return lower_case(value->get<std::string>());
    wrong(field, "must be an e-mail address of at most 254 characters");
    return {};
}

std::string Input::uuid(std::string_view field) {
    const json* value = find(field, true);
    if (value == nullptr) return {};
    std::string text = value->is_string() ? lower_case(value->get<std::string>()) : std::string{};
    if (is_uuid(text)) return text;
    wrong(field, "must be a UUID");
    return {};
}

std::string Input::one_of(std::string_view field, const std::vector<std::string>& values) {
    const json* value = find(field, true);
    if (value == nullptr) return values.front();
    if (value->is_string()) {
        const auto found = std::find(values.begin(), values.end(), value->get_ref<const std::string&>());
        if (found != values.end()) return *found;
    }
    std::string list;
    for (const std::string& each : values) list += (list.empty() ? "" : ", ") + each;
    wrong(field, "must be one of " + list);
    return values.front();
}

std::int64_t Input::checked_integer(std::string_view field, const json& value, std::int64_t min, std::int64_t max) {
    // JSON knows one kind of number: 1.0 is the integer 1. Beyond 2^53 a double no longer tells neighbours apart.
    constexpr double kExact = 9007199254740992.0;
    std::optional<std::int64_t> number;
    if (value.is_number_unsigned()) {
        const auto large = value.get<std::uint64_t>();
        if (large <= static_cast<std::uint64_t>(INT64_MAX)) number = static_cast<std::int64_t>(large);
    } else if (value.is_number_integer()) {
        number = value.get<std::int64_t>();
    } else if (value.is_number_float()) {
        const auto real = value.get<double>();
        if (std::trunc(real) == real && std::abs(real) <= kExact) number = static_cast<std::int64_t>(real);
    }
    if (number && *number >= min && *number <= max) return *number;
    wrong(field, "must be a whole number from " + std::to_string(min) + " to " + std::to_string(max));
    return min;
}

std::int64_t Input::integer(std::string_view field, std::int64_t min, std::int64_t max) {
    const json* value = find(field, true);
    return value == nullptr ? min : checked_integer(field, *value, min, max);
}

std::optional<std::int64_t> Input::optional_integer(std::string_view field, std::int64_t min, std::int64_t max) {
    const json* value = find(field, false);
    if (value == nullptr) return {};
    return checked_integer(field, *value, min, max);
}

std::optional<bool> Input::optional_boolean(std::string_view field) {
    const json* value = find(field, false);
    if (value == nullptr) return {};
    if (value->is_boolean()) return value->get<bool>();
    wrong(field, "must be true or false");
    return {};
}

std::vector<std::string> Input::texts(std::string_view field, std::size_t min, std::size_t max, Text rule) {
    const json* value = find(field, true);
    std::vector<std::string> texts;
    if (value == nullptr) return texts;
    if (!value->is_array() || value->size() < min || value->size() > max) {
        wrong(field, "must be a list of " + range(min, max, "elements"));
        return texts;
    }
    Input within{*value, prefix_ + "/" + escaped(field), *errors_};
    for (std::size_t i = 0; i < value->size(); ++i) texts.push_back(within.checked_text(std::to_string(i), (*value)[i], rule));
    return texts;
}

void Input::read_within(const json& value, const std::string& at, const std::function<void(Input&)>& read) {
    if (!value.is_object()) {
        errors_->push_back({at, "must be an object"});
        return;
    }
    Input within{value, at, *errors_};
    read(within);
    within.add_unknown(*errors_);
}

void Input::object(std::string_view field, const std::function<void(Input&)>& read) {
    const json* value = find(field, true);
    if (value != nullptr) read_within(*value, prefix_ + "/" + escaped(field), read);
}

bool Input::optional_object(std::string_view field, const std::function<void(Input&)>& read) {
    const json* value = find(field, false);
    if (value != nullptr) read_within(*value, prefix_ + "/" + escaped(field), read);
    return value != nullptr;
}

void Input::each(std::string_view field, std::size_t min, std::size_t max, const std::function<void(Input&)>& read) {
    const json* value = find(field, true);
    if (value == nullptr) return;
    if (!value->is_array() || value->size() < min || value->size() > max) {
        wrong(field, "must be a list of " + range(min, max, "elements"));
        return;
    }
    const std::string at = prefix_ + "/" + escaped(field) + "/";
    for (std::size_t i = 0; i < value->size(); ++i) read_within((*value)[i], at + std::to_string(i), read);
}

json Input::any(std::string_view field) {
    const json* value = find(field, true);
    return value == nullptr ? json{} : *value;
}

void Input::add_unknown(std::vector<FieldError>& errors) const {
    for (const auto& entry : object_->items()) {
        if (!asked_.contains(entry.key())) errors.push_back({prefix_ + "/" + escaped(entry.key()), "is unknown"});
    }
}

void Input::done() const {
    std::vector<FieldError> errors = *errors_;
    add_unknown(errors);
    if (!errors.empty()) throw invalid(std::move(errors));
}

}  // namespace http
