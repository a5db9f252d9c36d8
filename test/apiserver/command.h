// The operator's commands, run as someone at a terminal runs them.
#pragma once

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "api/document.h"
#include "cluster.h"
#include "support/paths.h"

namespace apiserver {

inline support::Finished run_operator(std::vector<std::string> arguments, const std::string& input = "") {
    arguments.insert(arguments.begin(), operator_program());
    return support::run(arguments, input);
}

// What is wrong with a page, looked at in a browser; empty: nothing.
inline std::string seen_in_a_browser(const std::string& html) {
    const std::string path = Cluster::get().scratch() + "/" + std::to_string(::getpid()) + ".html";
    support::write_file(path, html);
    const support::Finished looked = support::run({support::in_checkout("test/browser/look"), path});
    return looked.output + (looked.status == 0 ? "" : "test/browser/look ended with " + std::to_string(looked.status));
}

inline std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
}

// The objects of a rendered text, in its order.
inline std::vector<kube::Json> objects_in(const std::string& rendered) {
    const std::string_view separator = "\n---\n";
    std::vector<kube::Json> objects;
    for (std::size_t begin = 0; begin <= rendered.size();) {
        const std::size_t end = std::min(rendered.find(separator, begin), rendered.size());
        auto document = api::read_document(rendered.substr(begin, end - begin));
        if (auto* const object = std::get_if<kube::Json>(&document)) objects.push_back(std::move(*object));
        begin = end + separator.size();
    }
    return objects;
}

// A file of this test's own, gone after it.
class File {
public:
    explicit File(const std::string& text)
        : path_(Cluster::get().scratch() + "/" + std::to_string(::getpid()) + "-" + std::to_string(++count_) + ".yaml") {
        support::write_file(path_, text);
    }
    ~File() { std::filesystem::remove(path_); }
    File(const File&) = delete;
    File& operator=(const File&) = delete;

    const std::string& path() const { return path_; }

private:
    static inline int count_ = 0;
    std::string path_;
};

}  // namespace apiserver
