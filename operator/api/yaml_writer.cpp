// Writes JSON as block-style YAML, as kubectl prints it.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "api/document.h"
#include "api/yaml_scalar.h"

namespace api {
namespace {

using kube::Json;

// Whether every reader of YAML 1.1 or 1.2 takes the bare text for this very string.
bool is_plain(const std::string& text) {
    constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    constexpr std::string_view inner = "0123456789_./@$+-";
    if (text.empty() || (letters.find(text.front()) == std::string_view::npos && text.front() != '/')) return false;
    const bool safe = std::ranges::all_of(text, [&](char c) {
        return letters.find(c) != std::string_view::npos || inner.find(c) != std::string_view::npos || c == ':' || c == ' ' ||
               c == ',';
    });
    if (!safe || text.back() == ' ' || text.back() == ':' || text.find(": ") != std::string::npos) return false;
    return plain_scalar(text).is_string();
}

// Several lines can stand as they are if none begins with a blank or holds what YAML would not print.
bool is_literal(const std::string& text) {
    if (text.find('\n') == std::string::npos || text.front() == ' ' || text.front() == '\n') return false;
    return std::ranges::all_of(text, [](char c) { return c == '\n' || (c >= ' ' && c != 0x7f); });
}

std::string literal(const std::string& text, const std::string& indent) {
    std::size_t last = text.find_last_not_of('\n');
    const std::size_t trailing = text.size() - last - 1;
    std::string out = trailing == 0 ? "|-" : trailing == 1 ? "|" : "|+";
    std::string line;
    for (std::size_t begin = 0; begin < text.size();) {
        const std::size_t end = std::min(text.find('\n', begin), text.size());
        line = text.substr(begin, end - begin);
        out += '\n';
        if (!line.empty()) out.append(indent).append(line);
        begin = end + 1;
    }
    return out;
}

std::string scalar(const Json& json, const std::string& indent) {
    if (!json.is_string()) return json.dump();
    const auto& text = json.get_ref<const std::string&>();
    if (is_plain(text)) return text;
    if (is_literal(text)) return literal(text, indent);
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

void write(const Json& json, const std::string& indent, std::string& out);

// What follows "key:" or "-".
void write_value(const Json& json, const std::string& indent, bool in_list, std::string& out) {
    if (!json.is_structured()) {
        out += " " + scalar(json, indent + "  ") + "\n";
    } else if (json.empty()) {
        out += json.is_array() ? " []\n" : " {}\n";
    } else if (in_list) {
        std::string inner;
        write(json, indent + "  ", inner);
        out += " " + inner.substr(indent.size() + 2);
    } else {
        out += "\n";
        write(json, json.is_array() ? indent : indent + "  ", out);
    }
}

void write(const Json& json, const std::string& indent, std::string& out) {
    if (json.is_array()) {
        for (const Json& item : json) {
            out += indent + "-";
            write_value(item, indent, true, out);
        }
        return;
    }
    for (const auto& [key, value] : json.items()) {
        out += indent + (is_plain(key) ? key : Json(key).dump(-1, ' ', false, Json::error_handler_t::replace)) + ":";
        write_value(value, indent, false, out);
    }
}

}  // namespace

std::string to_yaml(const Json& json) {
    if (!json.is_structured()) return scalar(json, "  ") + "\n";
    if (json.empty()) return json.is_array() ? "[]\n" : "{}\n";
    std::string out;
    write(json, "", out);
    return out;
}

}  // namespace api
