// Turns YAML text into JSON, within limits that keep hostile input harmless.
#include "api/document.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>
#include <stdexcept>

#include "api/yaml_scalar.h"

namespace api {
namespace {

using kube::Json;

constexpr std::size_t kMaxText = 1 << 20;    // etcd takes requests of 1.5 MiB, so nothing larger could ever be stored.
constexpr std::size_t kMaxDepth = 100;       // The deepest field of a platform lies below 10.
constexpr std::size_t kMaxValues = 100'000;  // After the expansion of aliases.

std::string place(const YAML::Mark& mark) {
    return "line " + std::to_string(mark.line + 1) + ", column " + std::to_string(mark.column + 1) + ": ";
}

// Ends the reading; what() is the problem in words.
class Unreadable : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

std::size_t depth_of(const Json& json) {
    std::size_t depth = 0;
    if (json.is_structured()) {
        for (const Json& child : json) depth = std::max(depth, depth_of(child));
    }
    return depth + 1;
}

std::size_t count_of(const Json& json) {
    std::size_t count = 1;
    if (json.is_structured()) {
        for (const Json& child : json) count += count_of(child);
    }
    return count;
}

// Builds the JSON of each document from the parser's events.
class Builder : public YAML::EventHandler {
public:
    void OnDocumentStart(const YAML::Mark&) override {
        open_.clear();
        anchors_.clear();
    }
    void OnDocumentEnd() override {}
    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { take(mark, anchor, nullptr); }
    void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        const auto found = anchors_.find(anchor);
        if (found == anchors_.end()) throw Unreadable(place(mark) + "an alias stands within what it repeats");
        if (open_.size() + depth_of(found->second) > kMaxDepth) throw Unreadable(place(mark) + "nested too deeply");
        count(mark, count_of(found->second));
        take(mark, 0, found->second);
    }
    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, const std::string& value) override {
        const bool plain = tag == "?" || tag.empty();
        take(mark, anchor, plain ? plain_scalar(value) : Json(value), plain ? &value : nullptr);
    }
    void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor, YAML::EmitterStyle::value) override {
        push(mark, anchor, Json::array());
    }
    void OnSequenceEnd() override { pop(); }
    void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor, YAML::EmitterStyle::value) override {
        push(mark, anchor, Json::object());
    }
    void OnMapEnd() override { pop(); }

    std::vector<Json> documents;
    std::vector<Problem> problems;

private:
    struct Open {
        YAML::Mark mark;
        YAML::anchor_t anchor;
        Json value;
        std::optional<std::string> key;  // Of a map: the key whose value comes next.
    };

    void count(const YAML::Mark& mark, std::size_t values) {
        values_ += values;
        if (values_ > kMaxValues) throw Unreadable(place(mark) + "too many values");
    }

    void push(const YAML::Mark& mark, YAML::anchor_t anchor, Json empty) {
        if (open_.size() >= kMaxDepth) throw Unreadable(place(mark) + "nested too deeply");
        if (!open_.empty() && open_.back().value.is_object() && !open_.back().key) {
            throw Unreadable(place(mark) + "a key must be a word, not a list or map");
        }
        open_.push_back({mark, anchor, std::move(empty), std::nullopt});
    }

    void pop() {
        Open closed = std::move(open_.back());
        open_.pop_back();
        take(closed.mark, closed.anchor, std::move(closed.value));
    }

    // Puts a value where it belongs. `plain` is the text of an unquoted scalar.
    void take(const YAML::Mark& mark, YAML::anchor_t anchor, Json value, const std::string* plain = nullptr) {
        count(mark, 1);
        if (anchor != 0) anchors_[anchor] = value;
        if (open_.empty()) {
            if (!value.is_null()) documents.push_back(std::move(value));
            return;
        }
        Open& parent = open_.back();
        if (parent.value.is_array()) {
            parent.value.push_back(std::move(value));
        } else if (!parent.key) {
            take_key(mark, parent, value, plain);
        } else {
            parent.value[*parent.key] = std::move(value);
            parent.key.reset();
        }
    }

    void take_key(const YAML::Mark& mark, Open& map, const Json& key, const std::string* plain) {
        if (key.is_structured()) throw Unreadable(place(mark) + "a key must be a word, not a list or map");
        std::string name = key.is_string() ? key.get<std::string>() : key.is_number() && plain ? *plain : key.dump();
        if (plain && name == "<<") throw Unreadable(place(mark) + "merge keys (<<) are not supported");
        if (map.value.contains(name)) problems.push_back({"", place(mark) + "the key \"" + name + "\" stands twice"});
        map.key = std::move(name);
    }

    std::vector<Open> open_;
    std::map<YAML::anchor_t, Json> anchors_;
    std::size_t values_ = 0;
};

bool is_utf8(const std::string& text) {
    try {
        return !Json(text).dump().empty();
    } catch (const Json::exception&) {
        return false;
    }
}

// YAML's own rule (5.1): no control characters but tab and line ends.
bool has_control_characters(const std::string& text) {
    return std::ranges::any_of(text,
                               [](char c) { return (c >= 0 && c < ' ' && c != '\t' && c != '\n' && c != '\r') || c == 0x7f; });
}

}  // namespace

std::variant<Json, std::vector<Problem>> read_document(const std::string& text) {
    const auto failed = [](std::string message) { return std::vector<Problem>{{"", std::move(message)}}; };
    if (text.size() > kMaxText) return failed("the text is longer than 1 MiB, more than a Kubernetes object may have");
    if (!is_utf8(text)) return failed("the text is not UTF-8");
    if (has_control_characters(text)) return failed("control characters are not allowed in YAML");
    Builder builder;
    try {
        std::istringstream stream(text);
        YAML::Parser parser(stream);
        while (parser.HandleNextDocument(builder)) {
        }
    } catch (const YAML::Exception& error) {
        return failed(error.mark.is_null() ? error.msg : place(error.mark) + error.msg);
    } catch (const Unreadable& error) {
        return failed(error.what());
    }
    if (!builder.problems.empty()) return builder.problems;
    if (builder.documents.empty()) return failed("there is no document in it");
    if (builder.documents.size() > 1) {
        return failed("there are " + std::to_string(builder.documents.size()) +
                      " documents in it; give one EcommercePlatform a file, without --- between documents");
    }
    if (!builder.documents.front().is_object())
        return failed("the document is not a map with apiVersion, kind, metadata and spec");
    return std::move(builder.documents.front());
}

}  // namespace api
